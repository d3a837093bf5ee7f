"""Which of some texts fits a question best: by the words they share, by the ideas they share and how alike they are
worded, and both orders as one. Pure arithmetic over signs and vectors; it knows no database.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from remit.insight.search.lexicon import likeness, opened

if TYPE_CHECKING:
    from collections.abc import Mapping

Text = tuple[frozenset[str], bytes]
"""The signs of a text, and its vector."""
_SATURATION, _LENGTH, _USUAL = 1.2, 0.75, 60
"""BM25 as it is usually set; a usual text has so many signs."""
_ALIKE = 0.3
"""Below this two texts are worded alike as any two are."""
_SHARE = 0.2
"""Of what a question tells, a text has to share so much to answer it."""
_SMOOTH = 60
"""The constant of reciprocal rank fusion: how much it matters to be first rather than second."""


class Weighed(NamedTuple):
    """A sign of a question."""

    having: int
    """In how many texts it stands."""
    tells: float


class Asked(NamedTuple):
    """A question as the index knows it."""

    words: Mapping[str, Weighed]
    ideas: Mapping[str, Weighed]
    """The same words, where an idea is known by the idea."""
    vector: bytes


def rarity(having: int, of: int) -> float:
    """What a sign tells that so many of all texts have."""
    return math.log(1 + (max(of - having, 0) + 0.5) / (having + 0.5))


def by_words(asked: Asked, texts: Mapping[int, Text]) -> list[tuple[int, float]]:
    """Texts by the words they share with a question, the best first, each with the share of the question that it
    has.
    """
    scored = [(_score(asked.words, signs), n, _share(asked.words, signs)) for n, (signs, _) in texts.items()]
    return [(n, share) for _, n, share in sorted(scored, reverse=True) if share > 0]


def by_meaning(asked: Asked, texts: Mapping[int, Text]) -> list[tuple[int, float]]:
    """Texts by the ideas they share with a question and by how alike they are worded, the best first."""
    numbers, size = opened(asked.vector)
    whole = sum(each.tells for each in asked.ideas.values()) or 1.0
    scored: list[tuple[float, int, float]] = []
    for n, (signs, vector) in texts.items():
        alike = likeness(numbers, size, vector) if vector else 0.0
        share = _share(asked.ideas, signs)
        if alike >= _ALIKE or share >= _SHARE:
            scored.append((_score(asked.ideas, signs) / whole + max(alike, 0.0), n, max(share, alike)))
    return [(n, share) for _, n, share in sorted(scored, reverse=True)]


def fused(lists: Mapping[str, list[tuple[int, float]]]) -> list[tuple[int, float, tuple[str, ...]]]:
    """Several orders as one: a place near the front of any counts, as far as the text answers the question
    (reciprocal rank fusion, in which an order of poor answers weighs little).
    """
    scores: dict[int, float] = {}
    by: dict[int, tuple[str, ...]] = {}
    for way, texts in lists.items():
        for rank, (n, share) in enumerate(texts, 1):
            scores[n] = scores.get(n, 0.0) + share / (_SMOOTH + rank)
            by[n] = (*by.get(n, ()), way)
    order = sorted(scores, key=lambda n: (-scores[n], -n))
    return [(n, scores[n], by[n]) for n in order]


def _share(asked: Mapping[str, Weighed], signs: frozenset[str]) -> float:
    whole = sum(each.tells for each in asked.values())
    return sum(each.tells for sign, each in asked.items() if sign in signs) / whole if whole else 0.0


def _score(asked: Mapping[str, Weighed], signs: frozenset[str]) -> float:
    length = _SATURATION * (1 - _LENGTH + _LENGTH * len(signs) / _USUAL)
    return sum(each.tells for sign, each in asked.items() if sign in signs) * (_SATURATION + 1) / (1 + length)
