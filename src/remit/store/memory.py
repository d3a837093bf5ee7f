"""The shelf of memory: items sealed under the key of whom they are about, and found by keyed names only (S7).

Nothing of an item can be read or searched in the database: its key, its value and its owner are content. It knows
neither who may read it nor what is looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from remit.domain.errors import Shredded
from remit.domain.memory import Memory, memory_of, plain_memory
from remit.store.database import Op
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from remit.store.database import Database, Row
    from remit.store.keys import DataKey, KeyRing

_PAGE = 500


class Held(NamedTuple):
    """An item as the database has it now."""

    id: str
    stamp: str
    """Another one with every write: who replaces an item says which one was there."""
    memory: Memory | None
    """None: its key was shredded, and nobody can read it."""
    size: int


class MemoryShelf:
    """The memory of every team."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def place(self, team: str, scope: str) -> str:
        """What stands for a scope in the database."""
        return self._keys.tag(f"memories|{team}|{scope}")

    def name(self, team: str, scope: str, key: str) -> str:
        """What stands for an item in the database."""
        return self._keys.tag(f"memory|{team}|{scope}|{key}")

    async def key_for(self, team: str, scope: str, of_run: DataKey, at: int) -> DataKey:
        """The key that an item of this scope is sealed with: a user's under their own, a run's under the run's."""
        kind, _, owner = scope.partition(":")
        if kind == "user":
            return await self._keys.subject_key(team, owner, at)
        return of_run if kind == "run" else await self._keys.team_key(team, at)

    async def find(self, team: str, scope: str, key: str) -> Held | None:
        """One item."""
        rows = await self._database.fetch("memory.get", self.name(team, scope, key))
        return await self._open(rows[0]) if rows else None

    async def of_scope(self, team: str, scope: str) -> list[Held]:
        """Every item of a scope."""
        return [held async for held in self._pages("memory.of_place", self.place(team, scope))]

    async def of_team(self, team: str) -> AsyncIterator[Held]:
        """Every item of a team."""
        async for held in self._pages("memory.of_team", team):
            yield held

    async def room(self, team: str, scope: str, now: int) -> tuple[int, int]:
        """How many items a scope has, and how many bytes they take."""
        items, size = (await self._database.fetch("memory.room", self.place(team, scope), now))[0]
        return int(items), int(size)

    def put(self, team: str, memory: Memory, key: DataKey, stamp: str, over: Held | None) -> Op:
        """Writes an item, if what is there is what somebody saw; else the whole commit is refused."""
        name = self.name(team, memory.scope, memory.key)
        content = canonical.encode(plain_memory(memory))
        body = key.seal(content, _seal_place(name, stamp))
        held = (key.id, body, len(content), stamp, memory.at, memory.expires)
        if over is not None:
            return Op("memory.replace", (name, over.stamp, *held), one=True)
        scope, place = memory.scope.partition(":")[0], self.place(team, memory.scope)
        return Op("memory.add", (name, team, place, scope, *held), one=True)

    @staticmethod
    def drop(over: Held) -> Op:
        """Removes an item, if it is still the one that somebody saw."""
        return Op("memory.drop", (over.id, over.stamp), one=True)

    def purge(self, team: str, scope: str, but: str, now: int) -> Op:
        """Removes what has expired in a scope, but for one item that is being written."""
        return Op("memory.purge", (self.place(team, scope), but, now))

    async def _pages(self, query: str, of: str) -> AsyncIterator[Held]:
        after = ""
        while rows := await self._database.fetch(query, of, after, _PAGE):
            for row in rows:
                yield await self._open(row)
            after = rows[-1][0]

    async def _open(self, row: Row) -> Held:
        name, stamp, key_id, body, size = row
        try:
            key = await self._keys.get(key_id)
        except Shredded:
            return Held(name, stamp, None, size)
        content = key.open(body, _seal_place(name, stamp))
        return Held(name, stamp, memory_of(msgspec.json.decode(content)), size)


def _seal_place(name: str, stamp: str) -> bytes:
    return f"memory|{name}|{stamp}".encode()
