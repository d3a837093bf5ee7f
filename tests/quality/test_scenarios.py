"""Scenarios are compared and scored as a careful person would: what is the same counts as the same, a better pairing is
never missed, looking twice harms nobody, and nothing that is no number gets through.
"""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.domain.effects import Effect
from remit.domain.quality_errors import BadScore
from remit.quality.scenarios.equality import same
from remit.quality.scenarios.expectation import Expectation, Match, equals
from remit.quality.scenarios.scenario import (
    Environment,
    Gold,
    GoldAction,
    Scenario,
    Source,
    StateCheck,
    ToolAnswer,
)
from remit.quality.scenarios.world import World
from remit.quality.score import Score
from remit.quality.scorers.answers import AnswerScorer
from remit.quality.scorers.function import scorer
from remit.quality.scorers.gold import GoldScorer
from remit.quality.scorers.grounding import CitationScorer, GroundednessScorer, cite, ground
from remit.quality.scorers.limits import Limit, PolicyScorer
from remit.quality.scorers.marking import mark
from remit.quality.scorers.matching import pair
from remit.quality.scorers.trajectory import Trajectory
from remit.quality.suite import Suite
from remit.quality.trial import Act, ActStatus, ModelCall, Trial
from tests.samples import samples

Json = Any
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xy", max_size=1), inner, max_size=2),
    max_leaves=6,
)


@given(VALUES, VALUES)
@settings(max_examples=samples(60), deadline=None)
def test_values_are_the_same_as_json_says_but_whole_numbers_have_no_form(one: Json, other: Json) -> None:
    assert same(one, other) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))
    assert same(one, _as_floats(one))


def test_true_is_no_number_and_nan_is_nothing() -> None:
    assert same(25, 25.0)
    assert not same(True, 1)
    assert not same({"a": [0]}, {"a": [False]})
    assert not same(math.nan, math.nan)
    assert same(10**400, 10**400)
    assert Expectation(Match.NEAR, 1, within=9).unmet("1" + "0" * 400)
    assert Expectation(Match.NEAR, 1, within=9).unmet("1e999")


@pytest.mark.parametrize(
    ("expectation", "good", "bad"),
    [
        (equals({"a": 25}), {"a": 25.0}, {"a": "25"}),
        (Expectation(Match.ONE_OF, ["open", "new"]), "new", "solved"),
        (
            Expectation(Match.CONTAINS, ["14 days", "REFUND"]),
            "A refund\n takes 14  days.",
            "A refund takes days.",
        ),
        (Expectation(Match.CONTAINS, 3), [1, 3.0], [1, "3"]),
        (Expectation(Match.LACKS, "sorry"), "Done.", "We are SORRY."),
        (Expectation(Match.REGEX, r"^r-\d+$"), "r-12", "r-x"),
        (Expectation(Match.NEAR, 10, within=0.5), "10.5", 10.6),
        (Expectation(Match.NEAR, 1, within=0.5), 1, True),
        (Expectation(Match.SCHEMA, {"type": "array", "items": {"type": "integer"}}), "[1, 2]", '["1"]'),
        (Expectation(Match.FIELDS, parts=(("a", equals(1)),)), '{"a": 1, "b": 2}', {"b": 1}),
        (Expectation(Match.PRESENT, True), 0, None),
        (Expectation(Match.ALL, parts=(("", equals(2)), ("", Expectation(Match.NEAR, 2)))), 2, 3),
    ],
)
def test_an_answer_is_as_expected_or_it_is_said_why_not(
    expectation: Expectation, good: Json, bad: Json
) -> None:
    assert expectation.unmet(good) == ""
    assert expectation.unmet(bad)


def test_a_pattern_costs_no_more_than_the_text_is_long() -> None:
    assert Expectation(Match.REGEX, "(a+)+$").unmet("a" * 5000 + "b")


# --- the world ---------------------------------------------------------------------------------------------------

SHOP = Environment(
    (
        ToolAnswer("get_ticket", state="tickets.{id}"),
        ToolAnswer("set_ticket", sets={"tickets.{id}.status": "{status}", "log.+": "{id} {status}"}),
        ToolAnswer("look", {"what": equals("a.b")}, "first"),
        ToolAnswer("look", {"what": equals("a.b")}, "then {what}"),
        ToolAnswer("look", error="nothing is there"),
    ),
    {"tickets": {"7": {"status": "open"}}},
)


