"""Values are found wherever they stand, in one spelling, and words are not among them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from remit.quality.attribution.episode import CALLED, SAID, Episode, Move
from remit.quality.attribution.fault import fault_of
from remit.quality.attribution.signals import signs_of
from remit.quality.attribution.values import is_name, scalars, values_in
from remit.quality.scenarios.expectation import equals
from remit.quality.scenarios.scenario import Gold, GoldAction


def test_the_same_value_is_spelled_the_same_wherever_it_stands() -> None:
    for said in (1240, 1240.0, "1,240", "it is 1,240 euro.", {"a": [{"b": "1240.00"}]}, ["1240"]):
        assert "1240" in values_in(said), said
    for said in ("write to Ana@Example.org.", {"mail": "ana@example.org"}):
        assert values_in(said) == {"ana@example.org"}
    assert values_in("o-17 and INV-2026/3") == {"o-17", "inv-2026/3"}
    assert values_in("paid back in full, thank you") == set()
    assert values_in([True, None, 7, "7"]) == set(), "a single digit stands anywhere"


def test_what_names_a_thing_is_told_from_what_counts_it() -> None:
    assert [is_name(each) for each in ("o-17", "ana@example1.org", "1240", "paid")] == [
        True,
        True,
        False,
        False,
    ]
    assert scalars({"order": " O-17", "amount": "240.0", "open": True, "lines": []}) == {
        "order": "o-17", "amount": "240",
    }  # fmt: skip


def told(*moves: Move, asked: str = "refund 240 of o-17") -> Episode:
    """A run in which this was done, by one agent after a question."""
    for seq, move in enumerate(moves, 2):
        move.seq = seq
    return Episode("r-1", {"question": asked}, "failed", "ToolFailed", moves=list(moves))


def said(agent: str, came: object = None, **call: object) -> Move:
    calls = (("refund", dict(call)),) if call else ()
    return Move(SAID, f"{agent}/model", 0, agent, "model", came=came, calls=calls)


def test_what_the_user_gave_is_nobodys_invention_and_what_nobody_gave_is() -> None:
    good, bad = said("payer", order="o-17", amount=240), said("payer", order="o-71", amount=240)
    call = Move(
        CALLED, "payer/refund", 0, "payer", "refund", {"order": "o-71"}, error="ToolFailed", acts=True
    )
    assert [each.kind for each in signs_of(told(good))] == []
    kinds = {each.kind: each.text for each in signs_of(told(bad, call))}
    assert kinds["made up"] == "payer says o-71, which nobody had given it"
    prompted = told(bad, call)
    prompted.instructions["payer"] = "Test orders are o-71 and o-72."
    assert "made up" not in {each.kind for each in signs_of(prompted)}


def test_a_wrong_value_of_a_call_goes_back_to_whoever_brought_it_in() -> None:
    gold = Gold(actions=(GoldAction("refund", {"order": equals("o-17")}),))
    first, second = said("finder", {"order": "o-50"}), said("payer", order="o-50")
    call = Move(CALLED, "payer/refund", 0, "payer", "refund", {"order": "o-50"}, "booked", acts=True)
    fault = fault_of(told(first, second, call), gold)
    assert fault is not None
    assert (fault.agent, fault.step, fault.kind) == ("finder", "finder/model", "gold")
    assert fault.evidence[0].text == "refund was called with order o-50, which finder brought in"
    assert fault.evidence[0].events == ("run:r-1#2", "run:r-1#4")


@given(st.integers(10, 10**9), st.text("abc xyz", max_size=20))
def test_a_number_is_found_in_words_and_in_json(number: int, around: str) -> None:
    assert str(number) in values_in(f"{around} {number} {around}")
    assert str(number) in values_in(json.dumps({"n": number}))
    assert str(number) in values_in({"n": f"{number:,}"})
