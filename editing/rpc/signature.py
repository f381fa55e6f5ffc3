"""Both signatures of the protocol, computed over exactly what the client says it signed.

ACS3-HMAC-SHA256 is in the headers; the older HMAC-SHA1 of the RPC style is among the parameters.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from django.utils import timezone

from editing.errors import KeyOutdated, NotFound
from editing.models import AccessKey
from editing.models.signed_call import CLOCK_WINDOW
from editing.rpc.errors import Refused, invalid, missing
from editing.rpc.wire import Message, Pairs
from editing.services import access_keys, signed_calls

ALGORITHM = "ACS3-HMAC-SHA256"
MUST_BE_SIGNED = frozenset(
    {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
)
LONGEST_NONCE = 128
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^,\s]+),\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]+)"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True)
class Claim:
    """Who says to have signed a message, when, and what would have to be signed for it to be true."""

    key_id: str
    date: str
    nonce: str
    signature: str
    string_to_sign: str
    sign: Callable[[str, str], str]
    action: str
    version: str

    def holds(self, secret: str) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(self.sign(secret, self.string_to_sign).encode(), self.signature.encode())


def check(message: Message) -> tuple[AccessKey, Claim]:
    """The key that signed the message, which is let in this once. Raises Refused, NonceUsed, TooManyCalls.

    Nothing is remembered of calls that are not rightly signed: strangers cannot use up a nonce or a key's share.
    """
    _refuse_tokens(message)
    claim = _acs3_claim(message) if message.header("authorization") else _rpc_claim(message)
    try:
        key = access_keys.find(claim.key_id)
    except NotFound:
        raise Refused("InvalidAccessKeyId.NotFound", "Specified access key is not found.") from None
    if not key.active:
        raise Refused("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
    _check_clock(claim.date)
    if not claim.holds(_secret_of(key)):
        # The colon matters: the legacy SDK splits the message there, and compares the rest with what it signed.
        said = "Specified signature is not matched with our calculation. server string to sign is:"
        raise Refused("SignatureDoesNotMatch", said + claim.string_to_sign)
    signed_calls.admit(key, claim.nonce)
    access_keys.note_use(key)
    return key, claim


def _secret_of(key: AccessKey) -> str:
    try:
        return access_keys.secret_of(key)
    except KeyOutdated as error:
        raise Refused("InvalidAccessKeyId.Inactive", f"Specified access key is disabled. {error.message}") from None


def acs3(secret: str, string_to_sign: str) -> str:
    return hmac.new(secret.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest()


def rpc(secret: str, string_to_sign: str) -> str:
    digest = hmac.new(f"{secret}&".encode(), string_to_sign.encode(), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


def acs3_canonical_request(message: Message, signed: list[str]) -> str:
    """What ACS3 hashes: parameters of the body are covered by its hash alone."""
    headers = "".join(f"{name}:{message.header(name)}\n" for name in signed)
    body = hashlib.sha256(message.body).hexdigest()
    return "\n".join([message.method, "/", canonical_query(message.query), headers, ";".join(signed), body])


def acs3_string_to_sign(message: Message, signed: list[str]) -> str:
    return f"{ALGORITHM}\n{hashlib.sha256(acs3_canonical_request(message, signed).encode()).hexdigest()}"


def rpc_string_to_sign(message: Message) -> str:
    """All parameters but the signature itself, those of the body among them."""
    signed = [(name, value) for name, value in message.pairs if name != "Signature"]
    return f"{message.method}&%2F&{_encoded(canonical_query(signed))}"


def canonical_query(pairs: Pairs) -> str:
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _refuse_tokens(message: Message) -> None:
    """Temporary credentials come from a service that we do not have."""
    named = [name for name in ("x-acs-security-token", "x-acs-bearer-token") if message.header(name)]
    named += ["SecurityToken"] if message.one("SecurityToken") else []
    if named:
        raise Refused(
            "InvalidSecurityToken.Malformed",
            f'The specified parameter "{named[0]}" is not supported here; sign with an access key of your account.',
        )


def _acs3_claim(message: Message) -> Claim:
    found = _AUTHORIZATION.fullmatch(message.header("authorization"))
    if not found:
        raise Refused(
            "IncompleteSignature",
            f"Authorization must be: {ALGORITHM} Credential=<AccessKeyId>,SignedHeaders=<a;b;c>,Signature=<hex>.",
        )
    signed = found["headers"].lower().split(";")
    if unsigned := MUST_BE_SIGNED - set(signed):
        raise Refused("IncompleteSignature", f"SignedHeaders lacks {', '.join(sorted(unsigned))}.")
    if message.header("x-acs-content-sha256") != hashlib.sha256(message.body).hexdigest():
        raise invalid("x-acs-content-sha256", "It is not the SHA-256 of the body.")
    return Claim(
        key_id=found["key"],
        date=message.header("x-acs-date"),
        nonce=_nonce(message.header("x-acs-signature-nonce"), "x-acs-signature-nonce"),
        signature=found["signature"],
        string_to_sign=acs3_string_to_sign(message, signed),
        sign=acs3,
        action=message.header("x-acs-action"),
        version=message.header("x-acs-version"),
    )


def _rpc_claim(message: Message) -> Claim:
    for name in ("AccessKeyId", "Signature", "Timestamp", "SignatureNonce"):
        if not message.one(name):
            raise missing(name)
    for name, value in (("SignatureMethod", "HMAC-SHA1"), ("SignatureVersion", "1.0")):
        if message.one(name) != value:
            raise invalid(name, f"It must be {value}.")
    return Claim(
        key_id=message.one("AccessKeyId"),
        date=message.one("Timestamp"),
        nonce=_nonce(message.one("SignatureNonce"), "SignatureNonce"),
        signature=message.one("Signature"),
        string_to_sign=rpc_string_to_sign(message),
        sign=rpc,
        action=message.one("Action"),
        version=message.one("Version"),
    )


def _nonce(text: str, name: str) -> str:
    if not text:
        raise missing(name)
    if len(text) > LONGEST_NONCE or not text.isprintable():
        raise invalid(name, f"It has at most {LONGEST_NONCE} printable characters.")
    return text


def _check_clock(date: str) -> None:
    try:
        if not _DATE.fullmatch(date):
            raise ValueError(date)
        said = datetime.fromisoformat(date).astimezone(UTC)
    except ValueError:
        raise Refused("InvalidTimeStamp.Format", "The date must be UTC, like 2026-11-20T10:30:00Z.") from None
    if abs(timezone.now() - said) > CLOCK_WINDOW:
        raise Refused("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
