"""What differs between two definitions of a tool, for people to read. Pure: manifests as data in, words out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from remit.domain.tools import ToolManifest

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = Any
Difference = dict[str, str]
"""`{"field": "parameters.properties.id.type", "was": …, "is": …}`, in words; a side that had nothing is left out."""

_LONGEST = 400
_AROUND = 40
_MOST = 40
_UNSEEN = frozenset({"version"})
"""Fields that neither a model nor a rule ever sees."""


def plain_manifest(manifest: ToolManifest) -> dict[str, Json]:
    """A manifest as plain JSON."""
    return json.loads(json.dumps(asdict(manifest)))


def todays(stored: dict[str, Json]) -> dict[str, Json]:
    """A manifest that an older Remit wrote, with the fields that a manifest has today."""
    return {name: stored.get(name, default) for name, default in _DEFAULTS.items()} if stored else {}


def surface(plain: dict[str, Json]) -> str:
    """A digest of everything that a model is told and that rules go by; not of the code behind it."""
    seen = {name: value for name, value in plain.items() if name not in _UNSEEN}
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def differences(old: dict[str, Json], new: dict[str, Json]) -> list[Difference]:
    """Where two manifests differ, in the order of their fields."""
    found: list[Difference] = []
    _compare("", old, new, found)
    return found[:_MOST]


def readable(changed: Sequence[Difference]) -> str:
    """The differences as lines: `description` and below it what it was (-) and what it is (+)."""
    lines: list[str] = []
    for difference in changed:
        lines.append(difference["field"])
        lines += [f"  {sign} {difference[side]}" for sign, side in _SIDES if side in difference]
    return "\n".join(lines)


_DEFAULTS = plain_manifest(ToolManifest("", "", {}))
_SIDES = (("-", "was"), ("+", "is"))


def _compare(field: str, old: Json, new: Json, found: list[Difference]) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        was, now = cast("dict[str, Json]", old), cast("dict[str, Json]", new)
        for key in dict.fromkeys([*was, *now]):
            inner = f"{field}.{key}".lstrip(".")
            if key not in now:
                found.append({"field": inner, "was": _clipped(_shown(was[key]), 0)})
            elif key not in was:
                found.append({"field": inner, "is": _clipped(_shown(now[key]), 0)})
            else:
                _compare(inner, was[key], now[key], found)
    elif json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
        was_text, is_text = _shown(old), _shown(new)
        start = max(0, _alike(was_text, is_text) - _AROUND)
        found.append({"field": field, "was": _clipped(was_text, start), "is": _clipped(is_text, start)})


def _alike(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # what hides in a description is what a reader has to see: characters that do not print are spelled out
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _clipped(text: str, start: int) -> str:
    """Of a long text the part that changed: a swap must not hide behind a long beginning."""
    if len(text) <= _LONGEST:
        return text
    shown = text[start : start + _LONGEST]
    before = "…" if start else ""
    after = f"… ({len(text):,} characters)" if start + _LONGEST < len(text) else ""
    return f"{before}{shown}{after}"
