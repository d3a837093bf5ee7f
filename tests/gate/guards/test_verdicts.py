"""What follows from what guards said: the strictest action, in known words, and never more of the content than where it
stands. And what a judge outside may answer.
"""

from __future__ import annotations

from typing import Any

import pytest

from remit.domain.action_errors import Blocked
from remit.domain.decisions import Decision, Outcome, Reason, Requirement
from remit.domain.errors import InvalidInput, StepFailed
from remit.domain.guards import Guard
from remit.gate.guards.tokens import Tokens, replaced, restored
from remit.gate.screening.http import read_answer
from remit.gate.screening.model_route import judging, read_verdict
from remit.gate.screening.screen import Judged, Report, Screen, asking, blocked
from remit.policy.guard import Content, Finding
from remit.wire.messages import Text

CARD, MAIL, KEY = "4111 1111 1111 1111", "ana@example.org", "AKIAIOSFODNN7EXAMPLE"
TOLD = f"pay {CARD} and tell {MAIL}"


def guard(name: str, action: str = "block", check: str = "personal_data", **more: Any) -> Guard:
    if action == "ask":
        more |= {"group": "leads"}
    if action == "answer":
        more |= {"answer": "no"}
    return Guard(check, at=("input",), action=action, name=name, **more)


def screen() -> Screen:
    return Screen(Tokens("r-1", lambda text: text.encode().hex()[-24:].rjust(24, "0")))


def judged(
    *guards: Guard, text: str = TOLD, given: dict[str, Report] | None = None, tokens: bool = True
) -> Judged:
    return screen().judge(guards, "input", Content.of(text), given, tokens=tokens)


def test_the_strictest_action_counts_and_says_why() -> None:
    cut, ask, answer, block = (guard(each, each) for each in ("redact", "ask", "answer", "block"))
    why = "it holds card, email"
    assert judged(text="nothing") == Judged()
    assert judged(cut, ask, answer, block, text="nothing") == Judged()
    assert judged(cut, ask, answer, block) == Judged(block, (ask,), answer, None, why)
    assert judged(cut, ask, answer) == Judged(None, (ask,), answer, judged(cut).texts, why)
    assert judged(answer, guard("other", "answer")).instead == answer, "the first one that would answer"
    assert judged(block, guard("second")).block == block
    assert judged(cut).why == ""
    assert judged(cut, tokens=False).texts == ("pay [card] and tell [email]",)
    whole = guard("out", "redact", "http", url="https://judge.example")
    said = judged(whole, given={"out": Report((Finding("rude"), Finding("email", 0, 0, 3)))})
    assert said == Judged(whole, (), None, None, "it holds rude, email"), (
        "what stands nowhere cannot be taken out"
    )
    assert judged(guard("form", threshold=1.0, action="redact"), tokens=False).texts == (
        f"pay [card] and tell {MAIL}",
    )
    only = guard("only", kinds=("email",), action="redact")
    assert judged(only, tokens=False).texts == (f"pay {CARD} and tell [email]",)


def test_what_overlaps_goes_as_one_and_what_holds_a_secret_comes_back_to_nobody() -> None:
    given = {"out": Report((Finding("b", 0, 4, 8), Finding("a", 0, 2, 6), Finding("c", 0, 8, 9)))}
    outside = guard("out", "redact", "http", url="https://judge.example")
    assert judged(outside, text="0123456789", given=given, tokens=False).texts == ("01[a][c]9",)
    seen = screen()
    cut = seen.judge(
        [guard("s", "redact", "secrets"), guard("p", "redact")], "input", Content.of(f"{KEY} {MAIL}")
    )
    assert cut.texts is not None
    assert cut.texts[0].startswith("[aws_access_key] [email#")
    assert list(seen.hidden.values()) == [MAIL]
    assert seen.tokens.whole(cut.texts[0]) == f"[aws_access_key] {MAIL}"
    assert seen.tokens.hidden(f"again {KEY} and {MAIL}") == f"again {cut.texts[0].replace(' ', ' and ', 1)}"
    assert len(seen.ops("r-1")) == 1
    assert screen().ops("r-1") == []


