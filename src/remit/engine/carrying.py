"""One run in the hands of a worker, from the moment it is taken up until it leaves: load, execute, settle, again.

Whatever fails on the way, the run is never held by nobody: it ends, parks, is handed back, or is read again. What the
store, a key or a lease cannot give comes back by itself, and is waited for; what nothing explains is tried a few times,
and then a person has to look. Who holds what, and when to look for work, is the worker's.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.errors import Fenced, Infrastructure, NotEncodable, Shredded
from remit.domain.runs import ParkReason
from remit.engine.ending import end_from_outside, set_aside
from remit.engine.execution import Outcome
from remit.engine.executor import load, run_segment
from remit.engine.flow import absent
from remit.engine.recording import code_of, message_of
from remit.store.database import Conflict
from remit.store.runs import run_row

if TYPE_CHECKING:
    from remit.domain.runs import RunRow
    from remit.engine.execution import Execution
    from remit.engine.services import Services

_log = logging.getLogger("remit.worker")
_FIRST_RETRY, _LAST_RETRY = 1.0, 60.0
_TRIES = 4
"""How often a run fails for a reason that nothing explains before it is set aside."""
_REFUSALS = 20
"""How often in a row a run is read again at once because the log refused something; then after a pause."""


class Holder(Protocol):
    """The worker, as far as it holds runs."""

    services: Services

    @property
    def stopping(self) -> bool:
        """Whether it leaves, and takes nothing up any more."""
        ...

    def holds_under(self, row: RunRow) -> bool:
        """Whether nobody here carries the run under a later claim."""
        ...

    def enter(self, execution: Execution) -> None:
        """A run is in memory."""
        ...

    def leave(self, run: str) -> None:
        """It is not any more."""
        ...

    def let_go(self, row: RunRow, outcome: Outcome) -> None:
        """It is not held here any more, and came to this."""
        ...


class Carriage:
    """One run, under one claim."""

    def __init__(self, holder: Holder, row: RunRow) -> None:
        self._holder = holder
        self._services = holder.services
        self._row = row
        self._pauses = 0
        self._puzzles = 0
        self._refusals = 0

    async def carry(self, after: str, execution: Execution | None = None) -> None:
        """Carry it until it leaves; `after` says why it is taken up, `execution` is there if it was born just now."""
        again: tuple[str, str] | None = (after, "")
        while again is not None:
            try:
                execution = execution or await self._load(*again)
                again = (
                    None if execution is None else await self._settle(execution, await self._run(execution))
                )
            except Exception as wrong:  # noqa: BLE001 - whatever it is, the run stays ours and is tried again
                again = await self._pause(wrong)
            execution = None

    async def _load(self, after: str, refused: str) -> Execution | None:
        """Read it from the log; None if it is not ours to go on with."""
        services, row = self._services, self._row
        if after != "wake":
            row = run_row((await services.database.fetch("runs.get", row.id))[0])
        if row.epoch != self._row.epoch or row.owner != services.lease.worker:
            self._holder.let_go(self._row, Outcome("lost"))
            return None
        self._row = row
        try:
            flow = services.flows.get(row.flow) or absent(row.flow)
            execution = await load(row, flow, services, after)
        except Shredded as gone:
            await self._end(gone.code, "what it needs to go on was shredded, and nobody can read it again.")
            return None
        if self._holder.stopping:
            self._holder.let_go(row, Outcome("lost"))
            return None
        if refused:
            execution.refused.add(refused)
        return execution

    async def _run(self, execution: Execution) -> Outcome:
        run = execution.row.id
        self._holder.enter(execution)
        try:
            if self._holder.stopping:
                execution.hold(draining=True)
            outcome = await run_segment(execution)
            if outcome.kind == "lost":
                await execution.settled()  # what is still on its way stands before whatever is written next
        finally:
            self._holder.leave(run)
        if self._services.left is not None:
            self._services.left(run, outcome.kind == "ended")
        return outcome

    async def _settle(self, execution: Execution, outcome: Outcome) -> tuple[str, str] | None:
        """What follows from how a segment ended: why it is read again, and what was refused; None if it leaves."""
        self._row, wrong = execution.row, outcome.error
        if outcome.kind != "lost" or isinstance(wrong, Fenced) or self._holder.stopping:
            self._holder.let_go(self._row, outcome)
            return None
        if isinstance(wrong, Conflict):
            self._refusals += 1
            return ("refusal", outcome.value) if self._refusals <= _REFUSALS else await self._pause(wrong)
        if isinstance(wrong, NotEncodable):
            # no database takes it, however often it is tried: the run fails, and no other (S2)
            await self._end(code_of(wrong), message_of(wrong))
            return None
        return await self._pause(wrong)

    async def _end(self, code: str, message: str) -> None:
        """This run can never go on: end it, so that nothing waits for it."""
        await end_from_outside(self._row, self._services, code, message)
        self._holder.let_go(self._row, Outcome("ended", "failed"))

    async def _pause(self, wrong: BaseException | None) -> tuple[str, str] | None:
        """It is still ours: read it again once the ground holds, less and less often."""
        row, clock = self._row, self._services.clock
        if isinstance(wrong, Fenced) or self._holder.stopping:
            self._holder.let_go(row, Outcome("lost", error=wrong))
            return None
        _log.warning("run %s could not go on: %s", row.id, wrong)
        if not isinstance(wrong, Infrastructure | Conflict):
            self._puzzles += 1
            if self._puzzles >= _TRIES and await self._set_aside(wrong):
                return None
        seconds = min(_LAST_RETRY, _FIRST_RETRY * 2**self._pauses)
        self._pauses = min(self._pauses + 1, 10)
        await sleep_until(clock, clock.now() + int(seconds * MICROSECONDS))
        if self._holder.stopping or not self._holder.holds_under(row):
            return None
        return "trouble", ""

    async def _set_aside(self, wrong: BaseException | None) -> bool:
        """Nobody knows what is wrong: a person has to look. Whether that could be written down."""
        why = f"it failed {self._puzzles} times outside of its steps, at last by {_told(wrong)}"
        try:
            await set_aside(self._row, self._services, why)
        except Fenced as other:
            self._holder.let_go(
                self._row, Outcome("lost", error=other)
            )  # it has parked, or somebody else has it
            return True
        except Exception as worse:  # noqa: BLE001 - then it waits here for as long as that lasts
            _log.warning("run %s could not be set aside: %s", self._row.id, worse)
            return False
        self._holder.let_go(self._row, Outcome("parked", ParkReason.TROUBLE.value))
        return True


def _told(wrong: BaseException | None) -> str:
    """What was raised, and where."""
    if wrong is None:
        return "something that left no trace."
    place = wrong.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" ({Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno})"
    return f"{type(wrong).__name__}: {message_of(wrong).rstrip('.')}{where}."
