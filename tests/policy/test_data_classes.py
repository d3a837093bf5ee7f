"""Where a schema says that classed data stands, and what settings say becomes of each class."""

from __future__ import annotations

from typing import Any

import pytest

from remit.domain.errors import InvalidSetting
from remit.policy.data_classes import capture_rules, classes_of, data_class, retention_days, without_classes

MARKED: dict[str, Any] = {"type": "string", "x-remit-class": "personal"}


def test_every_way_into_a_schema_is_taken() -> None:
    schema = {
        "x-remit-class": "secret",
        "properties": {
            "plain": {"type": "string"},
            "name": MARKED,
            "either": {"anyOf": [{"type": "null"}, {"properties": {"a": MARKED}}]},
            "one": {"oneOf": [MARKED]},
            "all": {"allOf": [{"properties": {"b": {"x-remit-class": "health"}}}]},
            "lines": {"items": {"properties": {"iban": MARKED}}},
            "pair": {"prefixItems": [{"type": "null"}, MARKED]},
            "map": {"additionalProperties": MARKED},
            "near": {"$ref": "#/$defs/deep/inner"},
            "gone": {"$ref": "#/$defs/none/inner"},
            "through": {"$ref": "#/$defs/text/inner"},
            "elsewhere": {"$ref": "https://example.org/#/$defs/deep"},
            "odd": {"$ref": 3, "x-remit-class": 4, "items": False},
            "empty": {"x-remit-class": ""},
        },
        "$defs": {"deep": {"inner": {"properties": {"c": MARKED}}}, "text": "inner"},
    }
    assert classes_of(schema) == {
        "": "secret", "name": "personal", "either/a": "personal", "one": "personal", "all/b": "health",
        "lines/*/iban": "personal", "pair/*": "personal", "map/*": "personal", "near/c": "personal",
    }  # fmt: skip
    assert classes_of({"properties": {"a": MARKED}}, "health") == {"": "health", "a": "personal"}
    assert (classes_of(True), classes_of([MARKED], "secret")) == ({}, {"": "secret"})


def test_a_schema_that_holds_itself_is_entered_twenty_times() -> None:
    again: dict[str, Any] = {"properties": {"a": MARKED, "next": {"$ref": "#/$defs/again"}}}
    found = classes_of({**again, "$defs": {"again": again}})
    deepest = max(found, key=len)
    assert (found["a"], found["next/a"]) == ("personal", "personal")
    assert deepest.count("next/") == 9, "a property and a reference are a step each"


def test_a_model_is_shown_no_classes_and_the_rest_as_it_is() -> None:
    plain = {"type": "object", "properties": {"a": {"enum": ["x", 1, None]}}}
    assert without_classes(plain) is plain
    marked = {"properties": {"a": MARKED}, "anyOf": [MARKED, {"type": "null"}], "x-remit-class": "secret"}
    assert without_classes(marked) == {
        "properties": {"a": {"type": "string"}}, "anyOf": [{"type": "string"}, {"type": "null"}],
    }  # fmt: skip
    assert (without_classes("text"), without_classes(None)) == ("text", None)


def test_what_names_an_environment_wins_there_and_counts_nowhere_else() -> None:
    texts = (" prod:personal = drop ", "personal=redact", "health=hash", "dev:health=keep", "secret=keep")
    assert capture_rules(texts, "prod") == {"personal": "drop", "health": "hash", "secret": "keep"}
    assert capture_rules(texts, "dev") == {"personal": "redact", "health": "keep", "secret": "keep"}
    assert capture_rules((), "dev") == {}


def test_days_are_counted_per_class() -> None:
    assert retention_days(("personal=90", "health = 1", "secret=36500")) == {
        "personal": 90, "health": 1, "secret": 36_500,
    }  # fmt: skip
    assert retention_days(()) == {}


@pytest.mark.parametrize(
    "text", ["personal=0", "personal=36501", "personal=many", "personal=-1", "prod:personal=3"]
)
def test_days_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        retention_days((text,))
    value = text.partition("=")[2]
    assert refused.value.message == f'retention.classes: "personal={value}" has no days.'
    assert refused.value.hint == 'Write "CLASS=DAYS", such as "personal=90".'


def test_a_rule_and_a_class_that_mean_nothing_are_refused() -> None:
    with pytest.raises(InvalidSetting) as refused:
        capture_rules(("personal=shred",), "dev")
    assert refused.value.message == 'capture.classes: "shred" is nothing that can be done with personal data.'
    assert refused.value.hint == "It is one of keep, redact, hash, drop."
    for text in ("personal", "Personal=keep", "a=b=c", "1:personal=keep", "=keep", "personal="):
        with pytest.raises(InvalidSetting) as refused:
            capture_rules((text,), "dev")
        assert refused.value.message == f'capture.classes: "{text}" is no rule.'
        assert refused.value.hint == 'Write "CLASS=VALUE" or "ENVIRONMENT:CLASS=VALUE".'
    with pytest.raises(InvalidSetting, match=r'retention.classes: "x" is no rule\.'):
        retention_days(("x",))
    for name in ("Health", "1a", "", "a" * 32):
        with pytest.raises(InvalidSetting) as refused:
            data_class(name)
        assert refused.value.message == f'"{name}" cannot be the name of a data class.'
        assert refused.value.hint == "Use small letters, digits, - and _: health-record"
    assert data_class("a" * 31).extra_json_schema == {"x-remit-class": "a" * 31}
