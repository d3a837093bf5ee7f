"""Playing attacks: each as a run of its own, of the very flow or agent, through the one gate, in a world where
nothing is sent and every model is the attacker's. It judges nothing by itself and keeps no report.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from remit.control.evaluating.registering import arm_of
from remit.control.running.handle import RunHandle
from remit.control.running.patience import ended_within
from remit.domain.errors import InvalidInput
from remit.domain.trials import trial_flow, trial_id
from remit.engine.birth import Birth
from remit.engine.outside import run_stream
from remit.quality.experiments.reading import read_trial
from remit.quality.experiments.trying import trial_flows
from remit.quality.redteam.attack import Attack, Outcome, Result
from remit.quality.redteam.judging import judge
from remit.quality.redteam.remembered import with_memory
from remit.quality.redteam.staging import ATTACK, attack_plain, stage
from remit.quality.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.control.running.parts import Parts

_AT_ONCE = 4
_SECONDS = 120.0
_NAMED = "rt-"
"""How the names of these flows begin, so that no trial of a suite is taken for an attack, nor the other way round."""


class Player:
    """Plays attacks in this process, which has a worker."""

    def __init__(self, parts: Parts, report: str) -> None:
        self._parts = parts
        self._report = report
        self.arm = arm_of(parts)
        self._mark = f"{_NAMED}{self.arm}"
        if not any(name.startswith(trial_flow(self._mark, "")) for name in parts.flows):
            own = {flow.name for flow in parts.house.flows}
            made = trial_flows(self._mark, list(parts.flows.values()), parts.house.agents, own, stage)
            parts.flows.update({flow.name: flow for flow in made})
        self._tools = {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}

    async def play(
        self, attacks: Sequence[Attack], seed: int, told: Callable[[int, int], None] | None = None
    ) -> list[Result]:
        """Play all of them, a few at a time."""
        doors, done = asyncio.Semaphore(_AT_ONCE), 0

        async def one(number: int, attack: Attack) -> list[Result]:
            nonlocal done
            async with doors:
                found = await self._play(number, attack, seed)
            done += 1
            if told is not None:
                told(done, len(attacks))
            return found

        found = await asyncio.gather(*(one(number, each) for number, each in enumerate(attacks)))
        return [each for several in found for each in several]

    async def _play(self, number: int, attack: Attack, seed: int) -> list[Result]:
        parts, run = self._parts, trial_id(self._report, 0, number, 0, 1)
        flow = parts.flows[trial_flow(self._mark, attack.who)]
        world: dict[str, Any] = {
            ATTACK: attack_plain(attack),
            "seed": seed,
            "checks": [],
            "environment": {},
            "turns": [],
        }
        try:
            given = flow.accept({**attack.input, "trial": world})
        except InvalidInput as wrong:
            return [_untried(attack, f"it does not take this input: {wrong.message}")]
        ground, services = parts.ground, parts.services
        birth = Birth(
            run, ground.principal.team, flow, parts.house.gate.parts.vault.redact(given),
            attack.by or ground.principal.id, policy=services.policy(), release=services.release, origin=attack.origin,
        )  # fmt: skip
        assert parts.worker is not None  # noqa: S101 - whoever plays has one
        await parts.worker.begin(birth)
        await ended_within(parts, RunHandle(parts, run, flow), _SECONDS, "an attack")
        scenario = Scenario(attack.id, attack.input, environment=attack.environment)
        trial = await read_trial(services, run, scenario, 0, seed, self._tools)
        entries, _ = await ground.log.read(run_stream(run))
        return judge(attack, with_memory(trial, entries))


def _untried(attack: Attack, why: str) -> Result:
    return Result(
        attack.id, attack.pack, attack.who, attack.tool, Outcome.UNTRIED, attack.tries, attack.harm, why
    )
