"""Threads of other frameworks: what one says about its state is told to a run of its own and stands in that run's
journal, where it is encrypted, erased and proven as everything else. A thread outlives its process; what is told is
durable when `tell` returns, and read back whether or not a worker has taken it in.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from remit.control.running import starting
from remit.control.runs import orders
from remit.control.runs.inspection import find
from remit.domain.event import object_of
from remit.domain.events import SignalSent, WaitClosed
from remit.engine.flow import Flow
from remit.engine.outside import run_stream
from remit.store.conversations import refers, resolve
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from remit.control.running.parts import Parts

Json = Any
FLOW = "remit.thread"
SAID = "said"
_A_GENERATION = 1_000


def thread_flow() -> Flow:
    """It, as a flow of this workspace."""

    async def keep(run: Any) -> None:
        """Keep what another framework says of one of its threads."""
        for _ in range(_A_GENERATION):
            await run.signal(SAID)
        run.continue_as()

    return Flow(keep, FLOW, "", "UTC")


class Threads:
    """The threads of one framework, by name."""

    def __init__(self, parts: Parts, kind: str) -> None:
        self._parts = parts
        self._kind = kind
        self._runs: dict[str, str] = {}
        self._read: dict[str, tuple[int, list[dict[str, Json]]]] = {}

    async def tell(self, thread: str, said: dict[str, Json]) -> None:
        """Keep something; the first word of a thread begins its run."""
        run = await self._run(thread) or await self._begin(thread)
        await orders.signal(self._parts, run, SAID, {**said, "mark": secrets.token_hex(8)})

    async def told(self, thread: str) -> list[dict[str, Json]]:
        """Everything that was kept of a thread, in order."""
        run = await self._run(thread)
        if run is None:
            return []
        ground = self._parts.ground
        waiting = await ground.database.fetch(
            "inbox.read", run
        )  # before the journal: what leaves it, that has
        taken = await self._journal(run)
        known = {each.get("mark") for each in taken}
        left: list[dict[str, Json]] = []
        for _, _, name, stream, seq in waiting:
            event = (await ground.log.read_one(stream, seq)).event if name == SAID else None
            if isinstance(event, SignalSent):
                said = object_of(await self._whole(event.payload))
                left += [said] if said.get("mark") not in known else []
        return [*taken, *left]

    async def run_of(self, thread: str) -> str:
        """The run that keeps a thread; empty: nothing was kept of it."""
        return await self._run(thread) or ""

    async def _journal(self, run: str) -> list[dict[str, Json]]:
        """What its run has taken in; what was read before is not read again."""
        first, taken = self._read.get(run, (1, []))
        entries, head = await self._parts.ground.log.read(run_stream(run), first, lenient=True)
        new = [
            entry.event
            for entry in entries
            if isinstance(entry.event, WaitClosed) and entry.event.wait == "signal"
        ]
        taken = [*taken, *[object_of(await self._whole(event.value)) for event in new]]
        self._read[run] = (max(first, head.seq + 1), taken)
        return taken

    async def _whole(self, value: Json) -> Json:
        ground = self._parts.ground
        return await resolve(value, ground.database, ground.keys) if refers(value) else value

    async def _run(self, thread: str) -> str | None:
        if thread not in self._runs:
            rows = await self._parts.ground.database.fetch("tasks.tagged", self._tag(thread))
            if not rows:
                return None
            self._runs[thread] = str(rows[0][0])
        return self._runs[thread]

    async def _begin(self, thread: str) -> str:
        parts, tag = self._parts, self._tag(thread)
        principal, now = parts.ground.principal, parts.ground.clock.now()

        def beside(run: str) -> tuple[Op, ...]:
            return (Op("tasks.add", (run, principal.team, principal.id, self._kind, tag, now), one=True),)

        try:
            handle = await starting.submit(parts, FLOW, {}, session=f"{self._kind}|{thread}", beside=beside)
            self._runs[thread] = (await find(parts.ground.database, handle.id)).id
        except Conflict:  # another process was first
            rows = await parts.ground.database.fetch("tasks.tagged", tag)
            self._runs[thread] = str(rows[0][0])
        return self._runs[thread]

    def _tag(self, thread: str) -> str:
        ground = self._parts.ground
        return ground.keys.tag(f"thread|{ground.principal.team}|{self._kind}|{thread}")
