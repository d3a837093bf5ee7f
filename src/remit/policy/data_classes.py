"""Classes of data, as they are declared: on a field (`Annotated[str, Personal]`, `x-remit-class` in a schema) or on a
whole result. It turns a schema into the places that hold classed data; what becomes of them is a rule's business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from remit.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = Any
KEYWORD: Final = "x-remit-class"
MODES: Final = ("keep", "redact", "hash", "drop")
EVERYWHERE: Final = "*"
"""In a place: every item of a list, or every value of a map."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_RULE = re.compile(r"(?:(?P<environment>[a-z]+):)?(?P<name>[^=:]+)=(?P<value>[^=:]+)")
_DEEPEST = 20


def data_class(name: str) -> msgspec.Meta:
    """What `Annotated` takes to say that a field holds data of this class."""
    if _NAME.fullmatch(name) is None:
        raise InvalidSetting(
            f'"{name}" cannot be the name of a data class.',
            "Use small letters, digits, - and _: health-record",
        )
    return msgspec.Meta(extra_json_schema={KEYWORD: name})


Personal = data_class("personal")
Secret = data_class("secret")


def classes_of(schema: Json, whole: str = "") -> dict[str, str]:
    """Where a schema says that classed data stands: `customer/email`, `lines/*/iban`; "" is the value as a whole."""
    found = {"": whole} if whole else {}
    if isinstance(schema, dict):
        root = cast("dict[str, Json]", schema)
        _walk(root, root, (), found, _DEEPEST)
    return found


def without_classes(schema: Json) -> Json:
    """A schema as somebody is shown it who need not know: a model, say; the same object if it names no class."""
    if isinstance(schema, dict):
        known = cast("dict[str, Json]", schema)
        kept = {key: without_classes(part) for key, part in known.items() if key != KEYWORD}
        return known if kept == known else kept
    if isinstance(schema, list):
        parts = cast("list[Json]", schema)
        return [without_classes(part) for part in parts]
    return schema


def capture_rules(texts: Iterable[str], environment: str) -> dict[str, str]:
    """`personal=redact`, `prod:health=drop`: what becomes of each class here; what names an environment wins."""
    general: dict[str, str] = {}
    special: dict[str, str] = {}
    for where, name, mode in _rules(texts, "capture.classes"):
        if mode not in MODES:
            raise InvalidSetting(
                f'capture.classes: "{mode}" is nothing that can be done with {name} data.',
                f"It is one of {_or(MODES)}.",
            )
        if where in {"", environment}:
            (special if where else general)[name] = mode
    return general | special


def retention_days(texts: Iterable[str]) -> dict[str, int]:
    """`personal=90`: days per class."""
    found: dict[str, int] = {}
    for where, name, days in _rules(texts, "retention.classes"):
        if where or not days.isdecimal() or not 0 < int(days) <= 36_500:  # noqa: PLR2004 - a hundred years
            raise InvalidSetting(
                f'retention.classes: "{name}={days}" has no days.',
                'Write "CLASS=DAYS", such as "personal=90".',
            )
        found[name] = int(days)
    return found


def _rules(texts: Iterable[str], setting: str) -> Iterable[tuple[str, str, str]]:
    for text in texts:
        match = _RULE.fullmatch(text.strip())
        if match is None or _NAME.fullmatch(match["name"].strip()) is None:
            raise InvalidSetting(
                f'{setting}: "{text}" is no rule.', 'Write "CLASS=VALUE" or "ENVIRONMENT:CLASS=VALUE".'
            )
        yield match["environment"] or "", match["name"].strip(), match["value"].strip()


def _walk(
    node: Mapping[str, Json],
    root: Mapping[str, Json],
    place: tuple[str, ...],
    found: dict[str, str],
    left: int,
) -> None:
    if not left:
        return
    named = node.get(KEYWORD)
    if isinstance(named, str) and named:
        found["/".join(place)] = named
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        _enter(_resolved(root, reference), root, place, found, left)
    for key in ("anyOf", "oneOf", "allOf"):
        for part in cast("list[Json]", node.get(key, [])):
            _enter(part, root, place, found, left)
    for name, part in cast("dict[str, Json]", node.get("properties", {})).items():
        _enter(part, root, (*place, name), found, left)
    for key in ("items", "additionalProperties"):
        _enter(node.get(key), root, (*place, EVERYWHERE), found, left)
    for part in cast("list[Json]", node.get("prefixItems", [])):
        _enter(part, root, (*place, EVERYWHERE), found, left)


def _enter(
    part: Json, root: Mapping[str, Json], place: tuple[str, ...], found: dict[str, str], left: int
) -> None:
    if isinstance(part, dict):
        _walk(cast("dict[str, Json]", part), root, place, found, left - 1)


def _resolved(root: Mapping[str, Json], reference: str) -> Json:
    node: Json = root
    for part in reference.removeprefix("#/").split("/"):
        node = cast("dict[str, Json]", node).get(part) if isinstance(node, dict) else None
    return node


def _or(words: Iterable[str]) -> str:
    return ", ".join(words)
