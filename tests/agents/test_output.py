"""Typed answers: every schema is one that providers can decode to, and what fits it comes back as the type."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, cast

import pytest
from jsonschema import Draft202012Validator

from remit.agents.output import OutputShape
from remit.domain.errors import InvalidInput


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    colour: Colour
    note: str | None = None


@dataclass(frozen=True)
class Outer:
    kind: Literal["a", "b"]
    inner: Inner
    many: list[Inner] = field(default_factory=list[Inner])


@dataclass(frozen=True)
class Tree:
    name: str
    below: list[Tree] = field(default_factory=list["Tree"])


@dataclass(frozen=True)
class Free:
    facts: dict[str, int]


CASES: list[tuple[Any, Any, Any]] = [
    (
        Outer,
        {"kind": "a", "inner": {"colour": "red", "note": None}, "many": []},
        Outer("a", Inner(Colour.RED)),
    ),
    (Tree, {"name": "x", "below": [{"name": "y", "below": []}]}, Tree("x", [Tree("y")])),
    (int, {"value": 7}, 7),
    (list[str], {"value": ["a"]}, ["a"]),
    (Literal["yes", "no"], {"value": "no"}, "no"),
    (bool, {"value": True}, True),
]


@pytest.mark.parametrize(("kind", "said", "value"), CASES)
def test_a_schema_is_closed_and_its_answers_come_back_as_the_type(kind: Any, said: Any, value: Any) -> None:
    shape = OutputShape.of(kind)
    Draft202012Validator.check_schema(shape.schema)
    assert shape.schema["type"] == "object"
    assert shape.strict
    for part in _objects(shape.schema):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    validator: Any = Draft202012Validator(shape.schema)  # the library gives its methods no complete types
    assert validator.is_valid(said)
    for text in (
        json.dumps(said),
        f"Here it is:\n```json\n{json.dumps(said)}\n```\nBye.",
        f"so: {json.dumps(said)}.",
    ):
        assert shape.read(text) == value


def test_an_object_with_free_names_is_not_promised_to_be_strict() -> None:
    shape = OutputShape.of(Free)
    assert not shape.strict
    assert shape.read('{"facts": {"a": 1}}') == Free({"a": 1})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "{",
        '{"kind": "c", "inner": {"colour": "red"}}',
        '{"kind": "a"}',
        "[]",
        '{"kind": 1e999}',
        "null",
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(text: str) -> None:
    with pytest.raises(InvalidInput) as told:
        OutputShape.of(Outer).read(text)
    assert told.value.message
    assert "\n" not in told.value.message


def _objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for each in cast("list[Any]", schema) for found in _objects(each)]
    if not isinstance(schema, dict):
        return []
    known = cast("dict[str, Any]", schema)
    here = [known] if known.get("type") == "object" and "properties" in known else []
    return here + [found for each in known.values() for found in _objects(each)]
