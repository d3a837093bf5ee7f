"""A handle on one run: its state, its result, and what it waits for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from remit.control.approving.inbox import decide
from remit.control.runs.inspection import find, show
from remit.domain.approvals import UNCHANGED
from remit.domain.errors import RunFailed, RunWasCancelled, Shredded
from remit.domain.events import RunEnded
from remit.domain.runs import RunStatus
from remit.engine.outside import run_stream
from remit.engine.values import restore
from remit.store.conversations import refers, resolve

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.control.runs.views import WaitView
    from remit.domain.runs import RunRow
    from remit.engine.execution import Outcome
    from remit.engine.flow import Flow
    from remit.engine.worker import Worker

_LOOK_SECONDS = 1.0


class RunHandle:
    """One run, as seen by who started it or asks for it."""

    def __init__(self, parts: Parts, run: str, flow: Flow | None = None) -> None:
        self.id = run
        self._parts = parts
        self._flow = flow

    def __repr__(self) -> str:
        return f"<run {self.id}>"

    async def row(self) -> RunRow:
        """The run's row."""
        return await find(self._parts.ground.database, self.id)

    async def status(self) -> RunStatus:
        """Where it stands."""
        return (await self.row()).status

    async def result(self) -> Any:
        """Wait for the end; gives the result, or raises what became of the run."""
        worker = self._parts.worker
        if worker is not None and self._flow is not None:
            ending = worker.watch(self.id)
            try:
                await self._ended_here_or_elsewhere(worker, ending)
                if ending.done() and ending.result().status == RunStatus.SUCCEEDED.value:
                    return await self._typed(ending.result().value)
            finally:
                worker.unwatch(self.id, ending)
        return await self._recorded_result()

    async def waits_for(self) -> WaitView:
        """Wait until the run waits for something; gives the first thing."""
        while True:
            row = await self.row()
            if row.status is RunStatus.PARKED and not self._about_to_wake(row):
                waits = (await show(self._parts.ground, self.id)).waits
                if waits:
                    return waits[0]
            if row.status.ended:
                raise RunFailed(f"{self.id} ended ({row.status.value}) without waiting for anything.")
            await self._parts.ground.database.wait_for_change(_LOOK_SECONDS)

    async def approve(self, value: object = ..., *, comment: str = "", by: str = "") -> None:
        """Approve what the run asks."""
        wait = await self.waits_for()
        changed = UNCHANGED if value is ... else value
        await decide(self._parts, wait.approval, "approved", changed, comment, by)

    async def reject(self, reason: str = "", *, by: str = "") -> None:
        """Reject what the run asks."""
        await decide(self._parts, (await self.waits_for()).approval, "rejected", UNCHANGED, reason, by)

    def _about_to_wake(self, row: RunRow) -> bool:
        """Whether what it waited for has come, and it only has not been taken up yet."""
        return row.due is not None and row.due <= self._parts.ground.clock.now()

    async def _ended_here_or_elsewhere(self, worker: Worker, ending: asyncio.Future[Outcome]) -> None:
        """Hear of it at once if it ends in this process, whoever has the run now."""
        while not ending.done():
            if worker.holds(self.id):
                await asyncio.wait({ending}, timeout=_LOOK_SECONDS)
            elif (await self.row()).status.ended:
                return
            else:
                changed = asyncio.ensure_future(self._parts.ground.database.wait_for_change(_LOOK_SECONDS))
                try:
                    await asyncio.wait({ending, changed}, return_when=asyncio.FIRST_COMPLETED)
                    if changed.done():
                        changed.result()
                finally:
                    changed.cancel()

    async def _ended_elsewhere(self) -> None:
        while not (await self.row()).status.ended:
            await self._parts.ground.database.wait_for_change(_LOOK_SECONDS)

    async def _recorded_result(self) -> Any:
        await self._ended_elsewhere()
        row = await self.row()
        entries, _ = await self._parts.ground.log.read(run_stream(self.id), row.base_seq, lenient=True)
        ended = entries[-1].event
        if not isinstance(ended, RunEnded):
            raise Shredded(f"{self.id} ended ({row.status.value}), and its content was shredded.")
        if ended.status == RunStatus.SUCCEEDED.value:
            return await self._typed(ended.result)
        if ended.status == RunStatus.CANCELLED.value:
            raise RunWasCancelled(f"{self.id} was cancelled.", f"See: remit show {self.id}")
        raise RunFailed(f"{self.id} failed: {ended.message}", f"See: remit show {self.id}")

    async def _typed(self, result: Any) -> Any:
        ground = self._parts.ground
        value = await resolve(result, ground.database, ground.keys) if refers(result) else result
        return restore(value, self._flow.result_hint if self._flow else None)
