"""Hints within one process; other processes on the same database are noticed by its change counter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.store.database import Database

_LOOK_SECONDS = 1.0


class LocalDispatcher:
    """Nothing to start; also serves a single process on Postgres."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._hint = asyncio.Event()
        self._mail: set[str] = set()

    def submit(self, run: str) -> None:  # noqa: ARG002 - the row tells which
        """Look at once."""
        self._hint.set()

    def wake(self, run: str) -> None:
        """Look at once, and at this run's mail."""
        self._mail.add(run)
        self._hint.set()

    def delay(self, run: str, until: int) -> None:  # noqa: ARG002 - the row tells when
        """Look again: the next time may be nearer now."""
        self._hint.set()

    def cancel(self, run: str) -> None:
        """An order is mail."""
        self.wake(run)

    def schedule(self, at: int) -> None:  # noqa: ARG002 - the table tells when
        """Look again."""
        self._hint.set()

    def mail(self) -> set[str]:
        """Runs of this process that got mail."""
        taken, self._mail = self._mail, set()
        return taken

    async def wait(self, until: int | None) -> bool:
        """Wait for a hint, a time, or another process."""
        timer = None if until is None else self._clock.call_at(until, self._hint.set)
        hint = asyncio.ensure_future(self._hint.wait())
        change = asyncio.ensure_future(self._database.wait_for_change(_LOOK_SECONDS))
        try:
            await asyncio.wait({hint, change}, return_when=asyncio.FIRST_COMPLETED)
            return change.done()
        finally:
            hint.cancel()
            change.cancel()
            self._hint.clear()
            if timer is not None:
                timer.cancel()
