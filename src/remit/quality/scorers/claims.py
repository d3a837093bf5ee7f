"""What in a text can be looked up: numbers, dates, addresses, quotations, names. Found by their form alone, in whatever
language; what a sentence says beside them cannot be checked without understanding it, and is left out.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.quality.scenarios.expectation import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Json = Any

_URL = re.compile(r"https?://[^\s<>\")\]]*[^\s<>\")\].,;:!?]")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_TIME = re.compile(r"\b\d{1,2}:\d{2}\b")
_QUOTE = re.compile(r"[\"“„«]([^\"“”„«»\n]{6,300})[\"”“»]")
_CODE = re.compile(r"\b(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\b")
_MEASURED = re.compile(
    r"(?i)(?<![\w.,/-])\d+(?:[.,\u00a0\u202f'’]\d+)*"
    r"(?:\s?(?:thousand|million|mio|billion)|(?:st|nd|rd|th|ms|[kmc]m|[km]g|[kmg]b|min|hrs?|px|[dghklmsx]))(?![\w-])"
)
_NUMBER = re.compile(r"(?<![\w.,/])\d+(?:[.,\u00a0\u202f'’]\d+)*(?![\w/])(?:\s?%)?")
_NAME = re.compile(r"\b[A-ZÀ-ÖØ-Þ][\w’'-]+(?:[ \t]+[A-ZÀ-ÖØ-Þ][\w’'-]+)+")
_KINDS = (
    ("address", _URL), ("address", _MAIL), ("date", _DATE), ("time", _TIME), ("quote", _QUOTE), ("number", _MEASURED),
    ("id", _CODE), ("number", _NUMBER), ("name", _NAME),
)  # fmt: skip
_GROUPS = "\u00a0\u202f'’"
_CITED = re.compile(r"\[[^\]\n]{1,60}\](?!\()")
_LISTED = re.compile(r"(?m)^[ \t]{0,20}(?:\d{1,3}[.)]|[-*•#]+)\s")
_BEGINS = re.compile(r"(?:[.!?:;,\n(*_]|- )\s*$")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|Hr|Fr)\.\s*$")
_FEWEST_WORDS = 2
_MOST_CLAIMS = 1_000
_LOOKS_BACK = 12
_MOST_PLACES = 10_000
_SCALES = {"thousand": 1e3, "k": 1e3, "million": 1e6, "mio": 1e6, "billion": 1e9}
_PARTS = re.compile(r"(.*\d)\s*(.*)")
_WORDS = """
a an and are at be best can contact customer dear do for from hello here hi how i if in is it its kind many may mr mrs
ms much my need no not of on or order our please regards service sincerely so sorry support team thank thanks that the
then there this to us very was we what when will with yes you your
bitte danke frau grüße herr ihr ihre mit sie und vielen wir für
bonjour cordialement et madame merci monsieur nous vous votre gracias hola señor señora su usted
"""
_COURTESY = frozenset(_WORDS.split())
"""Words that begin with a capital in titles and greetings, and name nobody."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something in a text that can be looked up."""

    kind: str
    """`number`, `date`, `address`, `quote`, `id`, `name`."""
    text: str


def claims_in(text: str) -> tuple[Claim, ...]:
    """What can be looked up in a text, each once, and no more than a thousand; in time that grows with the text."""
    found: dict[tuple[str, str], Claim] = {}
    left = _LISTED.sub("\n", _CITED.sub(" ", text))
    for kind, pattern in _KINDS:
        for each in pattern.finditer(left):
            said = each[1] if pattern is _QUOTE else each[0]
            if kind == "name":
                said = _name(said, left, each.start())
            if said and len(found) < _MOST_CLAIMS:
                found.setdefault((kind, folded(said)), Claim(kind, said))
        left = pattern.sub(" , ", left)
    return tuple(found.values())


class Sources:
    """What an agent could know: texts and values that it was given or that tools returned."""

    def __init__(self, values: Sequence[Json]) -> None:
        self._text = folded(" \n ".join(each for value in values for each in _strings(value)))
        self._numbers = {abs(number) for value in values for number in _numbers(value)}
        self._in_order = sorted(self._numbers)

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
        parts = _PARTS.fullmatch(text)
        digits, unit = (parts[1], folded(parts[2])) if parts else (text, "")
        scale = _SCALES.get(unit, 1.0)
        for number, places in readings(digits):
            if number in self._numbers or (unit == "%" and round(number / 100, 12) in self._numbers):
                return True
            rounded = places or scale != 1
            if rounded and self._rounds_to(number, places, scale):
                return True
        return False

    def _rounds_to(self, number: float, places: int, scale: float) -> bool:
        half = 0.5000001 * 10.0**-places
        start = bisect_left(self._in_order, (number - half) * scale)
        end = bisect_right(self._in_order, (number + half) * scale)
        return any(round(each / scale, places) == number for each in self._in_order[start:end])


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


def _name(said: str, text: str, at: int) -> str:
    """Two or more words in capitals; the first word of a sentence is in capitals whatever it is."""
    words, before = said.split(), text[max(0, at - _LOOKS_BACK) : at]
    if not before.strip() or (_BEGINS.search(before) and not _TITLE.search(before)):
        words = words[1:]
    words = [word for word in words if word.casefold() not in _COURTESY]
    return " ".join(words) if len(words) >= _FEWEST_WORDS else ""


def _grouped(whole: str, group: str) -> bool:
    parts = whole.split(group)
    return all(part.isdecimal() for part in parts) and all(len(part) == 3 for part in parts[1:])  # noqa: PLR2004


def _stands(word: str, text: str) -> bool:
    """Whether a word stands in a text as a whole one."""
    at, tries = text.find(word), 0
    while at >= 0 and tries < _MOST_PLACES:
        end = at + len(word)
        if not (text[at - 1 : at] or " ").isalnum() and not (text[end : end + 1] or " ").isalnum():
            return True
        at, tries = text.find(word, at + 1), tries + 1
    return False


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