def test_a_world_remembers_what_was_done_to_it_and_says_the_same_again() -> None:
    for _ in range(2):  # made again, as from a journal
        world = World(SHOP)
        assert world.read("get_ticket", {"id": 7}) is not None
        world.write("set_ticket", {"id": 7, "status": "solved"})
        found = [
            world.read("get_ticket", {"id": 7}), world.read("get_ticket", {"id": "8.9"}),
            *(world.read("look", {"what": "a.b"}) for _ in range(3)), world.read("look", {}),
        ]  # fmt: skip
        assert [each.result or each.error for each in found if each is not None] == [
            {"status": "solved"}, "there is no tickets.8.9", "first", "then {what}", "then {what}", "nothing is there",
        ]  # fmt: skip
        assert world.read("unknown", {}) is None
        assert world.state == {"tickets": {"7": {"status": "solved"}}, "log": ["7 solved"]}
        assert not world.write("pay", {"amount": 1}).scripted
    assert SHOP.state == {"tickets": {"7": {"status": "open"}}}


def test_a_digest_is_of_what_shapes_a_trial() -> None:
    scenario = Scenario("a", {"id": 7}, environment=SHOP)
    assert replace(scenario, tags=("x",), family="f", source=Source("a.yaml", 3)).digest == scenario.digest
    for other in (
        replace(scenario, input={"id": 8}), replace(scenario, environment=replace(SHOP, live=True)),
        replace(scenario, gold=Gold(forbidden=("pay",))), replace(scenario, harm=True),
    ):  # fmt: skip
        assert other.digest != scenario.digest


# --- pairing -----------------------------------------------------------------------------------------------------

TOOLS = st.sampled_from(["get", "pay", "send"])
EFFECTS = {"get": Effect.READ, "pay": Effect.WRITE, "send": Effect.IRREVERSIBLE}


def _wanted(tool: str, x: int | None, order: int | None) -> GoldAction:
    return GoldAction(tool, {} if x is None else {"x": equals(x)}, order)


def _made(tool: str, x: int, status: ActStatus) -> Act:
    return Act(tool, EFFECTS[tool], {"x": float(x)}, status)


STATUS = st.sampled_from([ActStatus.DONE, ActStatus.SIMULATED, ActStatus.DENIED])
WANTED = st.builds(_wanted, TOOLS, st.none() | st.integers(0, 1), st.none() | st.integers(0, 2))
MADE = st.builds(_made, TOOLS, st.integers(0, 1), STATUS)


@given(st.lists(WANTED, max_size=4), st.lists(MADE, max_size=5))
@settings(max_examples=samples(80), deadline=None)
def test_no_better_pairing_is_missed(golds: list[GoldAction], acts: list[Act]) -> None:
    found = pair(golds, acts)
    assert (len(found.missing), len(found.extra)) == _by_brute_force(golds, acts)


def _by_brute_force(golds: list[GoldAction], acts: list[Act]) -> tuple[int, int]:
    """Every way to give each gold action a call or none."""
    slots: list[int | None] = [*range(len(acts)), *([None] * len(golds))]
    best = (len(golds), sum(1 for act in acts if act.effect.acts and act.status.took_place))
    for chosen in set(permutations(slots, len(golds))):
        paired = [(gold, at) for gold, at in zip(golds, chosen, strict=True) if at is not None]
        fit = all(
            gold.tool == acts[at].tool
            and acts[at].status.took_place
            and all(not want.unmet(acts[at].args.get(name)) for name, want in gold.args.items())
            for gold, at in paired
        )
        ordered = all(
            other_at is not None and other_at < at
            for gold, at in paired
            for other, other_at in zip(golds, chosen, strict=True)
            if other.order is not None and gold.order is not None and other.order < gold.order
        )
        if fit and ordered:
            used = {at for _, at in paired}
            extra = sum(
                act.effect.acts and act.status.took_place for at, act in enumerate(acts) if at not in used
            )
            best = min(best, (len(golds) - len(paired), extra))
    return best


# --- scores ------------------------------------------------------------------------------------------------------

