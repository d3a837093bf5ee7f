"""The part of the platform where runs are started, followed, rehearsed and taken back. It only hands on."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from remit.control.running import starting
from remit.control.running.assigning import BY_CHANNEL
from remit.control.running.handle import RunHandle
from remit.control.runs import orders
from remit.domain.on_use import on_use

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

    from remit.control.running import rehearsing, undoing
    from remit.control.running.parts import Parts
    from remit.control.running.views import ReplayReport
    from remit.control.runs import inspection
    from remit.engine.flow import Flow
    from remit.gate.streams import Frame
else:
    rehearsing = on_use("remit.control.running.rehearsing")
    undoing = on_use("remit.control.running.undoing")
    inspection = on_use("remit.control.runs.inspection")


class RunningDesk:
    """What can be asked of the runs of this process."""

    @property
    @abstractmethod
    def parts(self) -> Parts:
        """What every command works with."""

    async def start(self, flow: Flow | str, /, **given: object) -> RunHandle:
        """Start a run; it is durable when this returns."""
        return await self.submit(flow, given)

    async def submit(self, flow: Flow | str, given: dict[str, object], **options: Any) -> RunHandle:
        """Start a run with options: `subject`, `session`, `priority`, `at` (when it is due), `release` (one, a channel,
        or `here`). Where nothing is executed in this process, the channels say which release it goes to.
        """
        if self.parts.worker is None:
            options.setdefault("release", BY_CHANNEL)
        return await starting.submit(self.parts, flow, given, **options)

    async def run(self, run: str) -> RunHandle:
        """The run with this id, or a unique beginning or end of it."""
        row = await inspection.find(self.parts.ground.database, run)
        return RunHandle(self.parts, row.id, self.parts.flows.get(row.flow))

    async def reflects(self, pos: int) -> bool:
        """Whether lists show what was committed at `pos`; waits up to a second for it (S5)."""
        return await self.parts.facts.reflects(pos)

    async def migrate_run(self, run: str, renames: dict[str, str]) -> int:
        """Let a run whose code changed, or that waits for its release, follow the code of this process, under new step
        names, if that fits its journal.
        """
        await rehearsing.check_migration(self.parts, run, renames)
        return await orders.migrate(self.parts, run, self.parts.services.release, renames)

    async def replay(self, run: str) -> ReplayReport:
        """Execute today's code over a run's journal, with no side effect."""
        return await rehearsing.replay(self.parts, run)

    async def fork(
        self, run: str, *, at: str | None = None, live: bool = False,
        input: dict[str, object] | None = None,  # noqa: A002 - the word of the command line
    ) -> RunHandle:  # fmt: skip
        """A new run with this one's past up to a step; its writes are simulated, or asked for if `live`."""
        return await rehearsing.fork(self.parts, run, at, live=live, given=input)

    async def undo(self, run: str) -> RunHandle:
        """Take back what a run did, as a run of its own."""
        return await undoing.undo(self.parts, run)

    async def stream(self, run: str, ready: asyncio.Event | None = None) -> AsyncIterator[Frame]:
        """The answers of a run as they come, while it is executed in this process; provisional (S17).

        `ready` is set once everything is heard.
        """
        database = self.parts.ground.database
        row = await inspection.find(database, run)
        with self.parts.house.gate.parts.streams.listening(row.id) as frames:
            if ready is not None:
                ready.set()
            if (await inspection.find(database, row.id)).status.ended:
                return
            while (frame := await frames.get()) is not None:
                yield frame
