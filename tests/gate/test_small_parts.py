"""The small parts of the gate, each by itself: rates, roles, what a result may be and which classes it has, and how far
whoever is let act may go. What they come to together is proven by the tests of the whole gate beside.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.action_errors import RateLimited
from remit.domain.budgets import Account, Budget
from remit.domain.errors import TooLarge, ToolFailed
from remit.domain.tools import Rate, ResultLabel
from remit.gate.actor import Actor
from remit.gate.classes import classed, mark, marks
from remit.gate.rates import Rates
from remit.gate.results import label_of, said_of, within
from remit.gate.roles import Roles
from remit.store.database import Op
from remit.testing import ManualClock
from tests.policy.worlds import READ, REFUND, tool

PLACE = cast("Any", (SimpleNamespace(row=SimpleNamespace(id="r-1")), "p"))


def tool_of(manifest: Any) -> Any:
    return SimpleNamespace(name=manifest.name, manifest=manifest)


# --- rates --------------------------------------------------------------------------------------------------


async def test_a_tool_is_called_so_often_in_any_window_and_no_clock_that_is_set_changes_it() -> None:
    clock = ManualClock()
    rates, rate = Rates(clock), Rate(2, 10.0)
    rates.take("support", "refund", rate)
    await clock.advance(4)
    rates.take("support", "refund", rate)
    clock.jump(3600)
    await clock.advance(1)
    with pytest.raises(RateLimited) as refused:
        rates.take("support", "refund", rate)
    assert refused.value.message == "refund may be called 2 times in 10 s, and was."
    assert refused.value.hint == "There is room again in 5.0 s."
    rates.take("sales", "refund", rate)
    rates.take("support", "wipe", rate)
    await clock.advance(4.999999)
    with pytest.raises(RateLimited):
        rates.take("support", "refund", rate)
    await clock.advance(0.000001)
    rates.take("support", "refund", rate)
    with pytest.raises(RateLimited, match="2 times"):
        rates.take("support", "refund", rate)
    await clock.advance(10)
    for _ in range(2):
        rates.take("support", "refund", rate)


# --- roles --------------------------------------------------------------------------------------------------


class People:
    """The rows of people, counted."""

    def __init__(self, *rows: tuple[str, bool, str | None]) -> None:
        self.rows: list[tuple[str, bool, str | None]] = list(rows)
        self.asked: list[tuple[object, ...]] = []

    async def fetch(self, *query: object) -> list[tuple[str, bool, str | None]]:
        self.asked.append(query)
        return self.rows


async def test_people_are_known_as_they_are_and_looked_at_once_a_second() -> None:
    people = People(
        ("lea", True, "reviewer"), ("lea", True, "admin"), ("kim", False, "admin"), ("bo", True, None)
    )
    roles = Roles(cast("Any", people), "support")
    assert roles.stale(0), "nobody was looked at yet"
    assert roles.stale(1_500_000), "and not a second and a half later either"
    assert (roles.of("lea"), roles.knows("lea"), roles.is_disabled("kim"), roles.any) == (
        (),
        False,
        False,
        False,
    )
    await roles.look(0)
    assert not roles.stale(0)
    await roles.look(999_999)
    assert people.asked == [("people.roles", "support")]
    assert (roles.of("lea"), roles.of("bo"), roles.of("nobody")) == (("admin", "reviewer"), (), ())
    assert [roles.knows(each) for each in ("lea", "kim", "bo", "nobody")] == [True, True, True, False]
    assert [roles.is_disabled(each) for each in ("lea", "kim", "bo", "nobody")] == [False, True, False, False]
    assert (roles.any, roles.stale(999_999), roles.stale(1_000_000), roles.stale(-1)) == (
        True,
        False,
        True,
        True,
    )
    people.rows = [("kim", True, "admin")]
    await roles.look(1_000_000)
    assert not roles.stale(1_000_001)
    assert (roles.is_disabled("kim"), roles.knows("lea"), len(people.asked)) == (False, False, 2)
    people.rows = []
    await roles.look(2_000_000)
    assert not roles.any


def test_where_nobody_is_kept_there_is_nothing_to_look_at() -> None:
    assert not Roles().stale(10**15)
    assert not Roles().any


# --- results ------------------------------------------------------------------------------------------------


def test_a_result_is_as_large_as_the_log_takes_and_a_larger_one_is_said_to_be_so() -> None:
    assert within(tool_of(READ), "abcd", 4) == "abcd"
    assert within(tool_of(READ), [1], 3) == [1]
    assert within(tool_of(READ), "ä\ud800", 5) == "ä\ud800"
    with pytest.raises(ToolFailed, match="answered 6 bytes"):
        within(tool_of(READ), "äöü", 5)
    with pytest.raises(ToolFailed) as failed:
        within(tool_of(READ), "x" * 1001, 1000)
    assert str(failed.value) == "get_ticket answered 1,001 bytes, and a result may have 1,000. Ask for less."
    said = "refund answered 3 bytes, and a result may have 2."
    stands_in = {"done": True, "note": f"{said} It took place; the answer was not kept."}
    assert within(tool_of(replace(REFUND, result=None)), [1], 2) == stands_in
    assert within(tool_of(replace(REFUND, result={})), [1], 2) == stands_in
    with pytest.raises(TooLarge) as large:
        within(tool_of(replace(REFUND, result={"type": "array"})), [1], 2)
    assert str(large.value) == f"{said} The write did take place."


def test_a_result_is_labelled_by_its_manifest_alone() -> None:
    plain: dict[str, Any] = {"source": "python", "integrity": "U", "readers": [], "class": ""}
    assert label_of(tool_of(READ)) == plain
    label = ResultLabel("crm", trusted=True, readers=("team:x", "*"), data_class="health")
    named = {"source": "crm", "integrity": "R", "readers": ["team:x", "*"], "class": "health"}
    manifest = replace(READ, label=label)
    assert label_of(tool_of(manifest)) == named
    said = said_of(tool_of(manifest))
    classes = {"classes": {"result": "health", "detail/images": "health", "detail/before": "health"}}
    assert said.outcome == {"label": named, **classes}
    assert said.action == {"tool_digest": manifest.digest[:16], **classes}
    assert said_of(tool_of(manifest)) is said, "put together once"


def test_a_call_names_where_its_classed_data_stands_and_the_run_is_marked() -> None:
    mail = tool("mail", to={"type": "string", "x-remit-class": "personal"}, subject={"type": "string"})
    places = {
        "detail/arguments/to": "personal", "detail/edited/arguments/to": "personal",
        "detail/images": "personal", "detail/before": "personal",
    }  # fmt: skip
    both = replace(mail, label=ResultLabel(data_class="health"))
    images = dict.fromkeys(("detail/images", "detail/before"), "health")
    assert classed(tool_of(mail)) == {"classes": places}
    assert classed(tool_of(both)) == {"classes": {**places, "result": "health", **images}}
    assert (classed(None), classed(tool_of(replace(READ)))) == ({}, {})
    assert classed(tool_of(mail))["classes"] is classed(tool_of(mail))["classes"], "found out once"
    schema = {"type": "object", "properties": {"mail": {"type": "string", "x-remit-class": "personal"}}}
    answered = classed(tool_of(replace(READ, result=schema)))["classes"]
    assert answered == {"result/mail": "personal", "detail/images": "personal", "detail/before": "personal"}
    assert list(marks(tool_of(mail), PLACE)) == [Op("protection.mark", ("r-1", "personal"))]
    assert [list(marks(*each)) for each in ((None, PLACE), (tool_of(mail), None), (tool_of(READ), PLACE))] == [
        [], [], [],
    ]  # fmt: skip
    assert mark("r", ["b", "a", "b"]) == [
        Op("protection.mark", ("r", "b")),
        Op("protection.mark", ("r", "a")),
    ]


# --- who acts -----------------------------------------------------------------------------------------------


def test_whoever_is_let_act_has_no_more_than_its_giver() -> None:
    own, other = (Account(name, Budget(steps=5)) for name in ("run:r", "ask:a"))
    guards: Any = (("g1",), ("g2",))
    flow = Actor("lea", "support", accounts=(own,), memory=frozenset({"team"}))
    lead = flow.lets("lead", frozenset({"refund", "mail"}), None, 50, frozenset({"team", "user"}), guards[0])
    assert lead == Actor(
        "lea", "support", "lead", (), (own,), frozenset({"refund", "mail"}), 50, frozenset({"team", "user"}),
        guards=guards[0],
    )  # fmt: skip
    clerk = lead.lets(
        "clerk", frozenset({"refund", "wipe"}), other, 90, frozenset({"user", "run"}), guards[1]
    )
    assert clerk == Actor(
        "lea", "support", "clerk", ("lead",), (own, other), frozenset({"refund"}), 50, frozenset({"user"}),
        guards=(*guards[0], *guards[1]),
    )  # fmt: skip
    last = clerk.lets("last", frozenset({"refund"}), None)
    assert (last.chain, last.until, last.memory, last.guards) == (
        ("lead", "clerk"),
        50,
        frozenset(),
        clerk.guards,
    )
    assert clerk.lets("soon", frozenset(), None, 9).until == 9
    free = Actor("lea", "support", "free").lets("clerk", frozenset({"a"}), None, memory=frozenset({"m"}))
    assert (free.tools, free.memory, free.until, free.chain) == (
        frozenset({"a"}), frozenset({"m"}), None, ("free",),
    )  # fmt: skip
