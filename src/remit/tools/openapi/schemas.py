"""Schemas out of a document, each to stand by itself: in the words of JSON Schema, what it refers to under `$defs`.

Each definition is read once however many operations use it, and a schema larger than anybody can check is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidDocument
from remit.tools.openapi.document import object_in, reference_in

if TYPE_CHECKING:
    from remit.tools.openapi.document import Document

Json = Any
_MOST = 20_000
_DEEPEST = 60
_ONE = frozenset(
    {"additionalProperties", "items", "not", "contains", "propertyNames", "if", "then", "else",
     "unevaluatedProperties", "unevaluatedItems", "additionalItems"}
)  # fmt: skip
_MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LEFT_OUT = frozenset(
    {"discriminator", "xml", "externalDocs", "example", "examples", "nullable", "$defs", "definitions", "$id",
     "$schema", "$anchor", "$dynamicAnchor", "$comment", "deprecated"}
)  # fmt: skip
_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(slots=True)
class _Definition:
    name: str
    schema: Json
    references: set[str]
    size: int


class TooManyParts(InvalidDocument):
    """A schema is larger than it may be."""


class Schemas:
    """The schemas of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._definitions: dict[str, _Definition] = {}
        self._names: dict[str, str] = {}
        self._count = 0
        self._stop = 0

    def read(self, value: Json, place: str, most: int = _MOST) -> dict[str, Json]:
        """A schema with everything that it refers to."""
        references: set[str] = set()
        start = self._count
        self._stop = start + most
        found = object_in(self._today(value, place, references, 0))
        size = self._count - start
        definitions: dict[str, Json] = {}
        todo = sorted(references)
        for reference in todo:
            known = self._definition(reference, place, most)
            definitions[known.name] = known.schema
            size += known.size
            if size > most:
                raise self._too_large(place)
            todo += sorted(known.references - set(todo))
        if found is None:
            return {}
        return {**found, "$defs": definitions} if definitions else found

    def _definition(self, reference: str, place: str, most: int) -> _Definition:
        known = self._definitions.get(reference)
        if known is None:
            self._document.follow(
                {"$ref": reference}, place
            )  # a ring of references that hold nothing ends here
            references: set[str] = set()
            start = self._count
            self._stop = start + most
            schema = self._today(self._document.at(reference, place), place, references, 0)
            known = _Definition(self._name(reference), schema, references, self._count - start)
            self._definitions[reference] = known
        return known

    def _name(self, reference: str) -> str:
        """Two definitions may end in the same word; they are not the same."""
        if reference not in self._names:
            plain = _NAME.sub("_", reference.rpartition("/")[2]) or "schema"
            taken, name, number = set(self._names.values()), plain, 2
            while name in taken:
                name, number = f"{plain}_{number}", number + 1
            self._names[reference] = name
        return self._names[reference]

    def _today(self, value: Json, place: str, references: set[str], depth: int) -> Json:
        """A schema of any 3.x in the words of JSON Schema."""
        self._count += 1
        known = object_in(value)
        if known is None:
            return value if isinstance(value, bool) else {}
        if depth > _DEEPEST:
            raise InvalidDocument(f"{self._document.name}: {place} has a schema that is nested too deep.")
        if self._count > self._stop:
            raise self._too_large(place)
        reference = reference_in(known)
        if reference is not None and not self._document.modern:
            known = {"$ref": reference}  # 3.0 reads nothing beside a reference
        found: dict[str, Json] = {}
        for key, each in known.items():
            if key in _LEFT_OUT or key.startswith("x-"):
                continue
            found[key] = self._part(key, each, place, references, depth + 1)
        if reference is not None:
            references.add(reference)
            found["$ref"] = f"#/$defs/{self._name(reference)}"
        return _with_flags_as_words(found, nullable=known.get("nullable") is True)

    def _part(self, key: str, value: Json, place: str, references: set[str], depth: int) -> Json:
        if key in _MANY or (key == "items" and isinstance(value, list)):
            schemas = self._document.list_in(value, place)
            return [self._today(each, place, references, depth) for each in schemas]
        if key in _ONE:
            return self._today(value, place, references, depth)
        named = object_in(value)
        if key in _NAMED and named is not None:
            return {name: self._today(each, place, references, depth) for name, each in named.items()}
        return value

    def _too_large(self, place: str) -> TooManyParts:
        return TooManyParts(
            f"{self._document.name}: {place} has a schema with too many parts to be checked.",
            "Leave the operation out: skip = […] in tools.toml.",
        )


def _with_flags_as_words(found: dict[str, Json], *, nullable: bool) -> dict[str, Json]:
    """`nullable` and exclusive bounds were flags in OpenAPI 3.0."""
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(flag), bool):
            exclusive = found.pop(flag)
            if exclusive and bound in found:
                found[flag] = found.pop(bound)
    if not nullable:
        return found
    if not isinstance(found.get("type"), str):
        return {"anyOf": [found, {"type": "null"}]} if found else found
    found["type"] = [found["type"], "null"]
    if isinstance(found.get("enum"), list) and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    return found
