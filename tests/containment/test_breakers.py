"""Breakers: arithmetic that agrees with counting from scratch, and an agent that is stopped by what it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
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


LOOSE = BreakerLimits(window=10_000_000, deny_percent=0, repeats=0)
TRIPS = {
    "deny_rate": (
        replace(LOOSE, deny_percent=60, deny_least=2), [Act(1), Act(2, denied=True), Act(3, denied=True)],
        66, 60, "2 of 3 actions were refused within 10 s",
    ),
    "repeated_signature": (
        replace(LOOSE, repeats=1), [Act(1, 7), Act(2, 7)], 2, 1, "the same call was made 2 times within 10 s",
    ),
    "cost_velocity": (
        replace(LOOSE, cost=999_999), [Act(1, money=400_000), Act(2, money=850_000)], 1_250_000, 999_999,
        "1.25 were spent within 10 s",
    ),
    "fan_out": (
        replace(LOOSE, fan_out=1), [Act(1, hands_on=True), Act(2, hands_on=True)], 2, 1,
        "it handed on to other agents 2 times within 10 s",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breaker", TRIPS)
def test_a_trip_says_what_was_seen_and_between_when(breaker: str) -> None:
    limits, acts, saw, limit, sentence = TRIPS[breaker]
    window = Window(limits)
    trips = [window.saw(act) for act in acts]
    assert trips[:-1] == [None] * (len(acts) - 1)
    trip = trips[-1]
    assert trip is not None
    assert (trip.breaker, trip.saw, trip.limit, trip.sentence) == (breaker, saw, limit, sentence)
    assert trip.evidence == {
        "breaker": breaker, "saw": saw, "limit": limit, "seconds": 10.0, "actions": len(acts),
        "denied": sum(act.denied for act in acts), "money": sum(act.money for act in acts),
        "handed_on": sum(act.hands_on for act in acts), "from": 1, "to": acts[-1].at,
    }  # fmt: skip
    assert len(window) == len(acts)


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
