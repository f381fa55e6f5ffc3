"""Typed reading of environment variables. A value that cannot be right stops the start and names the variable."""

import contextlib
import os
import secrets
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    if not value:
        return default
    raise ImproperlyConfigured(f"{name} is “{value}”; set it to true or false.")


def integer(name: str, default: int, *, least: int = 0) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not value.lstrip("-").isdigit() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is “{value}”; set it to a whole number of at least {least}.")
    return int(value)


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    value = os.environ.get(name, "")
    return [word.strip() for word in value.split(",") if word.strip()] or list(default)


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Such as 10.0.0.0/8, fd00::/8 or a single address, with commas between them."""
    try:
        return [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Set it to networks like 10.0.0.0/8,192.168.1.7.") from error


def secret_key(home: Path) -> str:
    """SECRET_KEY, or one made on the first start and kept in a file that only its owner can read."""
    if from_environment := os.environ.get("SECRET_KEY"):
        return from_environment
    path = home / "secret_key"
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(50))
    return path.read_text().strip()


def _write_once(path: Path, content: str) -> None:
    """Whole or not at all, also when two processes start together: the first link wins."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
