"""A whole platform on a temporary workspace, which can die and come back while the test holds on to its runs."""

from __future__ import annotations

import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.control.platform import Platform

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

    from remit.agents.agent import Agent
    from remit.control.approving.views import InboxItem
    from remit.control.running.handle import RunHandle
    from remit.control.runs.views import RunView, WaitView
    from remit.control.settings import Settings
    from remit.domain.clock import Clock
    from remit.domain.runs import RunStatus
    from remit.engine.flow import Flow
    from remit.models.cassettes import Mode
    from remit.testing.scripting import Script


class Stage:
    """A platform that a test may crash and restart; its runs stay the same runs."""

    def __init__(
        self, assemble: Callable[[Iterable[Flow]], Any], flows: Iterable[Flow], script: Script | None = None,
        cassette: Path | None = None, mode: Mode = "replay",
    ) -> None:  # fmt: skip
        self.script = script
        """What the simulated model says; None: as the workspace is configured."""
        self._cassette = cassette
        self._mode: Mode = mode
        self._assemble = assemble
        self._flows = list(flows)
        self._platform: Platform | None = None

    @property
    def platform(self) -> Platform:
        """The platform that is alive now."""
        assert self._platform is not None, "the platform is down; call restart()"  # noqa: S101 - said to a test
        return self._platform

    async def up(self, flows: Iterable[Flow] | None = None, *, worker: bool = True) -> None:
        """Come up, optionally with other code."""
        if flows is not None:
            self._flows = list(flows)
        self._platform = await self._assemble(self._flows)
        if self.script is not None:
            self.platform.simulate(self.script.play)
        elif self._cassette is not None:
            self.platform.simulate(cassette=self._cassette.absolute(), mode=self._mode)
        if worker:
            await self.platform.start_worker()

    async def down(self) -> None:
        """End in good order."""
        if self._platform is not None:
            await self._platform.close()
            self._platform = None

    def die(self) -> None:
        """End as a killed process does: what is on disk stays, everything else is gone."""
        if self._platform is not None:
            self._platform.abandon()
            self._platform = None

    async def crash_and_restart(self, flows: Iterable[Flow] | None = None) -> None:
        """Die, and come back on what was durable."""
        self.die()
        await self.up(flows)

    async def start(self, flow: Flow | str, /, **given: object) -> StagedRun:
        """Start a run."""
        return StagedRun(self, (await self.platform.start(flow, **given)).id)

    def run(self, run: str) -> StagedRun:
        """A run by id."""
        return StagedRun(self, run)

    async def inbox(self) -> list[InboxItem]:
        """What waits for a person."""
        return await self.platform.inbox()


class StagedRun:
    """A run that a test holds on to across restarts."""

    def __init__(self, stage: Stage, run: str) -> None:
        self.id = run
        self._stage = stage

    async def handle(self) -> RunHandle:
        """The handle on the platform that is alive now."""
        return await self._stage.platform.run(self.id)

    async def result(self) -> Any:
        """Wait for the end."""
        return await (await self.handle()).result()

    async def waits_for(self) -> WaitView:
        """Wait until the run waits for something."""
        return await (await self.handle()).waits_for()

    async def status(self) -> RunStatus:
        """Where it stands."""
        return await (await self.handle()).status()

    async def show(self) -> RunView:
        """Its page."""
        return await self._stage.platform.show(self.id)

    async def signal(self, name: str, payload: object = None) -> None:
        """Send it a message."""
        await self._stage.platform.signal(self.id, name, payload)

    async def cancel(self, reason: str = "") -> None:
        """Order it to cancel."""
        await self._stage.platform.cancel(self.id, reason)

    async def approve(self, value: object = ..., *, comment: str = "", by: str = "") -> None:
        """Say yes to what it asks."""
        await (await self.handle()).approve(value, comment=comment, by=by)

    async def reject(self, reason: str = "", *, by: str = "") -> None:
        """Say no to what it asks."""
        await (await self.handle()).reject(reason, by=by)


@asynccontextmanager
async def stage(
    *flows: Flow, workspace: Path | None = None, database: str = "", clock: Clock | None = None,
    chosen: Settings | None = None, worker: bool = True, agents: Sequence[Agent] = (), script: Script | None = None,
    cassette: Path | None = None, mode: Mode = "replay",
) -> AsyncGenerator[Stage]:  # fmt: skip
    """A platform with these flows on a temporary workspace (or the given one), up until the block ends.

    With a `script`, the simulated model answers by it, whatever provider the workspace names. With a `cassette`, the
    answers of its providers come from that file; `mode` is `auto` or `record` where they are asked and recorded.
    """
    with tempfile.TemporaryDirectory(prefix="remit-test-") as temporary:
        place = workspace or Path(temporary)

        async def assemble(given: Iterable[Flow]) -> Platform:
            return await Platform.assemble(
                place,
                database=database,
                flows=given,
                agents=agents,
                clock=clock,
                chosen=chosen,
                quiet="the body of a flow under test",
            )

        made = Stage(assemble, flows, script, cassette, mode)
        await made.up(worker=worker)
        try:
            yield made
        finally:
            await made.down()
