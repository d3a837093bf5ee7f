"""Feature flags: who is in a share stays in it, the gate obeys what is switched, and each run says what it met."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit import Agent, Run, flow, tool
from remit.control.flagging.desk import FlagWish
from remit.domain.action_errors import Denied
from remit.domain.event import Event, object_of
from remit.domain.flag_errors import InvalidFlag, UnknownFlag
from remit.domain.flag_events import FlagRemoved, FlagSet
from remit.domain.flags import Flag, FlagKind
from remit.engine.outside import run_stream, team_stream
from remit.gate.flag_board import take_from
from remit.integrations.openfeature import flags_from
from remit.testing import Stage, stage
from remit.testing.scripting import Script
from tests.engine.places import Place

DONE: list[int] = []


@tool(effect="read", trusted=True)
async def look(number: int) -> int:
    """Look."""
    DONE.append(number)
    return number


@flow
async def asks(run: Run) -> Any:
    return await run.flag("style", "plain")


@flow
async def looks(run: Run) -> Any:
    try:
        return await run.call(look, number=1)
    except Denied as wrong:
        return str(wrong)


@flow
async def waits(run: Run) -> Any:
    before = await run.flag("style", "plain")
    await run.signal("go")
    return [before, await run.flag("style", "plain")]


@given(
    st.integers(0, 99),
    st.text("abc", min_size=1, max_size=8),
    st.lists(st.uuids().map(str), min_size=1, max_size=20),
)
def test_who_is_in_a_share_stays_in_it_while_it_grows(percent: int, salt: str, keys: list[str]) -> None:
    less = Flag("f", FlagKind.VALUE, value=1, percent=percent, salt=salt)
    more = replace(less, percent=percent + 1)
    for key in keys:
        assert less.pick(key) == less.pick(key)
        assert less.pick(key).variant == "off" or more.pick(key).variant == "on"
        assert replace(less, percent=0).pick(key).variant == "off"
        assert replace(less, percent=100).pick(key).variant == "on"


def test_a_share_is_as_large_as_it_says() -> None:
    flag = Flag("f", FlagKind.VALUE, value=1, percent=30, salt="s")
    assert abs(sum(flag.pick(f"r-{n}").variant == "on" for n in range(4000)) / 4000 - 0.3) < 0.03


async def known(made: Stage) -> None:
    """What every process learns within a second."""
    await made.platform.parts.house.gate.parts.flags.look()


async def seen(place: Stage, stream: str, kind: type[Any]) -> list[Any]:
    return [
        each.event
        for each in (await place.platform.ground.log.read(stream))[0]
        if isinstance(each.event, kind)
    ]


async def test_a_value_is_what_a_run_met_and_stays_so_on_replay(place: Place) -> None:
    async with place.stage(asks, waits) as made:
        desk = made.platform.flags
        assert await (await made.start(asks)).result() == "plain"
        run = await made.start(waits)
        await run.waits_for()
        await desk.set(FlagWish("style", value={"tone": "warm"}, reason="try it"))
        await made.crash_and_restart()
        await made.run(run.id).signal("go")
        assert await made.run(run.id).result() == ["plain", {"tone": "warm"}]
        assert (await made.platform.flags.evaluate("style", run.id)).plain() == {
            "flag": "style", "variant": "on", "value": {"tone": "warm"}, "reason": "STATIC", "source": "remit",
        }  # fmt: skip
        await made.platform.flags.off("style", "enough")
        assert [each.name for each in await made.platform.flags.list()] == []
        (was,) = await seen(made, team_stream("default"), FlagSet)
        assert (was.flag, was.what, was.value, was.percent, was.reason) == (
            "style",
            "value",
            {"tone": "warm"},
            100,
            "try it",
        )
        assert [each.flag for each in await seen(made, team_stream("default"), FlagRemoved)] == ["style"]
        with pytest.raises(UnknownFlag, match="no flag"):
            await made.platform.flags.off("style")


async def test_a_tool_that_is_off_is_refused_at_the_gate_with_the_flag_by_name(place: Place) -> None:
    DONE.clear()
    async with place.stage(looks) as made:
        await made.platform.flags.set(FlagWish("no-look", tool="look", percent=0))
        await known(made)
        said = await (await made.start(looks)).result()
        assert "the flag no-look has switched look off for this run" in said
        assert DONE == []
        await made.platform.flags.set(FlagWish("no-look", tool="look", percent=0, agents=("somebody",)))
        await known(made)
        assert await (await made.start(looks)).result() == 1


async def test_a_route_leads_elsewhere_for_a_share_and_the_call_says_so() -> None:
    clerk, script = Agent("clerk", prompt="Answer.", route="fast"), Script()
    script(clerk).says("one").says("two")
    async with stage(agents=[clerk], script=script) as made:
        run = await made.start("clerk", question="a")
        await run.result()
        await made.platform.flags.set(FlagWish("strong-clerk", route="fast", to="strong", percent=100))
        await known(made)
        other = await made.start("clerk", question="b")
        await other.result()
        models: list[Any] = []
        for each in (run, other):
            events = await seen(made, run_stream(each.id), Event)
            details = [object_of(getattr(event, "detail", None)) for event in events]
            (said,) = [detail for detail in details if "route" in detail]
            models.append((said["route"], object_of(said.get("flag")).get("value")))
        assert models == [("fast", None), ("fast", "strong")]


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (FlagWish("f"), "about one thing"),
        (FlagWish("f", tool="a", value=1), "about one thing"),
        (FlagWish("f", route="a"), "about one thing"),
        (FlagWish("f f", tool="a"), "cannot be called"),
        (FlagWish("f", tool="a", percent=101), "101 %"),
        (FlagWish("f", tool="a", otherwise=1), "only a value has"),
    ],
)
async def test_a_flag_that_could_decide_nothing_is_refused(wish: FlagWish, why: str) -> None:
    async with stage() as made:
        with pytest.raises(InvalidFlag, match=why):
            await made.platform.flags.set(wish)


class Client:
    """An OpenFeature client, as far as one is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def get_string_details(self, flag_key: str, default_value: str, evaluation_context: Any = None) -> Any:
        self.asked.append(
            (flag_key, default_value, evaluation_context.targeting_key, evaluation_context.attributes)
        )
        if flag_key == "style":
            return Details("warm", "b", "TARGETING_MATCH", None)
        return Details(default_value, None, "ERROR", "FLAG_NOT_FOUND")


class Details:
    def __init__(self, value: Any, variant: str | None, reason: str, error_code: str | None) -> None:
        self.value, self.variant, self.reason, self.error_code = value, variant, reason, error_code


async def test_flags_of_an_openfeature_provider_answer_for_names_that_are_not_ours() -> None:
    client = Client()
    try:
        take_from(flags_from(client))
        async with stage(asks) as made:
            run = await made.start(asks)
            assert await run.result() == "warm"
            assert client.asked == [
                ("style", "plain", run.id, {"flow": "asks", "agent": "", "team": "default"})
            ]
            (step,) = (await run.show()).steps
            assert step.result == {
                "flag": "style", "variant": "b", "value": "warm", "reason": "TARGETING_MATCH", "source": "openfeature",
            }  # fmt: skip
            await made.platform.flags.set(FlagWish("style", value="ours"))
            await known(made)
            assert await (await made.start(asks)).result() == "ours"
            assert len(client.asked) == 1
    finally:
        take_from()
