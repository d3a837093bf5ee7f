"""Delegation only narrows: whatever anybody asks for, a child holds nothing that one of its ancestors does not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.capabilities import Capability, Signed, Terms
from remit.domain.decisions import AccessRequest
from remit.domain.errors import InvalidInput, InvalidSetting
from remit.policy.delegation import attenuate, refusal, widens

TOOLS = ("refund", "mail", "read")
VERSIONS = st.sampled_from(["d-1", "d-2"])
GIVEN = st.dictionaries(st.sampled_from(TOOLS), VERSIONS)
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
        ({"expires": 101}, "longer"),
        ({"calls": None}, "more calls"),
        ({"calls": 4}, "more calls"),
        ({"budget": {}}, "money"),
        ({"budget": {"money": 6}}, "money"),
        ({"caveats": ()}, "refund.cents <= 500"),
        ({"run": "r-2"}, "r-2"),
        ({"parent": "other"}, "another"),
    ],
)
def test_everything_that_widens_is_named(change: dict[str, Any], said: str) -> None:
    assert widens(ROOT, CHILD) == ""
    assert said in widens(ROOT, replace(CHILD, **change))


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
        ("r-1", "clerk", "refund", "d-1", 500, 100, "over"),
    ],
)
def test_a_confused_deputy_is_refused(
    run: str, agent: str, tool: str, digest: str, cents: int, now: int, said: str
) -> None:
    request = AccessRequest("lea", "support", agent, "call", tool, {"digest": digest}, {"cents": cents})
    why, argument = refusal(CHILD, request, run, now)
    assert said in why
    assert bool(said) == bool(why)
    assert argument == ("cents" if said == "only with" else "")


def test_what_is_written_down_is_read_back_the_same() -> None:
    signed = Signed(CHILD, CHILD.digest, "00")
    assert Signed.of(signed.plain()) == signed


def test_terms_that_mean_nothing_are_refused() -> None:
    with pytest.raises(InvalidSetting):
        Terms(calls=0)
    with pytest.raises(InvalidInput, match="of which tool"):
        Terms(arguments=("cents<=5",))