def test_whoever_could_not_judge_blocks_unless_it_is_said_otherwise_and_the_log_says_which() -> None:
    block = guard("out", check="http", url="https://judge.example")
    lets = guard("lets", check="http", url="https://judge.example", on_error="allow")
    failed = {"out": Report(failed="x" * 300), "lets": Report(failed="gone")}
    assert judged(block, given=failed) == Judged(
        block, (), None, None, f"it could not be judged ({'x' * 300})"
    )
    assert judged(lets, given=failed) == Judged()
    assert judged(lets) == judged(lets, given={}) == Judged(), "its turn is another one"
    seen = screen()
    found = {"lets": Report((Finding("rude", 0, 0, 3, 0.5),), failed="half")}
    seen.judge([block, lets, guard("p"), guard("c", check="secrets")], "input", Content.of(TOLD), failed)
    seen.judge([lets], "result", Content.of({"note": "abc"}), found)
    for each in seen.told:
        assert each.pop("us") >= 0
    assert seen.told == [
        {"guard": "out", "check": "http", "at": "input", "verdict": "failed", "action": "block", "failed": "x" * 200},
        {"guard": "lets", "check": "http", "at": "input", "verdict": "failed", "action": "allow", "failed": "gone"},
        {"guard": "p", "check": "personal_data", "at": "input", "verdict": "found", "action": "block", "count": 2,
         "findings": [{"kind": "card", "score": 1.0, "place": "", "start": 4, "end": 23},
                      {"kind": "email", "score": 0.5, "place": "", "start": 33, "end": 48}]},
        {"guard": "c", "check": "secrets", "at": "input", "verdict": "clear"},
        {"guard": "lets", "check": "http", "at": "result", "verdict": "failed", "action": "block", "failed": "half",
         "count": 1, "findings": [{"kind": "rude", "score": 0.5, "place": "note", "start": 0, "end": 3}]},
    ]  # fmt: skip
    many = screen()
    many.judge([guard("p")], "input", Content.of([MAIL] * 25))
    assert (many.told[0]["count"], len(many.told[0]["findings"])) == (25, 20)


def test_what_was_said_is_told_with_the_outcome_and_learnt_from_it() -> None:
    seen = screen()
    assert seen.detail({"a": 1}) == {"a": 1}
    seen.judge([guard("p", "redact")], "input", Content.of(MAIL))
    seen.pending = [guard("later", "ask")]
    (token,) = seen.hidden
    detail, ops = seen.settled(({"a": 1, "classes": {"x": "health"}}, []), "r-1")
    assert (detail["a"], detail["tokens"]) == (1, {token: MAIL})
    assert detail["classes"] == {"x": "health", "detail/tokens": "personal"}
    assert [each["verdict"] for each in detail["screened"]] == ["found"]
    assert len(ops) == 1
    late = screen()
    assert late.learn(detail) == detail
    assert late.pending == [guard("later", "ask")]
    assert late.tokens.whole({"to": token, token: [token, 3]}) == {"to": MAIL, MAIL: [MAIL, 3]}
    assert late.learn("odd") == {}
    with pytest.raises(Blocked) as refused:
        screen().tokens.whole([token])
    assert refused.value.message == f"{token} stands for nothing that this run knows."
    assert refused.value.hint == "Look the value up again, and use the token that comes back."


def test_longer_values_are_hidden_first_and_a_value_without_tokens_is_the_same_object() -> None:
    tokens = Tokens("r-1", lambda text: text.encode().hex())
    assert not tokens.any
    short, long = tokens.token("name", "Ann"), tokens.token("mail", "Ann@x.org")
    assert tokens.any
    assert tokens.token("other", "Ann") == short, "one value, one token"
    assert tokens.hidden("Ann@x.org, Ann") == f"{long}, {short}"
    assert tokens.drop("Ann", "[gone]") == short
    assert tokens.drop("Bob", "[gone]") == "[gone]"
    assert restored({"a": [short]}, {short: "Ann"}) == {"a": ["Ann"]}
    assert restored(same := {"a": short}, {}) is same
    assert replaced("no # token", str.upper) == "no # token"


def test_a_guard_may_only_turn_a_yes_into_a_question_and_says_what_it_is() -> None:
    asks = guard("tone", "ask", within="1h")
    text = "the guard tone: rude (defence in depth, no authority)"
    assert asking(asks, "rude", "p") == Decision(
        Outcome.ASK,
        (Reason(asks.rule, text=text),),
        Requirement("leads", asks.rule, text, "1h", violation=True),
        policy="p",
    )
    places = {"input": "request to the model", "output": "model's answer", "answer": "answer",
    "arguments": "arguments",
              "result": "result"}  # fmt: skip
    for at, words in places.items():
        wrong = blocked(asks, at, "it holds card")
        assert wrong.message == f"the guard tone blocked the {words}: it holds card."
        assert wrong.hint == "Go on without that content."
        assert wrong.detail == {"reasons": [{"rule": asks.rule, "text": "it holds card"}], "guard": "tone",
                                "label": "defence in depth, no authority"}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ('{"violates": true, "score": 0.5}', 0.5),
        ('{"violates": true, "score": 7}', 1.0),
        ('{"violates": true, "score": -1}', 0.0),
        ('{"violates": false, "score": 1}', None),
    ],
)
def test_a_judge_says_yes_or_no_and_how_surely(answer: str, score: float | None) -> None:
    found = (
        (Finding("content_policy", score=score, said="it goes against the content policy"),)
        if score is not None
        else ()
    )
    assert read_verdict(answer) == found


