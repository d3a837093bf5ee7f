"""The contract of whatever guards the root key: it wraps and unwraps data keys, and gives nothing away.

Implementations live in `key_providers/`. Data keys are stored wrapped; only a provider can open them.
"""

from __future__ import annotations

from typing import Protocol


class KeyProvider(Protocol):
    """Holder of a root key."""

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Encrypt a data key; `context` must be given again to unwrap it."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key, or raise `WrongKey`."""
        ...

    def tag(self, text: str) -> str:
        """A keyed name for `text` that cannot be guessed back without the root key (S7)."""
        ...
