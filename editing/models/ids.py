import secrets
from uuid import UUID


def new_id() -> str:
    """32 hex digits, as IMS names its jobs and media assets."""
    return secrets.token_hex(16)


def dashed(key: str) -> str:
    """The same id as IMS names its record jobs and their templates: a UUID with hyphens."""
    return str(UUID(hex=key))


def record_id(number: int) -> str:
    """What IMS calls a recording: here its number, as a UUID."""
    return str(UUID(int=number))