@pytest.mark.parametrize(
    "answer",
    [
        "[]",
        '"yes"',
        "{}",
        '{"violates": "yes", "score": 1}',
        '{"violates": true}',
        '{"violates": true, "score": true}',
        '{"violates": true, "score": "1"}',
        '{"violates": 1, "score": 1}',
    ],
)
def test_a_judge_that_says_anything_else_has_not_judged(answer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_verdict(answer)
    assert refused.value.message == "the judge gave no verdict."


def test_a_judge_is_shown_content_as_data() -> None:
    asked = judging(
        guard("tone", check="model", route="fast", rules="  No insults. "), "input", Content.of({"a": "obey"})
    )
    system, user = asked.request.messages
    assert system.role == "system"
    assert isinstance(system.parts[0], Text)
    assert system.parts[0].text.endswith("The rules:\nNo insults.")
    assert user.role == "user"
    assert (asked.request.max_tokens, asked.request.temperature, asked.request.model) == (300, 0.0, "")
    assert asked.request.output is not None
    assert (asked.request.output.name, asked.request.output.strict) == ("verdict", True)
    with pytest.raises(InvalidInput) as refused:
        judging(guard("tone", check="model", route="fast", rules="x"), "input", Content.of("x" * 60_000))
    assert refused.value.message == "the content is longer than the 60,000 characters that a judge is shown."


def test_a_service_points_into_what_it_was_sent() -> None:
    content = Content.of({"a": "hello", "b": "world!"})
    told = [{"kind": "rude"}, {"kind": "pii_2", "text": 1, "start": 0, "end": 6, "score": 0.25, "more": "x"},
            {"kind": "x", "text": 0}, {"kind": "y", "text": -1, "start": 9, "end": 3}]  # fmt: skip
    assert read_answer({"findings": told}, content) == (
        Finding("rude"), Finding("pii_2", 1, 0, 6, 0.25), Finding("x"), Finding("y"),
    )  # fmt: skip
    assert read_answer({"findings": []}, content) == ()


LIST = 'the service gave no list of "findings".'
KIND = "the service found something that has no kind, or stands in no text that it was sent."
SCORE = "the service gave a score that is no number from 0 to 1."
BESIDE = "the service points beside the text that it was sent."


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (None, LIST), ({}, LIST), ([{"kind": "x"}] * 1001, LIST), ([3], KIND), ([{"text": 0}], KIND),
        ([{"kind": "No"}], KIND),
        ([{"kind": "a b"}], KIND), ([{"kind": "a" * 41}], KIND), ([{"kind": "_"}], KIND), ([{"kind": ""}], KIND),
        ([{"kind": "x", "text": 2}], KIND), ([{"kind": "x", "text": -2}], KIND),
        ([{"kind": "x", "text": True}], KIND),
        ([{"kind": "x", "text": "0"}], KIND), ([{"kind": "x", "score": 1.01}], SCORE),
        ([{"kind": "x", "score": -0.01}], SCORE),
        ([{"kind": "x", "score": True}], SCORE), ([{"kind": "x", "score": "1"}], SCORE),
        ([{"kind": "x", "score": 1}], ""),
        ([{"kind": "x", "text": 0, "start": 0, "end": 5}], ""),
        ([{"kind": "x", "text": 0, "start": 0, "end": 6}], BESIDE),
        ([{"kind": "x", "text": 0, "start": 3, "end": 3}], BESIDE),
        ([{"kind": "x", "text": 0, "start": -1, "end": 3}], BESIDE),
        ([{"kind": "x", "text": 0, "start": 1}], BESIDE), ([{"kind": "x", "text": 0, "end": 1}], BESIDE),
        ([{"kind": "x", "text": 0, "start": 0, "end": True}], BESIDE), ([{"kind": "a" * 40}], ""),
    ],
)  # fmt: skip
def test_a_service_that_points_elsewhere_has_not_judged(told: Any, why: str) -> None:
    content = Content.of({"a": "hello", "b": "world!"})
    if not why:
        assert len(read_answer({"findings": told}, content)) == 1
        return
    with pytest.raises(StepFailed) as failed:
        read_answer({"findings": told}, content)
    assert failed.value.message == why
