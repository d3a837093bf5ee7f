"""The form of an agent's answers: a JSON schema for the model, and the way back to the Python type.

Words come out of models, values go into programs; between the two stands exactly one conversion, and what does not
fit is told to the model in the words of the type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from remit.domain.errors import InvalidInput, InvalidSetting
from remit.domain.event import object_of
from remit.engine.values import type_name
from remit.tools.shapes import Shape, ShapeError, shape_of
from remit.wire import canonical

_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class OutputShape:
    """One output type."""

    shape: Shape
    name: str
    schema: dict[str, Any]
    wrapped: bool
    """Whether the type is no object, and travels as the only field of one."""
    strict: bool = True
    """Whether providers can hold the answer to it: no object in it has names that are not known beforehand."""

    @classmethod
    def of(cls, kind: Any) -> OutputShape:
        """The shape of a type."""
        shape = shape_of(kind)
        try:
            schema = shape.schema()
        except ShapeError as wrong:
            raise InvalidSetting(
                f"an agent cannot answer with {type_name(kind)}: {wrong}.", "Use a dataclass, or plain types."
            ) from None
        schema = _at_the_top(schema)
        wrapped = schema.get("type") != "object"
        if wrapped:
            inner = {key: value for key, value in schema.items() if key != "$defs"}
            schema = {
                "type": "object", "properties": {"value": inner}, "required": ["value"],
                "additionalProperties": False, **({"$defs": schema["$defs"]} if "$defs" in schema else {}),
            }  # fmt: skip
        schema = _closed(schema)
        name = re.sub(r"[^A-Za-z0-9_-]", "_", type_name(kind))[:60] or "answer"
        return cls(shape, name, schema, wrapped, not _is_open(schema))

    def read(self, text: str) -> Any:
        """The answer as its type; raises `InvalidInput` saying what does not fit."""
        plain: Any = canonical.parse(_bare(text))
        if self.wrapped:
            if not isinstance(plain, dict) or "value" not in plain:
                raise InvalidInput('the answer is no JSON object with a field "value".')
            plain = object_of(plain)["value"]
        return self.accept(plain)

    def accept(self, plain: Any) -> Any:
        """A value as its type, whoever gave it; raises `InvalidInput` saying what does not fit."""
        try:
            return self.shape.convert(plain)
        except ShapeError as wrong:
            raise InvalidInput(f"{wrong}.") from None


def _at_the_top(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that only refers to one of its definitions, as that definition."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    definitions = object_of(schema.get("$defs"))
    if name not in definitions:
        return schema
    named = object_of(definitions[name])
    others = {key: each for key, each in definitions.items() if key != name or _refers_to(definitions, name)}
    return {**named, "$defs": others} if others else named


def _closed(schema: Any) -> Any:
    """The schema with every field asked for and no other allowed: what providers can decode to."""
    if isinstance(schema, list):
        return [_closed(each) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    known = {key: _closed(each) for key, each in cast("dict[str, Any]", schema).items()}
    if known.get("type") == "object" and isinstance(known.get("properties"), dict):
        known["required"] = list(known["properties"])
        known.setdefault("additionalProperties", False)
    return known


def _is_open(schema: Any) -> bool:
    """Whether some object may have any names."""
    if isinstance(schema, list):
        return any(_is_open(each) for each in cast("list[Any]", schema))
    if not isinstance(schema, dict):
        return False
    known = cast("dict[str, Any]", schema)
    free = known.get("type") == "object" and known.get("additionalProperties") is not False
    return free or any(_is_open(each) for each in known.values())


def _refers_to(definitions: dict[str, Any], name: str) -> bool:
    return f'"#/$defs/{name}"' in canonical.encode(definitions).decode()


def _bare(text: str) -> str:
    """The JSON of an answer that came with a fence or words around it."""
    stripped = text.strip()
    if stripped.startswith(("{", "[")):
        return stripped
    fenced = _FENCE.search(stripped)
    if fenced is not None:
        return fenced[1].strip()
    start, end = stripped.find("{"), stripped.rfind("}")
    return stripped[start : end + 1] if 0 <= start < end else stripped
