"""What each built-in check says of known content, word by word, and where its findings point."""

from __future__ import annotations

from typing import Any

import pytest

from remit.domain.guards import Guard
from remit.policy.detectors.finding import Found as Place
from remit.policy.detectors.secret_values import secret_values
from remit.policy.guard import WHOLE, Content, Finding, Found, counted
from remit.policy.guards import confidence, personal_data, secrets
from remit.policy.guards.schema import checking

CARD, KEY = "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE"
SURE = Guard("confidence", at=("answer",), threshold=0.75, field="certain")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"certain": 0.75}, []), ({"certain": 1}, []), ({"certain": 0.9, "confidence": 0}, []),
        ({"certain": 0.5}, [Finding("low_confidence", WHOLE, 0, 0, 1.0, "", "certain is 0.5, and 0.75 is asked for")]),
        ({"certain": 0}, [Finding("low_confidence", WHOLE, 0, 0, 1.0, "", "certain is 0, and 0.75 is asked for")]),
        *(
            (value, [Finding("no_confidence", WHOLE, 0, 0, 1.0, "", "it has no number certain")])
            for value in ({"certain": True}, {"certain": "0.9"}, {"confidence": 0.9}, {}, [0.9], 0.9, None, "certain")
        ),
    ],
)  # fmt: skip
def test_an_answer_is_held_to_how_certain_it_says_it_is(value: Any, found: list[Finding]) -> None:
    assert confidence.find(SURE, Content.of(value)) == found
    assert counted(SURE, found) == found, "a threshold of certainty is none of how sure the check is"


def test_what_a_detector_finds_is_told_by_text_and_place_and_how_sure_it_is() -> None:
    content = Content.of({"a": "nothing", "b": [f"pay {CARD} or mail x@example.org", f"{KEY}, {CARD}"]})
    guard = Guard("personal_data", at=("input",))
    assert personal_data.find(guard, content) == [
        Finding("card", 1, 4, 23, 1.0, "personal"),
        Finding("email", 1, 32, 45, 0.5, "personal"),
        Finding("card", 2, 22, 41, 1.0, "personal"),
    ]
    assert secrets.find(guard, content) == [Finding("aws_access_key", 2, 0, 20, 0.5, "secret")]
    assert counted(Guard("secrets", at=("input",), threshold=0.5), secrets.find(guard, content))
    assert not counted(Guard("secrets", at=("input",), threshold=0.51), secrets.find(guard, content))


def test_a_schema_says_what_does_not_fit_in_the_words_of_who_reads_it() -> None:
    asked: list[tuple[Any, Any]] = []

    def misfit(schema: Any, value: Any) -> str:
        asked.append((schema, value))
        return "" if value == {"a": 1} else "a is missing"

    guard = Guard("schema", at=("result",), schema={"required": ["a"]})
    assert checking(misfit)(guard, Content.of({"a": 1})) == []
    assert checking(misfit)(guard, Content.of({})) == [
        Finding("misfit", WHOLE, 0, 0, 1.0, "", "a is missing")
    ]
    assert asked == [({"required": ["a"]}, {"a": 1}), ({"required": ["a"]}, {})]


def test_every_secret_of_a_text_is_found_once_and_surest_first_by_place() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    text = f"{KEY} glpat-{'a' * 20} hf_{'b' * 34} rk_{'c' * 10}_{'d' * 20} {token} {KEY}"
    found = secret_values(text)
    assert [(each.kind, each.checked) for each in found] == [
        ("aws_access_key", False), ("gitlab_token", False), ("huggingface_token", False), ("remit_key", False),
        ("jwt", True), ("aws_access_key", False),
    ]  # fmt: skip
    assert found[0] == Place(0, 20, "aws_access_key", "secret", checked=False)
    assert [text[each.start : each.end] for each in found] == text.split(" ")
    pat = f"github_pat_{'a' * 22}_{'b' * 59}"
    assert [each.kind for each in secret_values(pat)] == ["github_token"]


def test_texts_are_strings_keys_that_are_data_and_long_numbers_each_in_its_place() -> None:
    value = {
        "name": "n", "two words": {"in": "x"}, "_ok-1": ["l0", ("l1", 3)], "long": 10**10, "less": -(10**10),
        "short": 10**10 - 1, "yes": True, "none": None, "half": 0.5, "1st": "y", "n" * 41: "a", "m" * 42: "b",
    }  # fmt: skip
    content = Content.of(value)
    assert content.texts == (
        Found("name", "n"), Found("*", "two words"), Found("*/in", "x"), Found("_ok-1/0", "l0"),
        Found("_ok-1/1/0", "l1"), Found("long", "10000000000"), Found("less", "-10000000000"), Found("*", "1st"),
        Found("*", "y"),
        Found("n" * 41, "a"), Found("*", "m" * 42), Found("*", "b"),
    )  # fmt: skip
    assert Content.of("alone").texts == (Found("", "alone"),)
    assert content.rewritten([text for _, text in content.texts]) == {**value, "_ok-1": ["l0", ["l1", 3]]}
    changed = [f"<{text}>" for _, text in content.texts]
    assert content.rewritten(changed) == {
        "name": "<n>", "<two words>": {"in": "<x>"}, "_ok-1": ["<l0>", ["<l1>", 3]], "long": "<10000000000>",
        "less": "<-10000000000>", "short": 10**10 - 1, "yes": True, "none": None, "half": 0.5, "<1st>": "<y>",
        "n" * 41: "<a>", f"<{'m' * 42}>": "<b>",
    }  # fmt: skip
    with pytest.raises(ValueError, match="zip"):
        content.rewritten(changed[1:])
