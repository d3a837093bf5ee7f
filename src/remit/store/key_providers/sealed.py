"""A root key that lies in the database, sealed by a service that never gives its own key away.

The service is asked once at each start, and when the key is replaced; data keys are wrapped here, under the root key
that it opened. So a step never waits for it, and whoever may no longer ask it cannot start any more. What the table
`root_keys` holds is of no use without the service; it travels with the keys, never with the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from remit.domain.errors import WrongKey
from remit.store.database import Commit, Conflict, Op
from remit.store.key_providers.root import RootKey

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.store.database import Database


class Sealer(Protocol):
    """A service that encrypts a few bytes under a key that stays with it."""

    @property
    def place(self) -> str:
        """Which service and which key, for sentences."""
        ...

    async def seal(self, secret: bytes) -> bytes:
        """Encrypt; raises `KeyServiceUnavailable`."""
        ...

    async def unseal(self, sealed: bytes) -> bytes:
        """Decrypt; raises `KeyServiceUnavailable`, or `WrongKey` where the service says that it is not its own."""
        ...


class SealedKey:
    """Implements `RootKeeper` over a sealer and the table of sealed root keys."""

    def __init__(self, sealer: Sealer, database: Database, clock: Clock) -> None:
        self._sealer = sealer
        self._database = database
        self._clock = clock

    @property
    def place(self) -> str:
        """Who seals it."""
        return self._sealer.place

    async def read(self) -> RootKey | None:
        """The newest root key, opened by the service."""
        rows = await self._database.fetch("protection.root_key")
        if not rows:
            return None
        opened = await self._sealer.unseal(rows[0][1])
        try:
            text = opened.decode("ascii")
        except UnicodeDecodeError:
            raise WrongKey(f"what {self.place} opened is no root key.") from None
        return RootKey.from_text(text, f"what {self.place} opened")

    async def take_over(self, key: RootKey) -> bool:
        """Seal it anew where another service has sealed it; nothing is written if this one cannot be asked."""
        rows = await self._database.fetch("protection.root_key")
        return await self._put(key, rows[0][0] if rows else 0)

    async def write(self, key: RootKey, before: RootKey | None) -> bool:
        """Seal it, and put it where the one before was; nothing is written if the service cannot be asked."""
        rows = await self._database.fetch("protection.root_key")
        turn = rows[0][0] if rows else 0
        if (await self.read()) != before:
            return False
        return await self._put(key, turn)

    async def _put(self, key: RootKey, turn: int) -> bool:
        sealed = await self._sealer.seal(key.to_text().encode("ascii"))
        add = Op(
            "protection.add_root_key", (f"root-{turn + 1}", sealed, turn + 1, self._clock.now()), one=True
        )
        try:
            await self._database.submit(Commit(ops=[add, Op("protection.drop_root_keys", (turn + 1,))]))
        except Conflict:
            return False
        return True
