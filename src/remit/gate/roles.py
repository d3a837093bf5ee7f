"""Who people are, for the gate: their roles and groups, and whether they may act at all, as they stand now (S21).

A copy in memory that is looked at again every second; without users there is nothing to look at, and nothing is asked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from remit.store.database import Database

_LOOK_AGAIN = MICROSECONDS


class Roles:
    """The people of one team."""

    def __init__(self, database: Database | None = None, team: str = "") -> None:
        self._database = database
        self._team = team
        self._roles: dict[str, tuple[str, ...]] = {}
        self._disabled: frozenset[str] = frozenset()
        self._seen = -_LOOK_AGAIN
        self._looking = asyncio.Lock()

    @property
    def any(self) -> bool:
        """Whether there are users, so that a consent has to be somebody's."""
        return bool(self._roles)

    def stale(self, now: int) -> bool:
        """Whether it is time to look again."""
        return self._database is not None and not 0 <= now - self._seen < _LOOK_AGAIN

    async def look(self, now: int) -> None:
        """Read who there is; one look serves everybody who waits for it."""
        async with self._looking:
            if self.stale(now):
                await self._read(now)

    def of(self, person: str) -> tuple[str, ...]:
        """The roles and groups of somebody; none for who is not known here."""
        return self._roles.get(person, ())

    def knows(self, person: str) -> bool:
        """Whether this is one of the people of the team."""
        return person in self._roles

    def is_disabled(self, person: str) -> bool:
        """Whether nothing may be done for them any more."""
        return person in self._disabled

    async def _read(self, now: int) -> None:
        assert self._database is not None  # noqa: S101 - without one, nothing is ever stale
        found: dict[str, list[str]] = {}
        disabled: set[str] = set()
        for person, active, role in await self._database.fetch("people.roles", self._team):
            found.setdefault(person, []).extend([role] if role is not None else [])
            if not active:
                disabled.add(person)
        self._roles = {person: tuple(sorted(roles)) for person, roles in found.items()}
        self._disabled = frozenset(disabled)
        self._seen = now
