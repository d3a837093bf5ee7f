"""Hints across a fleet on one Postgres: LISTEN/NOTIFY, with a slow look behind it for what gets lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.engine.dispatchers.local import LocalDispatcher

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.store.database import Database


class PostgresDispatcher:
    """The local hints, and an announcement to the other workers after each (S19: never inside a commit)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._local = LocalDispatcher(database, clock)

    def submit(self, run: str) -> None:
        """Any worker may take it."""
        self._local.submit(run)
        self._database.announce()

    def wake(self, run: str) -> None:
        """Whoever holds the run, or takes it, finds its mail."""
        self._local.wake(run)
        self._database.announce()

    def delay(self, run: str, until: int) -> None:
        """Every worker knows the next due time from the table; only this one has to look again."""
        self._local.delay(run, until)

    def cancel(self, run: str) -> None:
        """An order is mail."""
        self.wake(run)

    def schedule(self, at: int) -> None:
        """Every worker looks for due schedules."""
        self._local.schedule(at)
        self._database.announce()

    def mail(self) -> set[str]:
        """Runs of this process that got mail."""
        return self._local.mail()

    async def wait(self, until: int | None) -> bool:
        """Wait for a hint, a time, or an announcement."""
        return await self._local.wait(until)
