"""Each way to bind a value, at its edges: what is sent, on whose authority, and in which words it is refused (S23)."""

from __future__ import annotations

from typing import Any

import pytest

from remit.domain.contracts import (
    AllOf,
    AnyOf,
    Binding,
    Content,
    Contract,
    Literal,
    Range,
    Ref,
    Selector,
    Slot,
    Words,
)
from remit.domain.labels import Integrity, Label
from remit.policy.provenance.binding import Bound, Unbound, bind
from remit.policy.provenance.ledger import Ledger
from remit.policy.provenance.parsers import known
from remit.policy.provenance.selectors import Selected, Table, digest_of, select, stands

SEEN = Label(Integrity.UNTRUSTED, frozenset({"team:t"}), ("tool:mail",))
ROWS: tuple[dict[str, Any], ...] = (
    {"id": 7, "name": "Zed", "size": 10, "updated": "2026-01-02"},
    {"id": "INV-2", "name": "Ann", "size": 30, "updated": "2026-01-03"},
    {"id": "INV-3", "name": "Bob", "size": 20, "updated": "2026-01-01"},
)


def ledger(*literals: Any, words: str = "", rows: tuple[dict[str, Any], ...] = ROWS) -> Ledger:
    made = Ledger(Contract((Slot("send", 1),), literals=literals, words=frozenset(words.split())), "t")
    made.references = {
        "crm.id": {known(row["id"]): row["id"] for row in rows},
        "crm.name": {known(row["name"]): row["name"] for row in rows},
        "hr.id": {known("HR-10001"): "HR-10001"},
    }
    made.tables = [Table("crm", "list_rows", {}, rows, frozenset({"id", "name"}))]
    return made


def held(binding: Binding, value: Any, at: Ledger | None = None) -> Any:
    """What is sent and the integrity and source of it; or why it is refused."""
    found = bind(binding, value, at or ledger(), SEEN)
    if isinstance(found, Unbound):
        return found.rule, found.text
    return found.value, found.label.integrity, found.label.sources


def test_s23_what_python_calls_equal_is_not_what_the_request_says() -> None:
    """`True == 1 == 1.0` to Python: whatever was looked at before, a literal is looked at as what it is."""
    for written, others in ((1, (True,)), (True, (1, 1.0)), (1.0, (True,)), (0, (False,)), (False, (0,))):
        assert held(Literal((written,)), written)[0] is written
        for other in others:
            assert held(Literal((written,)), other)[0] == "untrusted_argument"


@pytest.mark.parametrize(
    ("values", "value", "sent"),
    [
        (("a@b.co",), "A@B.CO", "a@b.co"), (("Jane  Doe",), "jane doe", "Jane  Doe"), ((100,), "100.0", "100.0"),
        (("100",), 100, 100), ((True,), True, True), ((True,), "True", None), ((None,), None, None),
        (("a", "A"), "A", "a"),
        (("2026-05-05",), "May 5", "May 5"), (("5 May",), "2026-05-05", "2026-05-05"),
        (("6 May",), "2026-05-05", None),
        (([1, 2],), [1, 2], [1, 2]), (([1, 2], 3), [3, 3], [3, 3]), (([1, 2], 3), [3, 4], None),
        (({"a": 1},), {"a": 1}, {"a": 1}),
        (({"a": 1},), {"a": 2}, None), (({"a": 1}, "x y"), "X Y", "x y"), ((), "x", None),
        (("x",), ["x", "X"], ["x", "x"]),
        (("x",), [], []), (("abc",), "abcd", None), (("1",), "one", None),
    ],
)  # fmt: skip
def test_s23_a_literal_is_sent_as_whoever_is_trusted_wrote_it(values: Any, value: Any, sent: Any) -> None:
    label = ("nobody",) if value == [] else ("user",)
    refused = ("untrusted_argument", "it is not what the request says")
    nothing = sent is None
    assert held(Literal(values), value) == (refused if nothing else (sent, Integrity.LITERAL, label))
    if not nothing:
        assert bind(Literal(values), value, ledger(), SEEN) == Bound(
            sent, Label(Integrity.LITERAL, None, label), None, None
        )


