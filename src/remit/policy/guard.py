"""The contract of a check: content goes in, findings come out, and nothing else happens. It decides nothing.

Content is what stands at one place of the gate, with its texts in order: strings, keys that are data, and long whole
numbers. A finding names the text, where in it, and how sure the check is. Every check in `guards/` is pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.domain.guards import Guard

Json = Any
WHOLE = -1
"""In a finding: no text in particular, but the content as a whole."""
_LONG_NUMBER = 10**10
"""Whole numbers from here on are looked at as text: cards and tax numbers travel as numbers, too."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")


class Found(NamedTuple):
    """One text of the content."""

    place: str
    """Where it stands, by names and positions: `customer/email`, `lines/2`. What is data itself is a `*`."""
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check objects to."""

    kind: str
    text: int = WHOLE
    """Which of the texts."""
    start: int = 0
    end: int = 0
    score: float = 1.0
    """How sure the check is, from 0 to 1."""
    data_class: str = ""
    said: str = ""
    """More about it, in words that hold nothing of the content."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is looked at."""

    value: Json
    texts: tuple[Found, ...]

    @classmethod
    def of(cls, value: Json) -> Content:
        """A JSON value with all its texts."""
        return cls(value, tuple(_texts(value, ())))

    def rewritten(self, texts: Sequence[str]) -> Json:
        """The value with other texts; what has not changed is as it was."""
        return _rewritten(self.value, zip(self.texts, texts, strict=True))


class Check(Protocol):
    """Looks at content."""

    def __call__(self, guard: Guard, content: Content) -> list[Finding]:
        """Everything that it objects to, in the order of the texts."""
        ...


def counted(guard: Guard, findings: list[Finding]) -> list[Finding]:
    """The findings that count for a guard: of its kinds, and sure enough."""
    least = 0.0 if guard.check == "confidence" else guard.threshold
    return [
        each for each in findings if (not guard.kinds or each.kind in guard.kinds) and each.score >= least
    ]


def _texts(value: Json, place: tuple[str, ...]) -> Iterator[Found]:
    match value:
        case str():
            yield Found("/".join(place), value)
        case bool():
            return
        case int() if abs(value) >= _LONG_NUMBER:
            yield Found("/".join(place), str(value))
        case dict():
            for key, inner in cast("dict[str, Json]", value).items():
                named = _NAME.fullmatch(key) is not None
                if not named:
                    yield Found("/".join((*place, "*")), key)
                yield from _texts(inner, (*place, key if named else "*"))
        case list() | tuple():
            for index, inner in enumerate(cast("Sequence[Json]", value)):
                yield from _texts(inner, (*place, str(index)))
        case _:
            return


def _rewritten(value: Json, texts: Iterator[tuple[Found, str]]) -> Json:
    match value:
        case str():
            return next(texts)[1]
        case bool():
            return value
        case int() if abs(value) >= _LONG_NUMBER:
            before, now = next(texts)
            return value if before.text == now else now
        case dict():
            made: dict[str, Json] = {}
            for key, inner in cast("dict[str, Json]", value).items():
                name = key if _NAME.fullmatch(key) is not None else next(texts)[1]
                made[name] = _rewritten(inner, texts)
            return made
        case list() | tuple():
            return [_rewritten(inner, texts) for inner in cast("Sequence[Json]", value)]
        case _:
            return value
