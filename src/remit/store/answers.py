"""Answers that are kept for whoever asked: sealed with the key of the run that gave them, found by a keyed tag of owner
and name, gone with the key or after their time. What is in them, and what a response is, is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Shredded
from remit.store.database import Commit, Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.clock import Clock
    from remit.store.database import Database
    from remit.store.keys import DataKey, KeyRing

Kind = Literal["response", "cache"]
Json = Any
KEPT = 30 * 24 * 3600 * MICROSECONDS
"""How long a response is kept, as OpenAI keeps it."""
LONGEST_LINE = 500
"""Responses that follow each other; more are a conversation that has to be begun anew."""
_SWEEP = 60 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept answer."""

    id: str
    run: str
    status: str
    body: dict[str, Json]
    at: int
    previous: str = ""


class Answers:
    """The kept answers of a workspace."""

    def __init__(self, database: Database, keys: KeyRing, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._swept = 0

    def place(self, kind: Kind, owner: str, name: str) -> str:
        """Where the answer of this name stands for that owner; nobody else finds it."""
        return self._keys.tag(f"answer|{kind}|{owner}|{name}")

    def put(
        self, place: str, key: DataKey, run: str, status: str, body: dict[str, Json], *, previous: str = "",
        kind: Kind = "response", lasts: int = KEPT,
    ) -> list[Op]:  # fmt: skip
        """The operations that keep it, to be committed with what it belongs to."""
        now = self._clock.now()
        sealed = key.seal(msgspec.json.encode(body), place.encode())
        ops = [Op("answers.put", (place, kind, run, key.id, previous, status, sealed, now, now + lasts))]
        if now - self._swept >= _SWEEP:
            self._swept = now
            ops.append(Op("answers.expire", (now,)))
        return ops

    async def keep(self, ops: Sequence[Op]) -> None:
        """Commit such operations by themselves."""
        await self._database.submit(Commit(ops=list(ops)))

    async def get(self, place: str, kind: Kind = "response") -> Kept | None:
        """The answer that stands there, unless it is gone."""
        rows = await self._database.fetch("answers.get", place, kind, self._clock.now())
        if not rows:
            return None
        key_id, run, previous, status, sealed, at = rows[0]
        return await self._opened(place, key_id, run, previous, status, sealed, at)

    async def line(self, place: str) -> list[Kept]:
        """A response and all that it follows, the oldest first; empty if any of them is gone."""
        now = self._clock.now()
        rows = await self._database.fetch("answers.line", place, now, LONGEST_LINE)
        found: list[Kept] = []
        for row in rows:
            kept = await self._opened(*row)
            if kept is None:
                return []
            found.append(kept)
        return found if found and not found[0].previous else []

    async def drop(self, place: str, kind: Kind = "response") -> None:
        """Keep it no longer."""
        await self.keep([Op("answers.drop", (place, kind))])

    async def _opened(
        self, place: str, key_id: str, run: str, previous: str, status: str, sealed: bytes, at: int
    ) -> Kept | None:
        try:
            key = await self._keys.still(key_id)
        except Shredded:
            return None
        body = msgspec.json.decode(key.open(bytes(sealed), place.encode()), type=dict[str, Any])
        return Kept(place, run, status, body, at, previous)
