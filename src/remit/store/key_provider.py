"""The contract of whatever guards the root key: it wraps and unwraps data keys, and gives nothing away.

Data keys are stored wrapped; only an open root key can open them. Where it is kept while nothing runs is the business
of a `RootKeeper`: a file, a variable, or a service that seals it. Implementations live in `key_providers/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from remit.store.key_providers.root import RootKey


class KeyProvider(Protocol):
    """Holder of an open root key."""

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Encrypt a data key; `context` must be given again to unwrap it."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key, or raise `WrongKey`."""
        ...

    def tag(self, text: str) -> str:
        """A keyed name for `text` that cannot be guessed back without the root key (S7)."""
        ...

    def adopt(self, other: RootKey) -> None:
        """Become the root key that somebody has put in place of this one."""
        ...


class RootKeeper(Protocol):
    """Where the root key is kept, and how it is replaced."""

    @property
    def place(self) -> str:
        """Where that is, for sentences; never with a secret in it."""
        ...

    async def read(self) -> RootKey | None:
        """The root key, or None where there is none yet; raises `WrongKey` or `KeyServiceUnavailable`."""
        ...

    async def write(self, key: RootKey, before: RootKey | None) -> bool:
        """Keep this key in place of the one that was read before; durable, whole or not at all.

        False if another process was first; then nothing was changed.
        """
        ...
