"""A worker: claims due runs, keeps them in memory while they are busy, and leaves in good order.

It owns the lease, the set of executions and the loop that looks for work. How a run is carried is `carrying`'s; when to
look is the dispatcher's; who is dead is the rescue's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.errors import Fenced, Infrastructure
from remit.domain.ids import is_descendant
from remit.engine import faults
from remit.engine.carrying import Carriage
from remit.engine.executor import begin
from remit.engine.orders import refresh_mail
from remit.engine.rescue import Rescue
from remit.engine.schedules import fire_due
from remit.store.database import Commit, Conflict, Op
from remit.store.runs import run_row

if TYPE_CHECKING:
    from remit.domain.runs import RunRow
    from remit.engine.birth import Birth, Born
    from remit.engine.dispatcher import Dispatcher
    from remit.engine.execution import Execution, Outcome
    from remit.engine.flow import Flow
    from remit.engine.services import Services

_log = logging.getLogger("remit.worker")
_RESCUE_EVERY = MICROSECONDS // 2
_LOOK_CLOSELY_EVERY = MICROSECONDS
_SWEEP_EVERY = 60 * MICROSECONDS
_ABANDONED_EVERY = 5 * MICROSECONDS
_ABANDONED_AFTER = 30 * MICROSECONDS
"""How long a run may be due before it counts as one whose release nobody serves."""


class Worker:
    """Executes runs in this process."""

    def __init__(
        self,
        services: Services,
        dispatcher: Dispatcher,
        rescue: Rescue,
        *,
        concurrency: int = 200,
        only: str = "",
    ) -> None:
        self.services = services
        self.dispatcher = dispatcher
        self._rescue = rescue
        self._concurrency = concurrency
        self._only = only
        """Take this one run and no other, as `remit run` does."""
        self._executions: dict[str, Execution] = {}
        self._held: dict[str, int] = {}
        """Runs this process holds, in memory or waiting for another try, and the epoch it holds each under."""
        self._hosted: set[str] = set()
        """Those among them that somebody else carries: they take no room from the others."""
        self._watchers: dict[str, list[asyncio.Future[Outcome]]] = {}
        self._looked_closely = 0
        """When the rows of this worker were last compared with what it holds."""
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take a lease and begin to look for work."""
        await self._register()
        await self._rescue.look()
        loop = asyncio.get_running_loop()
        self._loops = [loop.create_task(self._look_for_work()), loop.create_task(self._look_after_others())]

    async def stop(self, drain_seconds: float = 0.0) -> None:
        """Claim nothing more, let steps finish for so long, hand the rest back."""
        self._stopping = True
        for execution in list(self._executions.values()):
            execution.hold(draining=True)
        if self._held and drain_seconds > 0:
            await self._drained(drain_seconds)
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        for execution in list(self._executions.values()):
            execution.lose(Fenced("the worker stopped before the step ended."))
        await self._hand_back()
        await self.services.lease.give_up()

    def abandon(self) -> None:
        """End as a killed process does: nothing is handed back, nothing more is written."""
        self._stopping = True
        for task in self._loops:
            task.cancel()
        for execution in list(self._executions.values()):
            execution.lose(Fenced("the process died."))
            execution.evict()
        self.services.lease.abandon()

    # --- runs -----------------------------------------------------------------------------------------

    async def begin(self, birth: Birth) -> RunRow:
        """Create a run; if there is room it starts at once, owned from birth, in one commit."""
        ours = birth.release == self.services.release
        ours = ours and (not self._only or is_descendant(birth.id, self._only))
        room = ours and self._room > 0 and not self._stopping and not birth.due
        services = self.services
        born = birth.prepare(services.keys, services.clock.now(), services.lease.worker if room else None)
        if room:
            self._held[birth.id] = born.row.epoch
        try:
            await services.database.submit(Commit(born.events, born.blobs, born.ops))
        except BaseException:
            self._held.pop(birth.id, None)  # if it is durable after all, it is found as a stray
            raise
        if not room:
            faults.reach("run.created")
            self.dispatcher.submit(birth.id)
        elif self._stopping:
            self._held.pop(birth.id, None)  # handed back with the rest, or set free by whoever finds us dead
        else:
            self._take_up_born(born, birth.flow)
        return born.row

    def host(self, row: RunRow) -> None:
        """A run of this process is carried by whoever waits for it."""
        self._held[row.id] = row.epoch
        self._hosted.add(row.id)

    def part(self, row: RunRow, outcome: Outcome) -> None:
        """It is not any more; one that is not over is read from the log, like any other that lost its ground."""
        self._hosted.discard(row.id)
        if outcome.kind == "lost" and not isinstance(outcome.error, Fenced) and not self._stopping:
            self._take_up(row, "trouble")
        else:
            self.let_go(row, outcome)

    @property
    def takes_all(self) -> bool:
        """Whether it takes up any run of its team, rather than one that it was started for."""
        return not self._only and self._concurrency > 0

    @property
    def claims(self) -> bool:
        """Whether it takes up runs at all; the one of a front door only carries what comes in there."""
        return self._concurrency > 0

    @property
    def concurrency(self) -> int:
        """How many runs it carries at once."""
        return self._concurrency

    @property
    def _room(self) -> int:
        return self._concurrency + len(self._hosted) - len(self._held)

    def watch(self, run: str) -> asyncio.Future[Outcome]:
        """A future for the end of a run, if it ends in this process."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._watchers.setdefault(run, []).append(future)
        return future

    def unwatch(self, run: str, future: asyncio.Future[Outcome]) -> None:
        """Nobody waits for it any more."""
        with contextlib.suppress(KeyError, ValueError):
            self._watchers[run].remove(future)
            if not self._watchers[run]:
                del self._watchers[run]

    def holds(self, run: str) -> bool:
        """Whether a run is held by this process now."""
        return run in self._held

    def in_memory(self) -> list[str]:
        """The runs that are in memory now."""
        return list(self._executions)

    def heed_halts(self) -> None:
        """Something was halted or lifted: every run here sees whether it is meant; parked ones may be due."""
        for execution in list(self._executions.values()):
            execution.heed()
        self.dispatcher.submit("")

    # --- looking for work -----------------------------------------------------------------------------

    async def _look_for_work(self) -> None:
        others_wrote = True
        while not self._stopping:
            now = self.services.clock.now()
            try:
                due, owed = await self._next_times()
                claimed = await self._claim(now) if due is not None and due <= now else 0
                await self._deliver_mail(everything=others_wrote)
                if owed is not None and owed <= self.services.clock.now():
                    await fire_due(self.services)
                    due, owed = await self._next_times()
                until = self._look_again(now, due, owed)
            except Exception as wrong:  # noqa: BLE001 - a worker that stops to look is worse than any error
                _log.warning("looking for work failed: %s", wrong)
                claimed, until = 0, self.services.clock.now() + MICROSECONDS
                self._looked_closely = 0  # a claim may have been made whose answer was lost
            if not claimed:
                others_wrote = await self._wait_for_work(until)

    async def _wait_for_work(self, until: int | None) -> bool:
        try:
            return await self.dispatcher.wait(until)
        except Exception as wrong:  # noqa: BLE001 - as above; behind every hint is a look each second
            _log.warning("waiting for work failed: %s", wrong)
            await sleep_until(self.services.clock, self.services.clock.now() + MICROSECONDS)
            return True

    async def _claim(self, now: int) -> int:
        room = self._room
        if room <= 0:
            return 0
        names = json.dumps(list(self.services.flows))
        lease = self.services.lease
        alive = Op("workers.alive", (lease.worker, lease.epoch), one=True)
        claim = Op("runs.claim", (lease.worker, now, names, room, self._only or None))
        try:
            claimed = await self.services.database.submit(Commit(ops=[alive, claim]))
        except Conflict:
            await self._start_over()
            return 0
        for row in claimed.rows:
            self._take_up(run_row(row), "wake")
        return len(claimed.rows)

    async def _next_times(self) -> tuple[int | None, int | None]:
        """When the next run is due, and the next schedule."""
        due, owed = (await self.services.database.fetch("runs.next_due"))[0]
        return due, owed

    def _look_again(self, looked_at: int, due: int | None, owed: int | None) -> int | None:
        """When to look again by itself; a full worker looks when one of its runs leaves."""
        known = [t for t in (due if self._room > 0 else None, owed) if t is not None]
        # what was due at that look and was not claimed needs code or a release this worker lacks: no reason to spin
        return min((t for t in known if t > looked_at), default=looked_at + MICROSECONDS if known else None)

    async def _start_over(self) -> None:
        """Somebody declared this worker dead: let go of everything and come back as a new one."""
        _log.warning("worker %s was declared dead; it starts over", self.services.lease.worker)
        for execution in list(self._executions.values()):
            execution.lose(Fenced("the worker was declared dead."))
        self.services.lease.abandon()
        await self._register()

    async def _register(self) -> None:
        """Take a lease; who serves a release says so, and runs that waited for that look again."""
        lease, release = self.services.lease, self.services.release
        await lease.take()
        if release:
            wake = Op("releases.wake", (release, self.services.clock.now()))
            await self.services.database.submit(
                Commit(ops=[Op("releases.serve", (lease.worker, release)), wake])
            )

    async def _deliver_mail(self, *, everything: bool) -> None:
        wanted = self.dispatcher.mail()
        now = self.services.clock.now()
        closely = everything or now - self._looked_closely >= _LOOK_CLOSELY_EVERY
        if not closely and not (self._executions and wanted):
            return
        self._looked_closely = now
        counts = dict(await self.services.database.fetch("runs.with_mail", self.services.lease.worker))
        await self._take_up_strays(counts.keys() - self._held.keys())
        for run, execution in list(self._executions.items()):
            if counts.get(run, 0) > execution.mailbox.seen:
                await refresh_mail(execution, counts[run])

    async def _take_up_strays(self, runs: set[str]) -> None:
        """Runs that are ours by their row, though nobody here heard so: the answer to a start or a claim was lost."""
        for run in runs:
            row = run_row((await self.services.database.fetch("runs.get", run))[0])
            if run not in self._held:
                self._take_up(row, "trouble")

    async def _look_after_others(self) -> None:
        clock = self.services.clock
        swept, abandoned = 0, clock.now()
        while not self._stopping:
            await sleep_until(clock, clock.now() + _RESCUE_EVERY)
            try:
                if await self._rescue.look():
                    self.dispatcher.submit("")
                if clock.now() - abandoned > _ABANDONED_EVERY:
                    abandoned = clock.now()
                    await self._take_up_abandoned()
                if clock.now() - swept > _SWEEP_EVERY:
                    swept = clock.now()
                    await self._rescue.sweep()
            except Exception as wrong:  # noqa: BLE001 - runs of the dead wait for this loop
                _log.warning("looking after other workers failed: %s", wrong)

    async def _take_up_abandoned(self) -> None:
        """Runs whose release nobody serves are taken up, so that they wait for it where a person can see it (S14)."""
        if self._only or self._room <= 0:
            return
        lease, since = self.services.lease, self.services.clock.now() - _ABANDONED_AFTER
        alive = Op("workers.alive", (lease.worker, lease.epoch), one=True)
        take = Op("releases.abandoned", (lease.worker, since, self._room, self.services.release))
        if not await self.services.database.fetch("releases.unserved", since):
            return
        for row in (await self.services.database.submit(Commit(ops=[alive, take]))).rows:
            self._take_up(run_row(row), "wake")

    # --- a run in memory ------------------------------------------------------------------------------

    def _take_up_born(self, born: Born, flow: Flow) -> None:
        try:
            faults.reach("run.created")
            execution = begin(born, flow, self.services)
        except Exception as wrong:  # noqa: BLE001 - it exists, and is read like any other
            _log.warning("run %s could not begin at once: %s", born.row.id, wrong)
            self._take_up(born.row, "trouble")
            return
        self.enter(execution)  # now, so that a worker that stops or dies knows of it
        self._take_up(born.row, "", execution)

    def _take_up(self, row: RunRow, after: str, execution: Execution | None = None) -> None:
        self._held[row.id] = row.epoch
        self.services.spawn(Carriage(self, row).carry(after, execution))

    @property
    def stopping(self) -> bool:
        """Whether it leaves, and takes nothing up any more."""
        return self._stopping

    def enter(self, execution: Execution) -> None:
        """A run is in memory."""
        self._executions[execution.row.id] = execution

    def leave(self, run: str) -> None:
        """It is not any more."""
        self._executions.pop(run, None)

    def holds_under(self, row: RunRow) -> bool:
        """Whether nobody here carries the run under a later claim: it may have parked though we never heard so."""
        return self._held.get(row.id) == row.epoch

    def let_go(self, row: RunRow, outcome: Outcome) -> None:
        """It is not held here any more; whoever waits for its end, or for room, is told."""
        was_full = self._room <= 0
        if self.holds_under(row):
            del self._held[row.id]
        if outcome.kind == "ended":
            for future in self._watchers.pop(row.id, ()):
                if not future.done():
                    future.set_result(outcome)
            self.services.keys.forget(row.key_id)
            if row.parent is not None:
                self.dispatcher.wake(row.parent)
        elif outcome.kind == "parked":
            self.services.keys.forget(row.key_id)
            self.dispatcher.delay(row.id, outcome.value if isinstance(outcome.value, int) else 0)
        if was_full:
            self.services.due()

    # --- leaving --------------------------------------------------------------------------------------

    async def _drained(self, seconds: float) -> None:
        clock = self.services.clock
        deadline = asyncio.ensure_future(sleep_until(clock, clock.now() + int(seconds * MICROSECONDS)))
        while self._executions and not deadline.done():
            busy = [execution.outcome for execution in self._executions.values()]
            await asyncio.wait([*busy, deadline], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)
        deadline.cancel()

    async def _hand_back(self) -> None:
        with contextlib.suppress(Infrastructure, Conflict):
            disown = Op("runs.disown", (self.services.lease.worker, self.services.clock.now()))
            await self.services.database.submit(Commit(ops=[disown]))
            self.services.database.announce()
