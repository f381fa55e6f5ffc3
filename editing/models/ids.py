import secrets


def new_id() -> str:
    """32 hex digits, as IMS names its jobs and media assets."""
    return secrets.token_hex(16)
