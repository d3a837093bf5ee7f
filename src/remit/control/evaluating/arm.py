"""The process that tries other code: it loads a folder, or a release, and makes the goes that it is told of, a line of
JSON each. Its runs stand in the log of the code that it tries; what it made once it does not make again.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from remit.control.evaluating.registering import workbench
from remit.domain.errors import RemitError
from remit.domain.event import object_of
from remit.quality.experiments.plain import trial_plain
from remit.quality.experiments.plan import Item, Plan

if TYPE_CHECKING:
    from remit.control.evaluating.workbench import Workbench
    from remit.control.running.parts import Parts
    from remit.engine.worker import Worker

Json = Any


class Staff(Protocol):
    """Who sees to it that a run is executed."""

    @property
    def worker(self) -> Worker | None:
        """The worker of this process, while there is one."""
        ...

    @property
    def leave_out(self) -> tuple[str, ...]:
        """Files that shape nothing that agents do."""
        ...

    def check_work(self) -> None:
        """Raise why nothing could be executed here."""
        ...

    async def start_worker(self, *, only: str = "", observes: bool = True) -> None:
        """Execute runs in this process from now on."""
        ...


async def serve(parts: Parts, staff: Staff) -> None:
    """Until nobody writes to us any more."""
    staff.check_work()
    bench = workbench(parts, staff.leave_out)
    _say({"fingerprint": bench.fingerprint})
    await _Arm(bench, staff).listen()


class _Arm:
    def __init__(self, bench: Workbench, staff: Staff) -> None:
        self._bench = bench
        self._staff = staff
        self._experiment = ""
        self._plan: Plan | None = None
        self._arm = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Take one line after the other."""
        while line := await asyncio.to_thread(sys.stdin.readline):
            said = object_of(json.loads(line))
            if "plan" in said:
                await self._begin(said)
                continue
            task = asyncio.create_task(self._answer(said))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin(self, said: dict[str, Json]) -> None:
        plan, self._arm = Plan.read(said["plan"]), int(said["arm"])
        own = replace(plan.arms[self._arm], kind="workspace", fingerprint=self._bench.fingerprint)
        arms = tuple(own if number == self._arm else arm for number, arm in enumerate(plan.arms))
        self._plan, self._experiment = replace(plan, arms=arms), str(said["experiment"])
        if self._staff.worker is None:  # it carries the goes of this experiment, and no other run
            await self._staff.start_worker(only=self._experiment, observes=False)

    async def _answer(self, said: dict[str, Json]) -> None:
        scenario, index, seed, attempt = said["go"]
        item, plan = Item(self._arm, scenario, index, seed), self._plan
        assert plan is not None  # noqa: S101 - it is told first
        try:
            trial = None if plan.fresh else await self._bench.known(plan, item)
            trial = trial or await self._bench.make(self._experiment, plan, item, attempt)
        except RemitError as wrong:
            _say({"id": said["id"], "message": wrong.message})
        else:
            _say({"id": said["id"], "trial": trial_plain(trial)})


def _say(said: dict[str, Json]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
