"""The root key from an environment variable, for containers whose secrets arrive that way."""

from __future__ import annotations

from remit.domain.errors import WrongKey
from remit.store.key_providers.root import KEY_BYTES, RootKey

VARIABLE = "REMIT_ROOT_KEY"


def key_from_text(text: str) -> RootKey:
    """Read 64 hexadecimal digits."""
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        raise WrongKey(
            f"{VARIABLE} is not hexadecimal.", f"It takes {KEY_BYTES * 2} hexadecimal digits."
        ) from None
    if len(secret) != KEY_BYTES:
        raise WrongKey(f"{VARIABLE} has {len(secret)} bytes; it needs {KEY_BYTES}.")
    return RootKey(secret)
