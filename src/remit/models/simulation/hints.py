"""What a conversation offers for filling in a value: fields of tool results, and numbers, addresses and words of what
the user said. It finds; whether something fits is decided by whoever fills.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from remit.models.simulation.scene import value_of

if TYPE_CHECKING:
    from remit.models.simulation.scene import Scene

Json = Any

# Each begins only where no other could have begun: a long text without a match is read once, not once per letter.
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
URL = re.compile(r"https?://[^\s\"'<>)\]]*[^\s\"'<>)\].,:;!?]")
NUMBER = re.compile(r"(?<![\w.,-])-?\d+(?:\.\d+)?(?![\w]|[.,]\d)")
CODE = re.compile(r"(?<![\w-])(?:(?=[\w-]*\d)[A-Za-z]+[-_][\w-]+|[A-Z]+\d[\w-]*)")
DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?\b")
QUOTED = re.compile(r"[\"“„']([^\"“”„']{2,80})[\"”“']")
_DEEPEST = 6


class Hints:
    """Values by the name of what is wanted, the most recent first."""

    def __init__(self, words: str, known: list[Json]) -> None:
        self.words = words
        """What was said, in plain words."""
        self._known = known
        self._fields: dict[str, list[Json]] = {}
        for value in known:
            for name, item in _fields(value):
                self._fields.setdefault(_plain(name), []).append(item)

    def named(self, name: str) -> list[Json]:
        """Values that may be meant by a name: those of that very name, and those of its last word."""
        plain = _plain(name)
        found = list(self._fields.get(plain, ()))
        last = _words(name)[-1:] or [""]
        if last[0] != plain:
            found += self._fields.get(last[0], ())
        return found

    def numbers(self, name: str) -> list[str]:
        """Numbers of the words; first the one that stands behind a word of the name."""
        found: list[str] = []
        for word in _words(name):
            near = re.search(
                rf"\b{re.escape(word)}s?\b\D{{0,12}}?(-?\d+(?:\.\d+)?)\b", self.words, re.IGNORECASE
            )
            if near:
                found.append(near[1])
        return [*found, *NUMBER.findall(self.words)]

    def texts(self, kind: re.Pattern[str]) -> list[str]:
        """Pieces that look like this: of the words first, then of what is known."""
        return [str(each) for text in (self.words, *map(str, self._known)) for each in kind.findall(text)]

    def mentioned(self, choices: list[Json]) -> list[Json]:
        """Those of the choices whose name stands in the words."""
        words = f" {_spaced(self.words)} "
        return [each for each in choices if isinstance(each, str) and f" {_spaced(each)} " in words]


def hints_of(scene: Scene) -> Hints:
    """The hints of a conversation."""
    said = scene.user
    return Hints(said, [*(value_of(each) for each in reversed(scene.results)), *_objects(said)])


def _objects(text: str) -> Iterator[Json]:
    """A JSON object in what the user said, as flows hand it over."""
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        try:
            yield json.loads(text[start : end + 1])
        except (ValueError, RecursionError):
            return


def _fields(value: Json, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """Every field, the outer ones first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        table = cast("dict[str, Json]", value)
        yield from table.items()
        for item in table.values():
            yield from _fields(item, depth + 1)
    elif isinstance(value, list):
        for item in cast("list[Json]", value):
            yield from _fields(item, depth + 1)


def _plain(name: str) -> str:
    return "".join(_words(name))


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)]


def _spaced(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).lower().strip()
