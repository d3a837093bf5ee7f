"""Making recorded runs again: each as a run of its own, of the very flow or agent, through the one gate, in the world
as it was recorded. It chooses no runs and gives no verdict.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from remit.control.evaluating.registering import arm_of
from remit.control.replaying.views import LeftOut
from remit.control.running.handle import RunHandle
from remit.control.running.patience import ended_within
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.domain.events import StepDone
from remit.domain.trials import trial_flow, trial_id
from remit.engine.birth import Birth
from remit.engine.outside import run_stream
from remit.quality.counterfactual.comparing import Compared, compare
from remit.quality.counterfactual.replayed import PAST, stage
from remit.quality.experiments.reading import read_trial
from remit.quality.experiments.trying import trial_flows
from remit.quality.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.replaying.gathering import Recording
    from remit.control.replaying.views import Watch
    from remit.control.running.parts import Parts

_AT_ONCE = 4
_SECONDS = 300.0
_NAMED = "cf-"
"""How the names of these flows begin, so that no trial of a suite is taken for one of them, nor the other way round."""


class Player:
    """Makes runs again in this process, which has a worker."""

    def __init__(self, parts: Parts, replay: str, most: int | None) -> None:
        self._parts = parts
        self._replay = replay
        self._most = most
        self.arm = arm_of(parts)
        self.spent = 0
        self.left_out: list[LeftOut] = []
        self._mark = f"{_NAMED}{self.arm}"
        if not any(name.startswith(trial_flow(self._mark, "")) for name in parts.flows):
            own = {flow.name for flow in parts.house.flows}
            made = trial_flows(self._mark, list(parts.flows.values()), parts.house.agents, own, stage)
            parts.flows.update({flow.name: flow for flow in made})
        self._tools = {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}

    async def play(self, recordings: Sequence[Recording], told: Watch | None = None) -> list[Compared]:
        """Make all of them again, a few at a time."""
        doors, done = asyncio.Semaphore(_AT_ONCE), 0

        async def one(number: int, recording: Recording) -> Compared | None:
            nonlocal done
            async with doors:
                found = await self._one(number, recording)
            done += 1
            if told is not None:
                told(done, len(recordings))
            return found

        found = await asyncio.gather(*(one(number, each) for number, each in enumerate(recordings)))
        return [each for each in found if each is not None]

    async def _one(self, number: int, recording: Recording) -> Compared | None:
        if self._most is not None and self.spent >= self._most:
            self.left_out.append(LeftOut(recording.run, "what this may cost was spent before its turn"))
            return None
        parts, run = self._parts, trial_id(self._replay, 0, number, 0, 1)
        flow = parts.flows[trial_flow(self._mark, recording.flow)]
        world: dict[str, Any] = {
            PAST: recording.past.plain, "seed": 0, "checks": [], "environment": {}, "turns": [],
        }  # fmt: skip
        try:
            given = flow.accept({**recording.input, "trial": world})
        except InvalidInput as wrong:
            self.left_out.append(LeftOut(recording.run, wrong.message))
            return None
        ground, services = parts.ground, parts.services
        birth = Birth(
            run, ground.principal.team, flow, parts.house.gate.parts.vault.redact(given), ground.principal.id,
            policy=services.policy(), release=services.release, origin=recording.run,
        )  # fmt: skip
        assert parts.worker is not None  # noqa: S101 - whoever plays has one
        await parts.worker.begin(birth)
        await ended_within(parts, RunHandle(parts, run, flow), _SECONDS, "a run that is made again")
        scenario = Scenario(recording.run, recording.input)
        trial = await read_trial(services, run, scenario, 0, 0, self._tools)
        self.spent += trial.cost_micro or 0
        return compare(recording.run, recording.trial, trial, recalled=await self._recalled(run))

    async def _recalled(self, run: str) -> tuple[int, int]:
        """How many answers of models were given again, and what they had cost."""
        entries, _ = await self._parts.ground.log.read(run_stream(run))
        money = [
            int(object_of(said["recalled"]).get("money", 0))
            for each in entries
            if isinstance(each.event, StepDone) and "recalled" in (said := object_of(each.event.detail))
        ]
        return len(money), sum(money)
