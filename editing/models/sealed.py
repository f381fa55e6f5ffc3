"""Secrets that must come back in clear (signatures need them), encrypted in their rows with the installation's key."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

ACCESS_KEYS, CALLBACK_KEYS, STREAM_KEYS = "access keys", "callback keys", "stream keys"
"""What is sealed for one purpose does not open for another."""


def seal(secret: str, purpose: str) -> bytes:
    return _cipher(purpose).encrypt(secret.encode())


def unseal(sealed: bytes, purpose: str) -> str:
    """Raises cryptography's InvalidToken where it was sealed with another SECRET_KEY."""
    return _cipher(purpose).decrypt(sealed).decode()


def _cipher(purpose: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
