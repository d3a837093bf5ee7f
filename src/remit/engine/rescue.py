"""Rescue: finding workers that are dead or stalled, fencing them, and setting their runs free.

A worker of this host is dead when its lock has fallen; any other when its lease ran out on the database's clock.
Fencing bumps the worker's row before its runs change hands, so nothing of it can land afterwards (S2, S15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.events import WorkerFenced
from remit.engine import faults
from remit.engine.lease import host_of, is_dead_here
from remit.engine.outside import WORKSPACE_STREAM, shared_event
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from pathlib import Path

    from remit.domain.clock import Clock
    from remit.engine.lease import Lease
    from remit.store.database import Database, Row
    from remit.store.keys import KeyRing

_DAY = 24 * 3600 * 1_000_000


class Rescue:
    """Looks after the other workers."""

    def __init__(
        self, database: Database, keys: KeyRing, clock: Clock, locks: Path, lease: Lease | None
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._locks = locks
        self._lease = lease

    async def look(self) -> int:
        """Fence whoever is dead; gives how many runs were set free."""
        freed = 0
        for row in await self._database.fetch("workers.live"):
            why = await self._why_dead(row)
            if why:
                freed += await self._fence(row, why)
        return freed + await self._free_orphans()

    @property
    def _me(self) -> str:
        return self._lease.worker if self._lease else "operator"

    async def _why_dead(self, row: Row) -> str:
        worker, _, host, _, lease_until, _ = row
        if worker == self._me:
            return ""
        if host == host_of(self._locks):
            if is_dead_here(self._locks, worker):
                return "its process has ended"
        elif (
            self._database.dialect == "sqlite"
            and host.partition(":")[0] != host_of(self._locks).partition(":")[0]
        ):
            return "the machine was started again"
        now = await self._database.lease_now()
        return "its lease ran out" if lease_until < now else ""

    async def _fence(self, row: Row, why: str) -> int:
        worker, epoch = row[0], row[1]
        now = self._clock.now()
        owned = (await self._database.fetch("runs.count_owned", worker))[0][0]
        key = await self._keys.team_key("workspace", now)
        event = WorkerFenced(worker, self._me, why, owned)
        fence = Op("workers.fence", (worker, epoch, now), one=True)
        free = Op("runs.disown", (worker, now))
        shared = shared_event(WORKSPACE_STREAM, "workspace", key, event, now)
        try:
            await self._database.submit(Commit([], [], [fence, free], [shared]))
        except Conflict:
            return 0  # somebody else was faster
        faults.reach("takeover.recorded")
        self._database.announce()
        return owned

    async def _free_orphans(self) -> int:
        """Runs that a worker took in the very moment in which it was declared dead."""
        if not await self._database.fetch("workers.orphans"):
            return 0
        now = self._clock.now()
        freed = await self._database.submit(Commit(ops=[Op("runs.free_orphans", (now,))]))
        return len(freed.rows)

    async def sweep(self) -> None:
        """Forget what nobody needs: rows of long-gone workers, mail of ended runs."""
        old = self._clock.now() - _DAY
        await self._database.submit(Commit(ops=[Op("workers.forget", (old,)), Op("inbox.sweep", ())]))
