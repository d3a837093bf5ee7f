"""A value that fits a JSON schema and looks as if somebody meant it: taken from the conversation where a name or a form
matches, made up where nothing does. The same schema and the same hints give the same value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from remit.models.simulation.hints import CODE, DATE, EMAIL, QUOTED, URL
from remit.models.simulation.patterns import matching
from remit.models.simulation.schemas import distinct, fits, is_of, merged, number, types_of, without

if TYPE_CHECKING:
    from remit.models.simulation.hints import Hints

Json = Any
Schema = dict[str, Any]

DEEPEST = 3
"""Levels below which only what must be is filled: schemas may contain themselves."""
_BOTTOM = 40
_FORMATS: dict[str, tuple[re.Pattern[str] | None, str]] = {
    "date-time": (DATE, "2026-01-01T00:00:00Z"),
    "date": (DATE, "2026-01-01"),
    "time": (None, "12:00:00Z"),
    "duration": (None, "P1D"),
    "email": (EMAIL, "someone@example.com"),
    "uri": (URL, "https://example.com/"),
    "url": (URL, "https://example.com/"),
    "uuid": (None, "00000000-0000-4000-8000-000000000000"),
    "ipv4": (None, "192.0.2.1"),
    "ipv6": (None, "2001:db8::1"),
    "hostname": (None, "example.com"),
}
_LONGEST_NUMBER = 15
_SURE = re.compile(r"confidence|probability|certainty|likelihood|score", re.IGNORECASE)
_ASKS = re.compile(r"query|question|search|text|message|prompt|topic|subject", re.IGNORECASE)
_IDENTIFIES = re.compile(r"(^|_)(id|key|code|number|ref|reference)$|Id$", re.IGNORECASE)


def fill(schema: Schema, hints: Hints, *, sparing: bool = False) -> Json:
    """A value for this schema; `sparing` leaves out what may be left out, unless the conversation names it."""
    return _Filler(schema, hints, sparing=sparing).value(schema, "", 0)


class _Filler:
    def __init__(self, root: Schema, hints: Hints, *, sparing: bool) -> None:
        self._root = root
        self._hints = hints
        self._sparing = sparing

    def value(self, schema: Json, name: str, depth: int) -> Json:
        """A value for one place of the schema."""
        if not isinstance(schema, dict) or depth > _BOTTOM:
            return None
        plain = self._resolved(cast("Schema", schema), depth)
        if "const" in plain:
            return plain["const"]
        if plain.get("enum"):
            return self._choice(plain)
        hinted = self._hinted(plain, name)
        if hinted is not None:
            return hinted
        if not self._sparing or "default" not in plain:
            example = next((each for each in plain.get("examples", ()) if fits(each, plain)), None)
            if example is not None:
                return example
        if "default" in plain and fits(plain["default"], plain):
            return plain["default"]
        return self._made(plain, name, depth)

    # --- reading the schema ---------------------------------------------------------------------------------

    def _resolved(self, schema: Schema, depth: int) -> Schema:
        """The schema without references and alternatives: the first alternative that says something."""
        for _ in range(_BOTTOM):
            if "$ref" in schema:
                schema = {**self._target(schema["$ref"]), **without(schema, "$ref")}
            elif "allOf" in schema:
                schema = self._all(without(schema, "allOf"), schema["allOf"], depth)
            elif schema.get("anyOf") or schema.get("oneOf"):
                key = "anyOf" if schema.get("anyOf") else "oneOf"
                schema = merged(without(schema, key), self._alternative(schema[key], depth))
            else:
                break
        return schema

    def _all(self, schema: Schema, parts: list[Schema], depth: int) -> Schema:
        for part in parts:
            schema = merged(schema, self._resolved(part, depth))
        return schema

    def _target(self, reference: str) -> Schema:
        place: Json = self._root
        for part in reference.lstrip("#/").split("/") if reference.lstrip("#/") else []:
            key = part.replace("~1", "/").replace("~0", "~")
            place = place.get(key, {}) if isinstance(place, dict) else {}  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return cast("Schema", place) if isinstance(place, dict) else {}

    def _alternative(self, options: list[Schema], depth: int) -> Schema:
        """Not null while there is room, null when the schema goes too deep."""
        empty = [one for one in options if one.get("type") == "null"]
        full = [one for one in options if one.get("type") != "null"]
        return (empty or full)[0] if depth >= DEEPEST or not full else full[0]

    # --- out of the conversation ----------------------------------------------------------------------------

    def _choice(self, schema: Schema) -> Json:
        choices = [each for each in schema["enum"] if any(is_of(each, kind) for kind in types_of(schema))]
        return (self._hints.mentioned(choices) or choices or schema["enum"])[0]

    def _hinted(self, schema: Schema, name: str) -> Json:
        if not name:
            return None
        found = next((each for each in self._hints.named(name) if fits(each, schema)), None)
        if found is not None and not isinstance(found, dict | list):
            return found
        for kind in types_of(schema):
            for said in self._said(kind, schema, name):
                if fits(said, schema):
                    return said
        return None

    def _said(self, kind: str, schema: Schema, name: str) -> list[Json]:
        """Pieces of the words that may be meant by a name."""
        hints = self._hints
        if kind == "integer":
            return [int(each) for each in hints.numbers(name) if _is_plain(each) and "." not in each]
        if kind == "number":
            said = [float(each) for each in hints.numbers(name) if _is_plain(each)]
            return [] if _SURE.search(name) else said
        if kind != "string":
            return []
        form = _FORMATS.get(schema.get("format", ""))
        if form is not None:
            return list(hints.texts(form[0])) if form[0] else []
        if re.search(r"e?mail|recipient|^to$", name, re.IGNORECASE):
            return list(hints.texts(EMAIL))
        if re.search(r"ur[li]|link|href", name, re.IGNORECASE):
            return list(hints.texts(URL))
        if _IDENTIFIES.search(name):
            return [*hints.texts(CODE), *hints.numbers(name)]
        return list(hints.texts(QUOTED)) if re.search(r"name|title", name, re.IGNORECASE) else []

    # --- made up --------------------------------------------------------------------------------------------

    def _made(self, schema: Schema, name: str, depth: int) -> Json:
        kinds = types_of(schema)
        match next((kind for kind in kinds if kind != "null"), "null"):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer":
                return number(schema, whole=True)
            case "number":
                return number(schema, whole=False, sure=bool(_SURE.search(name)))
            case "boolean":
                return True
            case "string":
                return self._text(schema, name)
            case _:
                return None

    def _object(self, schema: Schema, depth: int) -> dict[str, Json]:
        properties: dict[str, Json] = schema.get("properties", {})
        required = set(schema.get("required", ()))
        filled: dict[str, Json] = {}
        for name, inner in properties.items():
            if name in required or self._worth_filling(inner, name, depth):
                filled[name] = self.value(inner, name, depth + 1)
        for name in sorted(required - properties.keys()):
            filled[name] = self.value(schema.get("additionalProperties") or {}, name, depth + 1)
        return filled

    def _worth_filling(self, schema: Json, name: str, depth: int) -> bool:
        if depth >= DEEPEST:
            return False
        if not self._sparing:
            return True
        return isinstance(schema, dict) and bool(self._hints.named(name)) and "default" not in schema

    def _array(self, schema: Schema, name: str, depth: int) -> list[Json]:
        first = [self.value(each, name, depth + 1) for each in schema.get("prefixItems", ())]
        least = int(schema.get("minItems", 0))
        count = max(least, 0 if depth >= DEEPEST else min(1, int(schema.get("maxItems", 1))))
        inner = schema.get("items", {})
        if inner is False:
            return first
        items = [
            *first,
            *(self.value(inner, name.removesuffix("s"), depth + 1) for _ in range(count - len(first))),
        ]
        return distinct(items) if schema.get("uniqueItems") else items

    def _text(self, schema: Schema, name: str) -> str:
        least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
        if "pattern" in schema:
            found = matching(schema["pattern"], least, most)
            if found is not None:
                return found
        form = _FORMATS.get(schema.get("format", ""))
        if form is not None:
            return form[1]
        words = " ".join(self._hints.words.split())[:80]
        text = words if words and _ASKS.search(name) else f"simulated {name or 'text'}"
        text += "." * (least - len(text))
        return text if most is None else text[: int(most)]


def _is_plain(number: str) -> bool:
    """Not so long that readers of JSON disagree about it."""
    return len(number) <= _LONGEST_NUMBER