def test_s23_a_reference_is_sent_as_its_directory_writes_it() -> None:
    assert held(Ref("*"), "inv-2") == ("INV-2", Integrity.ENDORSED, ("directory:crm.id",))
    assert held(Ref("crm"), " ANN ") == ("Ann", Integrity.ENDORSED, ("directory:crm.name",))
    assert held(Ref("crm.id"), "7") == ("7", Integrity.ENDORSED, ("directory:crm.id",)), (
        "a number as it was typed"
    )
    assert held(Ref("crm.id"), 7.0)[0] == 7
    assert held(Ref("crm"), "HR-10001") == (
        "untrusted_argument",
        "it is in no result of crm that may be trusted",
    )
    assert held(Ref(), "x") == (
        "untrusted_argument",
        "it is in no result of any directory that may be trusted",
    )
    assert held(Ref("crm.name"), "INV-2")[1] == "it is in no result of crm.name that may be trusted"
    named = ledger("Ann")
    assert held(Ref("crm.name", named_first=True), "ann", named)[0] == "Ann"
    assert held(Ref("crm.name", named_first=True), "Bob", named) == (
        "untrusted_argument",
        "the request names another one",
    )
    assert held(Ref("crm.name"), "Bob", named)[0] == "Bob"
    assert held(Ref("crm.id", named_first=True), "INV-3", named)[0] == "INV-3", (
        "the request names none of these"
    )
    assert bind(Ref(), "inv-2", ledger(), SEEN) == Bound(
        "INV-2", Label(Integrity.ENDORSED, None, ("directory:crm.id",))
    )


@pytest.mark.parametrize(
    ("binding", "value", "text"),
    [
        (Range(1, 5), 1, ""), (Range(1, 5), 5.0, ""), (Range(1, 5), "3", ""),
        (Range(1, 5), 0.99, "it may be 1 at least"),
        (Range(1, 5), 5.01, "it may be 5 at most"), (Range(None, 5), -9, ""), (Range(0), 9, ""), (Range(), True, ""),
        (Range(), "x", "it is no number, date or choice"), (Range(), None, ""), (Range(kind="number"), 3, ""),
        (Range(kind="number"), "2026-01-01", "it is no number"), (Range(kind="boolean"), 1, "it is no boolean"),
        (Range(kind="date"), "2026-01-01T10:00", ""), (Range(kind="time"), "2026-01-01T10:00", ""),
        (Range(kind="time"), "2026-01-01", "it is no time"), (Range(kind="date"), "10:00", "it is no date"),
        (Range("2026-01-01", "2026-01-31"), "2026-01-01", ""), (Range("2026-01-01", "2026-01-31"), "31.1.2026", ""),
        (Range("2026-01-01", "2026-01-31"), "2026-02-01", "it may be 2026-01-31 at most"),
        (Range("2026-01-01", "2026-01-31"), "2025-12-31", "it may be 2026-01-01 at least"),
        (Range("2026-01-01", "2026-01-31"), "2026-01-31T23:59", ""),
        (Range("2026-01-01"), "May 5", "it may be 2026-01-01 at least"),
        (Range("2026-01-01"), 7, "it may be 2026-01-01 at least"), (Range(1), "2026-01-01", "it may be 1 at least"),
        (Range("09:00", "17:00"), "9:00", ""), (Range("09:00", "17:00"), "5pm", "it is no number, date or choice"),
        (Range("09:00", "17:00"), "17:01", "it may be 17:00 at most"),
        (Range("09:00", "17:00"), "8:59", "it may be 09:00 at least"),
        (Range("09:00"), "2026-01-01", "it may be 09:00 at least"),
        (Range(None, "2026-01-01"), "09:00", "it may be 2026-01-01 at most"),
        (Range("2026-01-01T10:00", None), "2026-01-01T09:59", "it may be 2026-01-01T10:00 at least"),
        (Range(choices=("a", 1)), "a", ""), (Range(choices=("a", 1)), 1, ""),
        (Range(choices=("a", 1)), "A", "it is none of a, 1"),
        (Range(choices=("a", 1)), True, "it is none of a, 1"), (Range(choices=("a", 1)), 1.0, "it is none of a, 1"),
    ],
)  # fmt: skip
def test_s23_a_datum_is_from_anywhere_as_long_as_it_lies_within(
    binding: Range, value: Any, text: str
) -> None:
    sent = (value, Integrity.TYPED, ("tool:mail",))
    assert held(binding, value) == (("out_of_range", text) if text else sent)
    if not text:
        assert bind(binding, value, ledger(), SEEN) == Bound(
            value, Label(Integrity.TYPED, SEEN.readers, SEEN.sources)
        )