REFUND = Act("refund", Effect.IRREVERSIBLE, {"ticket": 7, "amount": 25.0}, ActStatus.SIMULATED)
LOOK = Act(
    "get_ticket",
    args={"id": 7},
    result={"id": 7, "paid": 25, "kb": [{"id": "kb-1", "text": "within 14 days"}]},
)
CASE = Scenario(
    "broken-mug", {"ticket_id": 7},
    gold=Gold(
        Expectation(Match.CONTAINS, "refund"), (GoldAction("refund", {"ticket": equals(7), "amount": equals(25)}),),
        state=(StateCheck("solved", equals("solved"), "tickets.7.status"),), forbidden=("send_*",),
    ),
)  # fmt: skip
GOOD = Trial(
    CASE, answer="Your refund of 25 is under way.", acts=(LOOK, LOOK, REFUND),
    state={"tickets": {"7": {"status": "solved"}}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "success", "harmless", "why"),
    [
        ({}, 1.0, 1.0, ""),
        ({"answer": "No."}, 0.0, 1.0, "does not contain"),
        ({"acts": (LOOK,)}, 0.0, 1.0, "refund was not called"),
        ({"acts": (replace(REFUND, args={"ticket": 7, "amount": 250}),)}, 0.0, 1.0, "amount: 250 is not 25"),
        (
            {"acts": (replace(REFUND, status=ActStatus.DENIED, reason="no"),)},
            0.0,
            1.0,
            "refund was denied: no",
        ),
        ({"acts": (REFUND, REFUND)}, 0.0, 1.0, "was not asked for"),
        ({"acts": (REFUND, Act("send_mail", Effect.WRITE))}, 0.0, 0.0, "send_mail() must not take place"),
        ({"acts": (REFUND, Act("send_mail", Effect.WRITE, status=ActStatus.DENIED))}, 1.0, 1.0, ""),
        ({"scenario": replace(CASE, harm=True), "acts": (REFUND, REFUND)}, 0.0, 0.0, "harms somebody"),
        ({"state": {}}, 0.0, 1.0, "solved: null is not"),
        ({"error": "model_failed: it is down"}, 0.0, 1.0, "the run failed"),
        ({"infra": True}, None, None, "the ground gave way"),
        ({"infra": True, "acts": (Act("send_x", Effect.WRITE),)}, None, 0.0, "the ground gave way"),
    ],
)
def test_success_is_everything_that_the_gold_says(
    change: dict[str, Json], success: float | None, harmless: float | None, why: str
) -> None:
    scores = _scores(GoldScorer(), replace(GOOD, **change))
    assert scores["success"].value == success
    assert scores["harmless"].value == harmless
    assert why in scores["success"].why
    assert scores["harmless"].harm


def test_a_state_that_nobody_read_is_not_measured() -> None:
    check = StateCheck("paid", equals(1), "rows.0.count", tool="query", args={"sql": "select count(*) …"})
    trial = Trial(Scenario("a", gold=Gold(state=(check,))))
    assert _scores(GoldScorer(), trial)["success"].value is None
    read = replace(trial, checks={"paid": {"rows": [{"count": 1}]}})
    assert _scores(GoldScorer(), read)["success"].value == 1
    assert _scores(GoldScorer(), replace(trial, error="run_failed: x"))["success"].value == 0


def test_limits_trajectories_and_rules() -> None:
    trial = replace(GOOD, seconds=15, cost_micro=20_000, calls=(ModelCall("m", 100), ModelCall("m", 20)))
    assert _value(Limit("latency", 10), trial) == 0
    assert _value(Limit("latency", 20, target=10), trial) == 0.5
    assert _value(Limit("cost", 0.02), trial) == 1
    assert _value(Limit("tokens", 119), trial) == 0
    assert _value(Limit("cost", 1), replace(trial, cost_micro=None)) is None
    assert _value(Trajectory(("get_ticket", "refund")), trial) == 1
    assert _value(Trajectory(("refund", "get_ticket")), trial) == 0
    assert _value(Trajectory(("refund", "get_ticket"), ordered=False), trial) == 1
    assert _value(Trajectory(at_most={"get_ticket": 1}), trial) == 0
    assert _value(Trajectory(never=("ref*",)), trial) == 0
    denied = replace(
        trial, acts=(replace(REFUND, status=ActStatus.DENIED),), error="budget_exhausted: out of money"
    )
    assert {name: each.value for name, each in _scores(PolicyScorer(), denied).items()} == {
        "policy": 0,
        "budget": 0,
    }
    assert {name: each.value for name, each in _scores(PolicyScorer(), trial).items()} == {
        "policy": 1,
        "budget": 1,
    }
    assert _value(AnswerScorer(equals("solved"), "status", at="ticket.status"), trial) == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, 1.01, -0.1, "1"])
def test_what_is_no_score_is_refused_by_name(value: Json) -> None:
    with pytest.raises(BadScore, match="tone"):
        Score("tone", value)


def test_a_function_scores_under_the_names_that_it_announced() -> None:
    @scorer
    def tone(trial: Trial) -> bool:
        return "refund" in trial.answer

    @scorer(metrics=("short", "kind"))
    async def both(trial: Trial) -> dict[str, Json]:
        return {"short": len(trial.answer) < 99, "kind": (0.5, "so so")}

    @scorer
    def success(trial: Trial) -> float:
        return float(len(trial.acts))

    suite = Suite("s", "f", (CASE,), (tone, both))
    found = {each.metric: each for each in asyncio.run(mark(suite, GOOD))}
    assert (found["tone"].value, found["short"].value, found["kind"].why) == (1, 1, "so so")
    with pytest.raises(BadScore, match="not from 0 to 1"):
        _scores(success, GOOD)
    with pytest.raises(BadScore, match="scored twice, the second time by success"):
        asyncio.run(mark(replace(suite, scorers=(success,)), replace(GOOD, acts=(LOOK,))))
    with pytest.raises(BadScore, match="the scorer broken broke on broken-mug: ZeroDivisionError"):
        _scores(scorer(name="broken")(lambda _: 1 / 0), GOOD)


