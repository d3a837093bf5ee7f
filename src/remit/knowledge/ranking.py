"""Which of some texts fit some words best: BM25 over the items of one scope, in memory. Pure.

Content is sealed at rest, so no index of the database may hold it; what is ranked is opened first, and a scope is
small enough for that (10,000 items, 10 MB). Words are compared as they stand, case and accents aside: it knows no
grammar and no meaning.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.domain.memory import Memory

_WORD = re.compile(r"\w+")
_SATURATION = 1.2
"""How soon a word that comes again adds nothing."""
_LENGTH = 0.75
"""How much a long text counts against itself."""
_KEY_COUNTS = 3
"""A word in the key counts as so many in the value."""


def ranked(items: Iterable[Memory], text: str) -> list[Memory]:
    """The items that share a word with the text, the best first; without words all of them, the newest first."""
    found, wanted = list(items), list(dict.fromkeys(words(text)))
    if not wanted:
        return sorted(found, key=_newest)
    counted = [(item, _counted(item)) for item in found]
    usual = sum(counts.total() for _, counts in counted) / len(counted) if counted else 0.0
    rare = {word: _rarity(sum(word in counts for _, counts in counted), len(counted)) for word in wanted}
    scored = [(_score(counts, rare, usual), item) for item, counts in counted]
    fitting = [(score, item) for score, item in scored if score > 0]
    return [item for _, item in sorted(fitting, key=lambda each: (-each[0], _newest(each[1])))]


def holding_all(items: Iterable[Memory], text: str) -> list[Memory]:
    """The items that hold every word of the text; none for a text without words."""
    wanted = set(words(text))
    return [item for item in items if wanted and wanted <= _counted(item).keys()]


def words(text: str) -> Iterator[str]:
    """The words of a text in their plainest form."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    yield from _WORD.findall("".join(each for each in folded if not unicodedata.combining(each)))


def _counted(item: Memory) -> Counter[str]:
    counts = Counter(words(" ".join(_texts(item.value))))
    for word in words(item.key):
        counts[word] += _KEY_COUNTS
    return counts


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _texts(inner)
    elif value is not None:
        yield str(value)


def _rarity(having: int, of: int) -> float:
    return math.log(1 + (of - having + 0.5) / (having + 0.5))


def _score(counts: Counter[str], rare: dict[str, float], usual: float) -> float:
    length = 1 - _LENGTH + _LENGTH * (counts.total() / usual if usual else 1.0)
    return sum(
        rarity * counts[word] * (_SATURATION + 1) / (counts[word] + _SATURATION * length)
        for word, rarity in rare.items()
        if word in counts
    )


def _newest(item: Memory) -> tuple[int, str]:
    return -item.at, item.key