def test_s23_a_text_may_say_anything_to_whom_it_may_be_told_and_a_title_nothing_new() -> None:
    assert bind(Content(3), "abc", ledger(), SEEN) == Bound("abc", SEEN, content=Content(3))
    assert held(Content(3), "abcd") == ("out_of_range", "it has 4 characters and may have 3")
    assert bind(Content(0), 12345, ledger(), SEEN) == Bound(12345, SEEN, content=Content(0)), (
        "no text has no length"
    )
    asked = ledger(words="quarterly report")
    assert bind(Words(), "The quarterly REPORT for Ann, 2026", asked, SEEN) == Bound(
        "The quarterly REPORT for Ann, 2026", Label(Integrity.ENDORSED, None, ("user",))
    )
    assert held(Words(), "secret report", asked) == (
        "untrusted_argument", '"secret" is neither in the request nor in what was looked up',
    )  # fmt: skip
    assert held(Words(), "x" * 201, ledger(words="x" * 201)) == ("untrusted_argument", "it is no short text")
    assert held(Words(), "x" * 200, ledger(words="x" * 200))[0] == "x" * 200
    assert held(Words(), 7, asked) == ("untrusted_argument", "it is no short text")


def test_s23_of_several_ways_any_or_all_and_what_they_still_ask() -> None:
    nothing = ("not_in_contract", "the contract leaves no value for it")
    assert held(AnyOf(()), "x") == held(AllOf(()), "x") == nothing
    assert held(AnyOf((Literal(("x",)), Range(1, 2))), 2)[0] == 2
    # the last says why
    assert held(AnyOf((Literal(("x",)), Range(1, 2))), 3) == ("out_of_range", "it may be 2 at most")
    assert held(AllOf((Ref("crm"), Literal(("inv-2",)))), "Inv-2") == ("inv-2", Integrity.LITERAL, ("user",))
    assert held(AllOf((Literal(("inv-2",)), Ref("crm"))), "Inv-2") == ("inv-2", Integrity.LITERAL, ("user",))
    assert (
        held(AllOf((Literal(("inv-2",)), Ref("hr"))), "Inv-2")[1]
        == "it is in no result of hr that may be trusted"
    )
    for one, other, release in ((True, False, False), (False, True, False), (True, True, True)):
        found = bind(AllOf((Content(9, release=one), Content(5, release=other))), "abc", ledger(), SEEN)
        assert found == Bound("abc", SEEN, None, Content(9, release=release))
    words = ledger(words="abc")
    found = bind(AllOf((Words(), Content(5))), "abc", words, SEEN)
    assert found == Bound("abc", Label(Integrity.ENDORSED, None, ("user",)), None, Content(5))
    picked = bind(AllOf((Ref("crm.id"), Selector("largest"))), "INV-2", ledger(), SEEN)
    assert isinstance(picked, Bound)
    assert picked.selected is not None


def test_s23_each_member_of_a_list_is_held_and_the_list_is_worth_its_worst() -> None:
    mixed = AnyOf((Literal(("x y z",)), Range(1, 9), Ref("crm")))
    assert held(mixed, ["X y z", 3, "inv-2"]) == (["x y z", 3, "INV-2"], Integrity.TYPED, ("tool:mail",))
    assert held(mixed, ["x y z", 30]) == (
        "untrusted_argument",
        "it is in no result of crm that may be trusted",
    )
    assert held(mixed, [["x y z"], [1]])[0] == [["x y z"], [1]]
    assert bind(Content(5), ["a", "b"], ledger(), SEEN) == Bound(["a", "b"], SEEN, None, Content(5))
    assert held(Literal((["a", "b"],)), ["a", "b"]) == (["a", "b"], Integrity.LITERAL, ("user",))