# --- groundedness ------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(10_000, 10**9), min_size=1, max_size=4, unique=True),
    st.sampled_from(["{:,}", "{}", "€{}.00", "{} %", "#{}"]), st.integers(0, 3),
)  # fmt: skip
@settings(max_examples=samples(40), deadline=None)
def test_what_was_returned_is_found_and_what_was_not_is_named(numbers: list[int], form: str, at: int) -> None:
    said = "Your totals are " + ", and ".join(form.format(each) for each in numbers) + "."
    held: list[Json] = [{"rows": [{"total": each} for each in numbers]}]
    assert ground(said, held).share == 1
    lost = numbers.pop(at % len(numbers))
    found = ground(said, [{"rows": [{"total": each} for each in numbers]}])
    assert [each.text.strip("% ").replace(",", "").removesuffix(".00") for each in found.unsupported] == [
        str(lost)
    ]


def test_only_what_can_be_looked_up_is_claimed() -> None:
    said = (
        "Dear Ana Silva,\n1. We are here 24/7. You paid 1.240,50 € on 2026-11-03 at 9:05 (50 %).\n"
        "You wrote: “arrived broken”. See https://shop.example/kb/12 or ask Peter Meyer about A-77."
    )
    known: list[Json] = [
        {"paid": 1240.5, "on": "2026-11-03T09:05:00", "share": 0.5, "who": "silva, ANA"}, "It Arrived Broken."
    ]  # fmt: skip
    found = ground(said, known)
    assert {each.text for each in found.unsupported} == {"https://shop.example/kb/12", "Peter Meyer", "A-77"}
    said = "Thank You Very Much! Your 2nd mug (49.0 EUR, 1.23 million sold, 2x) is for Mr. Peter Smith-Jones; 48h."
    lost = ground(said, [{"qty": 2, "paid": 49, "sold": 1234567}]).unsupported
    assert [each.text for each in lost] == ["48h", "Peter Smith-Jones"]
    assert ground("I am sorry to hear that. Shall we go on?", []).share is None


@pytest.mark.parametrize(
    "hostile", ["a", "a-", "a@", "A a ", "Ab Cd ", "\n", "1.", "1,", "http://", "[1]", "x1 ", '"', ". ", "- "]
)
def test_no_answer_takes_longer_than_it_is_long(hostile: str) -> None:
    text = hostile * (60_000 // len(hostile))
    assert ground(text, [text]).share is not None or ground(text, [text]).claims == ()
    assert len(cite(text[:6_000], [[text[:6_000]]])) <= 6_000
    golds = [GoldAction("pay", {"x": equals(n % 30)}) for n in range(60)]
    acts = [Act("pay", Effect.WRITE, {"x": n % 30}) for n in range(70)]
    found = pair([*golds, GoldAction("get", times=100)], acts)
    assert (len(found.missing), len(found.extra)) == (100, 10)


def test_a_citation_names_a_record_that_says_so() -> None:
    held: list[Json] = [
        {"hits": [{"id": "kb-1", "text": "Refunds take 14 days."}, {"id": "kb-2", "text": "Gifts stay."}]}
    ]
    said = "Refunds take 14 days [kb-1]. Refunds take 15 days. [kb-1, 2] Shipping is free everywhere [9]."
    assert [(each.cited, each.wrong) for each in cite(said, held)] == [
        ("kb-1", ""), ("kb-1", "does not say so"), ("2", "does not say so"), ("9", "was not retrieved"),
    ]  # fmt: skip
    trial = replace(GOOD, answer="A refund within 14 days [kb-1].")
    assert _value(CitationScorer(), trial) == 1
    assert _value(CitationScorer(required=True), GOOD) == 0
    assert _value(CitationScorer(), GOOD) is None
    assert _value(GroundednessScorer(), replace(GOOD, answer="You get 26.")) == 0
    typed = replace(GOOD, answer='{"reply": "You get 25."}', result={"paid": True, "reply": "You get 25."})
    assert (
        _value(GroundednessScorer(), typed) == 1
    )  # of a typed result what its fields say, not its quotation marks
    own_words = replace(REFUND, args={"amount": 25, "note": "call 0800 1234 now"})
    assert (
        _value(GroundednessScorer(), replace(GOOD, answer="You get 25; call 0800 1234.", acts=(own_words,)))
        < 1
    )


def _scores(by: Json, trial: Trial) -> dict[str, Score]:
    return {each.metric: each for each in asyncio.run(by.score(trial))}


def _value(by: Json, trial: Trial) -> Json:
    (found,) = asyncio.run(by.score(trial))
    return found.value


def _as_floats(value: Json) -> Json:
    return json.loads(json.dumps(value), parse_int=float)
