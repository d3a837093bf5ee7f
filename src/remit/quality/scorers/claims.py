"""What in a text can be looked up: numbers, dates, addresses, quotations, names. Found by their form alone, in whatever
language; what a sentence says beside them cannot be checked without understanding it, and is left out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.quality.scenarios.expectation import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Json = Any

_URL = re.compile(r"https?://[^\s<>\")\]]*[^\s<>\")\].,;:!?]")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_TIME = re.compile(r"\b\d{1,2}:\d{2}\b")
_QUOTE = re.compile(r"[\"“„«]([^\"“”„«»\n]{6,300})[\"”“»]")
_CODE = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\b")
_NUMBER = re.compile(r"(?<![\w.,/])\d+(?:[.,\u00a0\u202f'’]\d+)*(?![\w/])(?:\s?%)?")
_NAME = re.compile(r"\b[A-ZÀ-ÖØ-Þ][\w’'-]+(?:[ \t]+[A-ZÀ-ÖØ-Þ][\w’'-]+)+")
_KINDS = (
    ("address", _URL), ("address", _MAIL), ("date", _DATE), ("time", _TIME), ("quote", _QUOTE), ("id", _CODE),
    ("number", _NUMBER), ("name", _NAME),
)  # fmt: skip
_GROUPS = "\u00a0\u202f'’"
_CITED = re.compile(r"\[[^\]\n]{1,60}\](?!\()")
_LISTED = re.compile(r"(?m)^\s*(?:\d{1,3}[.)]|[-*•#]+)\s")
_BEGINS = re.compile(r"(?:^|[.!?:;,\n(*_]|- )\s*$")
_FEWEST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """Something in a text that can be looked up."""

    kind: str
    """`number`, `date`, `address`, `quote`, `id`, `name`."""
    text: str


def claims_in(text: str) -> tuple[Claim, ...]:
    """What can be looked up in a text, each once."""
    found: dict[tuple[str, str], Claim] = {}
    left = _LISTED.sub("\n", _CITED.sub(" ", text))
    for kind, pattern in _KINDS:
        for each in pattern.finditer(left):
            said = each[1] if pattern is _QUOTE else each[0]
            if kind == "name":
                said = _name(said, left[: each.start()])
            if said:
                found.setdefault((kind, folded(said)), Claim(kind, said))
        left = pattern.sub(" , ", left)
    return tuple(found.values())


class Sources:
    """What an agent could know: texts and values that it was given or that tools returned."""

    def __init__(self, values: Sequence[Json]) -> None:
        self._text = folded(" \n ".join(each for value in values for each in _strings(value)))
        self._numbers = {abs(number) for value in values for number in _numbers(value)}

    def supports(self, claim: Claim) -> bool:
        """Whether something of that is said there."""
        if claim.kind == "number":
            return self._has_number(claim.text)
        wanted = folded(claim.text)
        if claim.kind == "name":
            return all(_stands(word, self._text) for word in wanted.split())
        if claim.kind == "time":
            return re.search(rf"(?<!\d)0?{wanted.lstrip('0')}", self._text) is not None
        return _stands(wanted, self._text) if claim.kind == "id" else wanted in self._text

    def _has_number(self, text: str) -> bool:
        percent = text.endswith("%")
        for number, places in readings(text.rstrip("% ")):
            if number in self._numbers or (percent and round(number / 100, 12) in self._numbers):
                return True
            if places and any(round(each, places) == number for each in self._numbers):
                return True
        return False


def readings(text: str) -> set[tuple[float, int]]:
    """The numbers that a text can mean, with their decimal places: 1.234 is one and a bit, or a thousand and more."""
    plain = text.translate({ord(each): None for each in _GROUPS})
    found: set[tuple[float, int]] = set()
    for point, group in ((".", ","), (",", ".")):
        whole, _, rest = plain.partition(point)
        if _grouped(whole, group) and (rest.isdecimal() or not rest):
            found.add((float(f"{whole.replace(group, '')}.{rest or 0}"), len(rest)))
    return found


def folded(text: str) -> str:
    """A text without case, forms of letters and spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").casefold().split())


def _name(said: str, before: str) -> str:
    """Two or more words in capitals; the first word of a sentence is in capitals whatever it is."""
    words = said.split()
    if _BEGINS.search(before):
        words = words[1:]
    return " ".join(words) if len(words) >= _FEWEST_WORDS else ""


def _grouped(whole: str, group: str) -> bool:
    parts = whole.split(group)
    return all(part.isdecimal() for part in parts) and all(len(part) == 3 for part in parts[1:])  # noqa: PLR2004


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in cast("dict[str, Json]", value).items():
            yield str(key)
            yield from _strings(each)
    elif isinstance(value, (list, tuple)):
        for each in cast("list[Json]", value):
            yield from _strings(each)
    elif value is not None:
        yield text_of(value)


def _numbers(value: Json) -> Iterator[float]:
    """Numbers that are there, and how many there are of anything: an agent may count."""
    if isinstance(value, dict):
        for each in cast("dict[str, Json]", value).values():
            yield from _numbers(each)
    elif isinstance(value, (list, tuple)):
        held = cast("list[Json]", value)
        yield float(len(held))
        for each in held:
            yield from _numbers(each)
    elif isinstance(value, str):
        for found in re.finditer(r"\d+(?:[.,\u00a0\u202f'’]\d+)*", value):
            yield from (number for number, _ in readings(found[0]))
            yield from (float(part) for part in re.findall(r"\d+", found[0]))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)