@pytest.mark.parametrize(
    ("selector", "values"),
    [
        (Selector("largest"), ("INV-2",)), (Selector("smallest"), (7,)), (Selector("latest"), ("INV-2",)),
        (Selector("earliest"), ("INV-3",)), (Selector("all"), (7, "INV-2", "INV-3")), (Selector("count"), (3,)),
        (Selector("largest", "crm"), ("INV-2",)), (Selector("largest", "crm.id"), ("INV-2",)),
        (Selector("largest", "hr"), None),
        (Selector("largest", "crm.size"), None), (Selector("largest", gives="name"), ("Ann",)),
        (Selector("all", gives="none"), None),
        (Selector("largest", by="size"), ("INV-2",)), (Selector("largest", by="name"), None),
        (Selector("latest", by="size"), None),
    ],
)  # fmt: skip
def test_s23_the_runtime_picks_and_nobody_else(selector: Selector, values: Any) -> None:
    found = select(selector, ledger().tables)
    assert (None if found is None else found.values) == values
    if values is None:
        assert held(selector, "INV-2") == (
            "selector_changed", f"the runtime cannot tell which one is the {selector.how}; look it up first",
        )  # fmt: skip
    else:
        value = str(values[0]).lower()
        typed = value.isdigit()
        assert held(selector, value)[0] == (value if typed else values[0])
        assert held(selector, "hr-1") == (
            "untrusted_argument",
            f"it is not the {selector.how} of what was looked up",
        )
        assert held(selector, values[0])[1:] == (Integrity.ENDORSED, (f"selector:{selector.how}",))


def test_s23_a_tie_an_unclear_measure_and_rows_that_changed_pick_nothing() -> None:
    def picked(how: str, *rows: dict[str, Any], fields: frozenset[str] = frozenset({"id"})) -> Any:
        found = select(Selector(how), [Table("crm", "t", {}, rows, fields)])
        return None if found is None else found.values

    assert picked("largest", {"id": "a", "size": 1}, {"id": "b", "size": 1}) is None
    assert picked("largest", {"id": "a", "size": 1}, {"id": "b", "size": "big"}) is None
    # what has no name is not picked
    assert picked("largest", {"id": "a", "size": 1}, {"id": None, "size": 9}) == ("a",)
    assert picked("largest", {"id": "a", "x": 1, "y": 2}, {"id": "b", "x": 2, "y": 1}) is None, (
        "by which of them"
    )
    assert picked("largest", {"id": "a", "x": 1, "amount": 2}, {"id": "b", "x": 2, "amount": 1}) == ("a",)
    assert picked("latest", {"id": "a", "when": "2026-01-01"}, {"id": "b", "when": "May 5"}) is None
    assert picked("latest", {"id": "a", "date": "2026-01-01", "start_time": "2026-09-01T10:00"}) == ("a",)
    assert picked("largest") is None
    # which of them names it
    assert picked("all", {"a_id": "x", "b_id": "y"}, fields=frozenset({"a_id", "b_id"})) is None
    assert picked("all", {"id": "x", "b_id": "y"}, fields=frozenset({"id", "b_id"})) == ("x",)
    assert picked("all", {"uuid": "x", "b_id": "y"}, fields=frozenset({"uuid", "b_id"})) == ("x",)
    assert picked("all", {"id_": "x", "b_id": "y"}, fields=frozenset({"id_", "b_id"})) == ("x",)
    assert picked("all", {"name": "x"}, fields=frozenset({"name"})) == ("x",)
    older = Table("crm", "t", {}, ({"id": "old", "size": 1},), frozenset({"id"}))
    newer = Table("crm", "t", {}, ({"id": "new", "size": 1},), frozenset({"id"}))
    found = select(Selector("all"), [older, newer])
    assert found == Selected(("new",), Selector("all"), newer, digest_of([{"id": "new", "size": 1}]))
    assert digest_of([{"b": 1, "a": 2}]) == digest_of([{"a": 2, "b": 1}]) != digest_of([{"a": 2, "b": 2}])
    assert found is not None
    assert stands(found, [{"id": "new", "size": 1}])
    assert stands(found, {"items": [{"size": 1, "id": "new"}]})
    assert not stands(found, [{"id": "new", "size": 2}])
    assert not stands(found, [])
