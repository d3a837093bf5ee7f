"""Three states of an object: as it was, as we left it, as it is; and what of it may be put back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from remit.domain.tools import ObjectImage

Json = Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that is not as we left it."""

    field: str
    before: Json
    after: Json
    now: Json


@dataclass(frozen=True, slots=True)
class Comparison:
    """What undo would do to one object."""

    wanted: Json
    """How it is to be; None: gone."""
    done: bool = False
    """Whether it is so already."""
    conflicts: tuple[Conflict, ...] = ()


def compare(image: ObjectImage, current: Json) -> Comparison:
    """What of a write can be taken back, field by field, without touching what a stranger wrote since (S27)."""
    before, after = image.before, image.after
    if _same(current, before) and not _same(before, after):
        return Comparison(before, done=True)
    if isinstance(before, dict) and isinstance(after, dict) and isinstance(current, dict):
        return _by_field(
            cast("dict[str, Json]", before), cast("dict[str, Json]", after), cast("dict[str, Json]", current)
        )
    if _same(current, after):
        return Comparison(before)
    return Comparison(before, conflicts=(Conflict("", before, after, current),))


def _by_field(before: dict[str, Json], after: dict[str, Json], current: dict[str, Json]) -> Comparison:
    """Only the fields that we changed are put back; all others stay as they are now."""
    ours = [name for name in {**before, **after} if _at(before, name) != _at(after, name)]
    wanted, conflicts, open_ = dict(current), list[Conflict](), 0
    for name in ours:
        now = _at(current, name)
        if now == _at(before, name):
            continue
        if now != _at(after, name):
            conflicts.append(Conflict(name, *(_shown(_at(side, name)) for side in (before, after, current))))
            continue
        open_ += 1
        if name in before:
            wanted[name] = before[name]
        else:
            wanted.pop(name, None)
    return Comparison(wanted, done=not open_ and not conflicts, conflicts=tuple(conflicts))


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


_MISSING = _Missing()


def _at(side: dict[str, Json], name: str) -> Json:
    return side.get(name, _MISSING)


def _shown(value: Json) -> Json:
    return None if value is _MISSING else value


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and one == other
