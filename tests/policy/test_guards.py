"""The contract of a check, for every check that needs nobody else; and redaction, against a slow reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.errors import InvalidSetting
from remit.domain.guards import CHECKS as NAMES
from remit.domain.guards import OUTSIDE, Guard
from remit.gate.guards.tokens import Tokens, restored
from remit.gate.screening.screen import CHECKS, Report, Screen
from remit.policy.guard import WHOLE, Content, Finding, counted

MAIL, CARD, KEY = "anna@example.com", "4111 1111 1111 1111", "AKIA" + "A" * 16
GUARDS = {
    "personal_data": Guard("personal_data", at=("result",), action="redact"),
    "secrets": Guard("secrets", at=("result",), action="redact"),
    "schema": Guard("schema", at=("result",), schema={"type": "string"}),
    "confidence": Guard("confidence", at=("result",), threshold=0.5),
}
WORDS = st.sampled_from(
    ["hello", MAIL, CARD, KEY, "4111", "@", "", f"x {MAIL} y {CARD}", f"{MAIL},{MAIL}", "[email#1]"]
)
KEYS = st.sampled_from(["name", "to", "a b", MAIL, "weird/key"])
VALUES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(0, 50) | st.just(4111111111111111),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def screen() -> Screen:
    return Screen(Tokens("r-1", lambda text: text.encode().hex()[-24:].rjust(24, "0")))


def test_every_check_is_there() -> None:
    assert {*CHECKS, *OUTSIDE} == set(NAMES)
    assert set(GUARDS) == set(CHECKS)


@pytest.mark.parametrize("name", sorted(CHECKS))
@given(value=VALUES)
def test_a_check_is_pure_and_points_into_the_content(name: str, value: Any) -> None:
    guard, content = GUARDS[name], Content.of(value)
    found = CHECKS[name](guard, content)
    assert found == CHECKS[name](guard, Content.of(value))
    for each in found:
        assert 0 <= each.score <= 1
        assert MAIL not in each.said
        if each.text != WHOLE:
            assert 0 <= each.start < each.end <= len(content.texts[each.text].text)


@given(value=VALUES)
def test_content_is_rebuilt_as_it_was(value: Any) -> None:
    content = Content.of(value)
    assert content.rewritten([text for _, text in content.texts]) == value
    assert all(MAIL not in place for place, _ in content.texts), "places are names, never data"


@given(value=VALUES)
def test_what_was_redacted_is_found_no_more_and_tokens_give_it_back(value: Any) -> None:
    made = screen()
    guards = [GUARDS["personal_data"], GUARDS["secrets"]]
    content = Content.of(value)
    judged = made.judge(guards, "result", content)
    if judged.texts is None:
        assert made.hidden == {}
        return
    left = content.rewritten(judged.texts)
    assert [each for guard in guards for each in CHECKS[guard.check](guard, Content.of(left))] == []
    whole = _as_text(value)
    if KEY not in str(value):
        assert _as_text(made.tokens.whole(left)) == whole
        assert _as_text(restored(left, made.hidden)) == whole


def _as_text(value: Any) -> str:
    """As it is read: a number that became a token comes back as its digits."""
    if isinstance(value, dict):
        return str(sorted((str(key), _as_text(inner)) for key, inner in value.items()))  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    if isinstance(value, list):
        return str([_as_text(inner) for inner in value])  # pyright: ignore[reportUnknownVariableType]
    return str(value)


SPANS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), min_size=1, max_size=6)


@given(spans=SPANS)
def test_findings_that_overlap_leave_nothing_of_what_any_covers(spans: list[tuple[int, int]]) -> None:
    text = "abcdefghijklmnopqr"
    found = [Finding("x", 0, start, start + length, data_class="secret") for start, length in spans]
    guard = Guard("http", at=("result",), action="redact", url="https://x.example", name="x")
    judged = screen().judge([guard], "result", Content.of(text), {"x": Report(tuple(found))})
    assert judged.texts is not None
    covered = {i for start, length in spans for i in range(start, start + length)}
    kept = "".join(sign for i, sign in enumerate(text) if i not in covered)
    assert judged.texts[0].replace("[x]", "") == kept


def test_the_strictest_action_wins_and_a_failure_blocks_unless_it_is_said() -> None:
    content = Content.of(f"{MAIL} {KEY}")
    every = [
        Guard("personal_data", at=("answer",), action="redact", name="a"),
        Guard("personal_data", at=("answer",), action="answer", answer="no", name="b"),
        Guard("personal_data", at=("answer",), action="ask", group="leads", name="c"),
        Guard("personal_data", at=("answer",), action="block", name="d"),
    ]
    for count, name in ((1, ""), (2, "b"), (3, "c"), (4, "d")):
        judged = screen().judge(every[:count], "answer", content)
        strictest = judged.block or next(iter(judged.ask), None) or judged.instead
        assert (strictest.name if strictest is not None else "") == name
    outside = Guard("http", at=("answer",), url="https://x.example", name="x")
    lenient = Guard("http", at=("answer",), url="https://x.example", name="x", on_error="allow")
    down = {"x": Report(failed="down")}
    assert screen().judge([outside], "answer", content, down).block == outside
    made = screen()
    assert made.judge([lenient], "answer", content, down).block is None
    assert (made.told[0]["verdict"], made.told[0]["action"]) == ("failed", "allow")


def test_kinds_and_threshold_say_what_counts() -> None:
    found = [Finding("email", 0, 0, 1, 0.5), Finding("card", 0, 2, 3, 1.0)]
    assert counted(Guard("personal_data", at=("input",), threshold=1.0), found) == found[1:]
    assert counted(Guard("personal_data", at=("input",), kinds=("email",)), found) == found[:1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"check": "nothing", "at": ("input",)},
        {"check": "secrets", "at": ()},
        {"check": "secrets", "at": ("here",)},
        {"check": "secrets", "at": ("input",), "action": "allow"},
        {"check": "secrets", "at": ("input",), "threshold": 2},
        {"check": "secrets", "at": ("input",), "timeout": 0},
        {"check": "secrets", "at": ("input",), "on_error": "maybe"},
        {"check": "secrets", "at": ("input",), "name": "a b"},
        {"check": "model", "at": ("input",), "route": "fast"},
        {"check": "http", "at": ("input",), "url": "ftp://x"},
        {"check": "schema", "at": ("input",), "schema": {}},
        {"check": "schema", "at": ("result",)},
        {"check": "confidence", "at": ("output",), "threshold": 0.5},
        {"check": "secrets", "at": ("input",), "action": "answer"},
    ],
)
def test_a_guard_that_could_never_work_is_refused_where_it_is_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting, match="the guard"):
        Guard(**wrong)
