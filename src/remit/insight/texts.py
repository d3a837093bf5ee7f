"""Sentences that say the same about different things: numbers, names and quotations masked, and what then has most
words in common put together. Pure; it knows no run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MASKS = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b"), "<mail>"),
    (re.compile(r"\b[rkw]-[0-9a-z]{8,}(?:\.[0-9a-z]+)*\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\"[^\"\n]{1,200}\"|(?<!\w)'[^'\n]{1,200}'(?!\w)"), "<text>"),
    (re.compile(r"\d+(?:[.,:]\d+)*"), "<n>"),
)
_WORD = re.compile(r"<\w+>|\w+")
_ALIKE = 0.6
"""Of the words of two sentences so many have to be in both."""
_LONGEST = 500


def masked(text: str) -> str:
    """A sentence without what differs from one time to the next."""
    text = " ".join(text[:_LONGEST].split())
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


def alike(texts: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Names with their sentences, put together: each group under its commonest masked sentence, the largest first.

    It does not depend on the order in which they are given.
    """
    exact: dict[str, list[str]] = {}
    for name, text in sorted(texts):
        exact.setdefault(masked(text), []).append(name)
    groups: list[tuple[str, frozenset[str], list[str]]] = []
    for text, names in sorted(exact.items(), key=lambda each: (-len(each[1]), each[0])):
        words = frozenset(_WORD.findall(text.lower()))
        near = next((group for group in groups if _share(group[1], words) >= _ALIKE), None)
        if near is None:
            groups.append((text, words, list(names)))
        else:
            near[2].extend(names)
    return sorted(((text, names) for text, _, names in groups), key=lambda each: (-len(each[1]), each[0]))


def _share(some: frozenset[str], others: frozenset[str]) -> float:
    both = len(some | others)
    return len(some & others) / both if both else 1.0
