"""Breakers: arithmetic that agrees with counting from scratch, and an agent that is stopped by what it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from remit.control.settings import BreakerSettings, Settings
from remit.policy.containment.breakers import Act, BreakerLimits, Trip, Window
from remit.testing import stage
from remit.testing.scripting import Script
from tests.engine.places import parked, until
from tests.gate.desk import ALL_ALLOWED, Bank, agent, write_policy

ACTS = st.lists(
    st.builds(
        Act, at=st.integers(0, 30), signature=st.integers(0, 3), denied=st.booleans(), money=st.integers(0, 5),
        hands_on=st.booleans(),
    ),
    max_size=40,
)  # fmt: skip
LIMITS = st.builds(
    BreakerLimits, window=st.integers(1, 20), deny_percent=st.integers(0, 100), deny_least=st.integers(1, 4),
    repeats=st.integers(0, 4), cost=st.integers(0, 20), fan_out=st.integers(0, 4),
)  # fmt: skip


def slowly(limits: BreakerLimits, acts: list[Act]) -> str:
    """Which breaker the last act trips, counted anew."""
    last = acts[-1]
    near = [act for act in acts if act.at > last.at - limits.window]
    denied = sum(act.denied for act in near)
    same = sum(act.signature == last.signature for act in near)
    often = denied >= limits.deny_least and 100 * denied // len(near) >= limits.deny_percent
    if limits.deny_percent and last.denied and often:
        return "deny_rate"
    if limits.repeats and last.signature and same > limits.repeats:
        return "repeated_signature"
    if limits.cost and sum(act.money for act in near) > limits.cost:
        return "cost_velocity"
    if limits.fan_out and last.hands_on and sum(act.hands_on for act in near) > limits.fan_out:
        return "fan_out"
    return ""


@given(LIMITS, ACTS)
def test_a_window_trips_exactly_where_counting_from_scratch_does(
    limits: BreakerLimits, acts: list[Act]
) -> None:
    window, seen = Window(limits), list[Act]()
    for act in sorted(acts, key=lambda act: act.at):
        seen.append(act)
        trip: Trip | None = window.saw(act)
        assert (trip.breaker if trip is not None else "") == slowly(limits, seen)
        assert trip is None or trip.sentence


async def test_an_agent_that_repeats_itself_is_put_in_quarantine_with_the_evidence(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    told = script(clerk)
    for _ in range(4):
        told.calls("refund", order="o-1")
    told.says("done")
    write_policy(tmp_path, ALL_ALLOWED)
    chosen = replace(Settings(), breakers=BreakerSettings(repeats=2))
    async with stage(workspace=tmp_path, agents=[clerk], script=script, chosen=chosen) as made:
        run = await made.start("clerk", question="refund o-1")
        await until(lambda: bool(made.platform._parts.house.gate.parts.halts.any))
        (halt,) = await made.platform.halts()
        assert (halt.mode, halt.by, halt.target) == ("quarantine", "breaker:repeated_signature", "clerk")
        evidence = cast("dict[str, Any]", halt.evidence)
        assert (evidence["saw"], evidence["limit"], evidence["run"]) == (3, 2, run.id)
        await parked(run, "human")  # the fourth is a write in quarantine: somebody is asked
        assert len(bank.refunds) == 3
        (item,) = await made.platform.inbox()
        assert item.group == "operators"
        await run.reject("stop it")
        assert await run.result() == "done"
        assert len(bank.refunds) == 3
