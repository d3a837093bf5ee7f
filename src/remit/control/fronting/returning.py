"""Coming back for the answer: a call that waits for a person goes on without whoever made it, and the same call, made
again by the same key, meets what became of it instead of being made anew (S31). Which run a call has is kept under a
keyed tag.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from remit.control.fronting.leftovers import FLOW
from remit.control.running.handle import RunHandle
from remit.control.runs.inspection import find, show
from remit.domain.action_errors import TOLD
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Rejected, RunProblem, RunWasCancelled, Shredded, StepFailed, UnknownRun
from remit.domain.event import object_of
from remit.domain.events import RunCreated, RunEnded
from remit.domain.front_errors import Pending, UnknownExchange
from remit.domain.runs import RunStatus
from remit.engine.outside import run_stream
from remit.store.conversations import refers, resolve
from remit.store.database import Commit, Conflict, Op
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.domain.errors import RemitError
    from remit.domain.fronting import Caller

KEPT = 7 * 86_400 * MICROSECONDS
"""How long somebody may take to come back."""
_TELLS = {kind.code: kind for kind in (*TOLD, Rejected)}


class Returning:
    """Calls whose caller may come back."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def tag(self, caller: Caller, told: dict[str, Any]) -> str:
        """What stands for this very call of this key, for the same user and user action: nobody else comes back."""
        digest = canonical.digest([canonical.plain(told), caller.principal, caller.run])
        return self._parts.ground.keys.tag(f"exchange|{caller.team}|{caller.key}|{digest}")

    async def run_of(self, tag: str) -> str:
        """The run that the call has; empty if it was never made, or its end was told."""
        rows = await self._parts.ground.database.fetch("exchanges.get", tag)
        return str(rows[0][0]) if rows and rows[0][1] == "action" else ""

    async def keep(self, tag: str, run: str) -> None:
        """Whoever made it may come back for it."""
        ground = self._parts.ground
        add = Op("exchanges.add", (tag, run, "action", "", ground.clock.now()))
        try:
            await ground.database.submit(Commit(ops=[add]))
        except Conflict:
            return  # the same call was made twice at once: the first is come back for

    async def told(self, tag: str) -> None:
        """They were told how it ended; the same call is another one from now on."""
        await self._parts.ground.database.submit(Commit(ops=[Op("exchanges.drop", (tag,))]))

    async def sweep(self) -> None:
        """Forget what nobody came back for."""
        ground = self._parts.ground
        before = ground.clock.now() - KEPT
        await ground.database.submit(Commit(ops=[Op("exchanges.sweep", (before,))]))

    async def check(self, caller: Caller, run: str) -> None:
        """Refuse a run that is no exchange of this key."""
        try:
            row = await find(self._parts.ground.database, run)
        except UnknownRun:
            raise _unknown(run) from None
        first = (await self._parts.ground.log.read_one(run_stream(row.id), 1)).event
        mine = isinstance(first, RunCreated) and (first.input.get("key"), first.by) == (
            caller.key,
            caller.principal,
        )
        if row.id != run or row.flow != FLOW or not mine:
            raise _unknown(run)

    async def outcome(
        self, run: str, patience: float | None, gone: asyncio.Future[Any] | None
    ) -> tuple[Any, str]:
        """What became of it, as the call would have given or raised it; `Pending` after `patience` seconds."""
        ended = asyncio.ensure_future(self._ended(run))
        waits = [ended] if gone is None else [ended, gone]
        try:
            await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                raise await self.pending(run)
            return _as_told(await ended, run)
        finally:
            ended.cancel()

    async def pending(self, run: str) -> Pending:
        """What to say to whoever has to come back."""
        waits = (await show(self._parts.ground, run)).waits
        asked = next((wait for wait in waits if wait.approval), None)
        whom = f" for {asked.group or 'a person'}" if asked is not None else ""
        name = asked.approval if asked is not None else run
        wrong = Pending(
            f"{name} waits{whom} to agree.", "Make the same request again once they have; see: remit inbox"
        )
        wrong.run, wrong.approval = run, asked.approval if asked is not None else ""
        return wrong

    async def _ended(self, run: str) -> RunEnded:
        parts = self._parts
        with contextlib.suppress(RunProblem, Shredded):  # how it ended is read below, in its own words
            await RunHandle(parts, run, parts.flows.get(FLOW)).result()
        row = await find(parts.ground.database, run)
        entries, _ = await parts.ground.log.read(run_stream(run), row.base_seq)
        last = entries[-1].event
        if not isinstance(last, RunEnded):
            raise StepFailed(f"what became of {run} cannot be read any more.")
        ground = parts.ground
        if refers(last.result):
            value = await resolve(last.result, ground.database, ground.keys)
            return RunEnded(last.status, value, last.error, last.message)
        return last


def _as_told(ended: RunEnded, run: str) -> tuple[Any, str]:
    if ended.status == RunStatus.SUCCEEDED.value:
        found = object_of(ended.result)
        return found.get("result"), str(found.get("note") or "")
    raise _error(ended, run)


def _error(ended: RunEnded, run: str) -> RemitError:
    if ended.status == RunStatus.CANCELLED.value:
        return RunWasCancelled(f"{run} was cancelled.")
    kind = _TELLS.get(ended.error, StepFailed)
    return kind(ended.message)


def _unknown(run: str) -> UnknownExchange:
    return UnknownExchange(f"{run[:100]} is no exchange of this key.", "Make the request anew.")
