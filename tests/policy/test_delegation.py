"""Delegation only narrows: whatever anybody asks for, a child holds nothing that one of its ancestors does not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.capabilities import ANYBODY, EVERYTHING, Capability, Signed, Terms
from remit.domain.decisions import AccessRequest
from remit.domain.errors import InvalidInput, InvalidSetting
from remit.policy.delegation import attenuate, refusal, widens

TOOLS = ("refund", "mail", "read")
VERSIONS = st.sampled_from(["d-1", "d-2"])
NAMED = st.dictionaries(st.sampled_from(TOOLS), VERSIONS | st.just(""))
GIVEN = NAMED | NAMED.map(lambda tools: {**tools, **EVERYTHING})
BUDGETS = st.dictionaries(st.sampled_from(["money", "tokens", "calls"]), st.integers(1, 100))
TERMS = st.builds(
    Terms,
    tools=st.none() | st.lists(st.sampled_from(TOOLS), unique=True).map(tuple),
    arguments=st.lists(
        st.sampled_from(["refund.cents<=500", "refund.cents<=90", "mail.to=a", "refund.order=o-1"])
    ).map(tuple),
    calls=st.none() | st.integers(1, 9),
)
LINKS = st.tuples(GIVEN, BUDGETS, TERMS, st.integers(1, 1000))


def call(tool: str, digest: str, cents: int, to: str) -> AccessRequest:
    """A call by the last of them."""
    arguments = {"cents": cents, "to": to, "order": "o-1"}
    return AccessRequest("lea", "support", "clerk", "call", tool, {"digest": digest}, arguments)


REQUESTS = st.builds(
    call, st.sampled_from(TOOLS), VERSIONS, st.integers(0, 1000), st.sampled_from(["a", "b"])
)


def chain(links: list[tuple[dict[str, str], dict[str, int], Terms, int]]) -> list[Capability]:
    """Capabilities, each made from the one before."""
    found: list[Capability] = []
    for tools, budget, terms, expires in links:
        found.append(attenuate(
            found[-1] if found else None, run="r-1", holder="clerk", agent="a", tools=tools, expires=expires,
            budget=budget, terms=terms,
        ))  # fmt: skip
    return found


@given(
    st.lists(LINKS, min_size=2, max_size=5), st.lists(REQUESTS, min_size=1, max_size=8), st.integers(0, 1000)
)
def test_a_child_never_exceeds_any_ancestor(
    links: list[Any], requests: list[AccessRequest], now: int
) -> None:
    made = chain(links)
    for parent, child in pairwise(made):
        assert widens(parent, child) == ""
    last = made[-1]
    for ancestor in made:
        assert last.expires <= ancestor.expires
        assert ancestor.calls is None or (last.calls is not None and last.calls <= ancestor.calls)
        assert all(last.budget.get(unit, 10**9) <= limit for unit, limit in ancestor.budget.items())
        for request in requests:
            if not refusal(last, request, "r-1", now)[0]:
                assert not refusal(ancestor, request, "r-1", now)[0]


CAVEATS = Terms(arguments=("refund.cents<=500",)).caveats()
ROOT = Capability("r-1", "lead", "a", {"refund": "d-1"}, 100, calls=3, budget={"money": 5}, caveats=CAVEATS)
CHILD = replace(ROOT, holder="clerk", parent=ROOT.digest)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tools": {"refund": "d-1", "mail": "d-1"}}, "mail"),
        ({"tools": {"refund": "d-2"}}, "refund"),
        ({"expires": 101}, "it lasts longer"),
        ({"calls": None}, "it allows more calls"),
        ({"calls": 4}, "it allows more calls"),
        ({"budget": {}}, "it has no smaller budget of money"),
        ({"budget": {"money": 6}}, "it has no smaller budget of money"),
        ({"caveats": ()}, "refund.cents <= 500"),
        ({"run": "r-2"}, "it is for the run r-2"),
        ({"parent": "other"}, "it was made from another capability"),
    ],
)
def test_everything_that_widens_is_named(change: dict[str, Any], said: str) -> None:
    assert widens(ROOT, CHILD) == ""
    why = widens(ROOT, replace(CHILD, **change))
    assert said == why if said.startswith("it ") else said in why


@pytest.mark.parametrize(
    ("run", "agent", "tool", "digest", "cents", "now", "said"),
    [
        ("r-1", "clerk", "refund", "d-1", 500, 99, ""),
        ("r-2", "clerk", "refund", "d-1", 500, 99, "alone"),
        ("r-1", "other", "refund", "d-1", 500, 99, "nobody else"),
        ("r-1", "lead", "refund", "d-1", 500, 99, "nobody else"),
        ("r-1", "clerk", "mail", "d-1", 500, 99, "not delegated"),
        ("r-1", "clerk", "refund", "d-2", 500, 99, "another version"),
        ("r-1", "clerk", "refund", "d-1", 501, 99, "only with"),
        ("r-1", "clerk", "refund", "d-1", 500, 100, "the time for which it was delegated is over"),
    ],
)
def test_a_confused_deputy_is_refused(
    run: str, agent: str, tool: str, digest: str, cents: int, now: int, said: str
) -> None:
    request = AccessRequest("lea", "support", agent, "call", tool, {"digest": digest}, {"cents": cents})
    why, argument = refusal(CHILD, request, run, now)
    assert said in why
    assert (not why) == (not said)
    assert said == why or len(said.split()) < 4, "a sentence stands there as it is"
    assert argument == ("cents" if said == "only with" else "")


def test_what_is_written_down_is_read_back_the_same() -> None:
    signed = Signed(CHILD, CHILD.digest, "00")
    assert Signed.of(signed.plain()) == signed


def test_terms_that_mean_nothing_are_refused() -> None:
    with pytest.raises(InvalidSetting):
        Terms(calls=0)
    with pytest.raises(InvalidInput, match="of which tool"):
        Terms(arguments=("cents<=5",))


def test_a_capability_holds_exactly_what_both_have_and_what_was_agreed() -> None:
    """Not only no more than its giver has: no less, either, or nothing could be delegated."""
    terms = Terms(tools=("refund", "mail"), arguments=("refund.cents<=90", "refund.cents<=500"), calls=2)
    tools = {"refund": "d-1", "mail": "d-2", "read": "d-1"}
    first = attenuate(
        None,
        run="r-1",
        holder="clerk",
        agent="a-1",
        tools=tools,
        expires=50,
        budget={"money": 3},
        terms=terms,
    )
    given = {"refund": "d-1", "mail": "d-2"}
    assert first == Capability("r-1", "clerk", "a-1", given, 50, "", 2, {"money": 3}, terms.caveats())
    second = attenuate(
        ROOT,
        run="r-1",
        holder="clerk",
        agent="a-1",
        tools=tools,
        expires=500,
        budget={"tokens": 9},
        terms=None,
    )
    assert second == Capability(
        "r-1", "clerk", "a-1", {"refund": "d-1"}, 100, ROOT.digest, 3, {"tokens": 9, "money": 5}, CAVEATS
    )
    third = attenuate(
        ROOT, run="r-1", holder="h", agent="b", tools=tools, expires=9, budget={"money": 9}, terms=terms
    )
    narrow, *_ = terms.caveats()
    assert third == Capability(
        "r-1", "h", "b", {"refund": "d-1"}, 9, ROOT.digest, 2, {"money": 5}, (*CAVEATS, narrow)
    )
    free = attenuate(
        replace(ROOT, calls=None),
        run="r-1",
        holder="h",
        agent="b",
        tools={},
        expires=9,
        budget={},
        terms=terms,
    )
    assert (free.calls, dict(free.tools)) == (2, {})


def test_what_is_no_call_is_bound_by_run_holder_and_time_alone() -> None:
    asked = AccessRequest("lea", "support", "clerk", "model", "small")
    assert refusal(CHILD, asked, "r-1", 99) == ("", "")
    assert refusal(CHILD, asked, "r-1", 100) == ("the time for which it was delegated is over", "")


@pytest.mark.parametrize(
    ("held", "asked", "given"),
    [
        ({"*": ""}, {"refund": "d-1"}, {"refund": "d-1"}),
        ({"*": ""}, {"*": ""}, {"*": ""}),
        ({"*": "", "mail": "d-1"}, {"mail": "d-2", "refund": "d-9"}, {"refund": "d-9"}),
        ({"refund": "d-1"}, {"*": ""}, {"refund": "d-1"}),
        ({"refund": "d-1"}, {"*": "", "mail": "d-1"}, {"refund": "d-1"}),
        ({"refund": "d-1"}, {"refund": ""}, {"refund": "d-1"}),
        ({"refund": ""}, {"refund": "d-1"}, {"refund": "d-1"}),
        ({"refund": ""}, {"refund": "", "mail": ""}, {"refund": ""}),
        ({"refund": "d-1"}, {"refund": "d-2"}, {}),
        ({"*": "", "refund": "d-1"}, {"*": ""}, {"*": "", "refund": "d-1"}),
        ({"*": ""}, {"*": "", "refund": "d-1"}, {"*": "", "refund": "d-1"}),
        ({"*": "", "refund": "d-1"}, {"*": "", "refund": "d-2"}, {"*": "", "refund": "d-1"}),
    ],
)
def test_every_tool_and_any_definition_are_narrowed_to_what_both_mean(
    held: dict[str, str], asked: dict[str, str], given: dict[str, str]
) -> None:
    parent = replace(ROOT, tools=held)
    child = attenuate(
        parent, run="r-1", holder="clerk", agent="a", tools=asked, expires=9, budget={}, terms=None
    )
    assert dict(child.tools) == given
    assert widens(parent, child) == ""
    wider = {**child.tools, "mail": "d-3", "refund": "d-3"}
    may = [name for name in ("mail", "refund") if held.get(name, held.get("*")) in {"", "d-3"}]
    lacking = [name for name in ("mail", "refund") if name not in may]
    said = f"it has {lacking[0]}, which its giver does not have so" if lacking else ""
    assert widens(parent, replace(child, tools=wider)) == said


def test_every_tool_is_more_than_every_tool_with_one_in_a_certain_definition() -> None:
    parent = replace(ROOT, tools={"*": "", "mail": "d-1"})
    child = replace(CHILD, parent=parent.digest, tools={"*": ""})
    assert widens(parent, child) == "it has mail, which its giver does not have so"
    assert widens(parent, replace(child, tools={"*": "", "mail": "d-1"})) == ""
    assert widens(parent, replace(child, tools={"refund": "d-7"})) == ""


def test_terms_name_tools_of_whoever_may_call_any() -> None:
    terms = Terms(tools=("refund", "mail"))
    made = attenuate(
        None,
        run="r",
        holder="h",
        agent="a",
        tools={"*": "", "mail": "d-1"},
        expires=9,
        budget={},
        terms=terms,
    )
    assert dict(made.tools) == {"refund": "", "mail": "d-1"}


def test_what_is_for_anybody_counts_for_anybody_in_its_own_run() -> None:
    anybody = replace(CHILD, holder=ANYBODY, run="r-2", tools={"*": "", "refund": "d-1"})
    assert widens(ROOT, replace(anybody, tools=ROOT.tools)) == ""
    for tool, digest, why in (
        ("refund", "d-1", ""), ("refund", "d-2", "refund was delegated in another version"), ("mail", "d-7", ""),
    ):  # fmt: skip
        asked = AccessRequest("lea", "support", "whoever", "call", tool, {"digest": digest}, {"cents": 1})
        assert refusal(anybody, asked, "r-2", 9) == (why, "")
        assert refusal(anybody, asked, "r-1", 9) == ("what was delegated counts in the run r-2 alone", "")
