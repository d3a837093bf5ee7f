"""What stands for words in the index: of each a keyed sign, and of all of a text a vector of 256 numbers. Pure but
for one secret, without which neither says what the words were; it knows no database.

A vector is the sum of what its words are made of: the word, runs of letters in it, and the idea behind it where one
of `ideas` names it. Each of these is a direction drawn by a keyed digest, so nothing is learnt, downloaded or kept,
and the same text has the same vector for ever. It measures how alike two texts are worded, with a little knowledge
of what means the same; it understands nothing.
"""

from __future__ import annotations

import base64
import hashlib
import math
from array import array
from functools import cache
from operator import mul
from typing import NamedTuple

from remit.insight.search.ideas import COMMON, IDEAS
from remit.insight.search.words import MOST_WORDS, plain_words, raw_words

DIMENSIONS = 256
_SIGN_BYTES = 5
"""40 bits: with a million different words, one in a million words of a query meets another one's sign."""
_KEPT = 20_000
_LANE_BYTES = 2
_WORD_WEIGHT, _IDEA_WEIGHT, _LETTERS_WEIGHT = 10, 12, 8
_COMMON_PART, _NUMBER_PART = 4, 3
_SHORTEST_RUN, _LONGEST_RUN = 3, 4
_MOST_RUNS = 24
"""With this, and a bound on words, no sum passes 16 bits."""
_SHORT = 4
_TOP = 127
_ZERO = 128
_LANE_BITS = 8 * _LANE_BYTES
_EVERY_SECOND = int.from_bytes((b"\xff" * _LANE_BYTES + bytes(_LANE_BYTES)) * (DIMENSIONS // 2), "little")
_ONES = int.from_bytes((b"\1" + bytes(2 * _LANE_BYTES - 1)) * (DIMENSIONS // 2), "little")
_SIGNED = bytes((byte + _ZERO) % 256 for byte in range(256))
"""A number counted from the least there is, as a signed byte."""


class _Known(NamedTuple):
    sign: str
    idea: str
    """The sign of the idea behind it; empty if none is known."""
    lanes: int
    weight: int


class Told(NamedTuple):
    """A text as the index knows it."""

    signs: tuple[str, ...]
    """Of its words, and of the ideas behind them."""
    vector: bytes
    """Empty where the text has no word that says anything."""


class Lexicon:
    """Signs and vectors of one workspace."""

    def __init__(self, secret: str) -> None:
        """`secret` is what no reader of the database has."""
        self._secret = secret.encode()[:64]
        self._known: dict[str, _Known] = {}
        self._written: dict[str, tuple[str, ...]] = {}
        self._facets: dict[tuple[str, str], str] = {}

    def tell(self, text: str) -> Told:
        """What stands for a text."""
        return self.told(self.words(text))

    def words(self, text: str) -> list[str]:
        """The plain words of a text."""
        written, found = self._written, dict[str, None]()
        for raw in raw_words(text):
            plain = written.get(raw)
            if plain is None:
                if len(written) >= _KEPT:
                    written.clear()
                plain = written[raw] = plain_words(raw)
            for word in plain:
                found[word] = None
        return [*found][:MOST_WORDS]

    def sign(self, word: str) -> str:
        """What stands for a plain word."""
        return self._of(word).sign

    def meant(self, word: str) -> str:
        """What stands for the idea behind a plain word, or for the word where none is known."""
        known = self._of(word)
        return known.idea or known.sign

    def facet(self, name: str, value: str) -> str:
        """What stands for where a text comes from: its agent, its tool."""
        known = self._facets.get((name, value))
        if known is None:
            if len(self._facets) >= _KEPT:
                self._facets.clear()
            known = self._facets[name, value] = self._sign(f"facet|{name}|{value}")
        return known

    def told(self, words: list[str]) -> Told:
        """What stands for these words."""
        known = [self._of(word) for word in words]
        weight = sum(each.weight for each in known)
        vector = _quantised(sum(each.lanes for each in known), weight) if weight else b""
        signs = dict.fromkeys([each.sign for each in known] + [each.idea for each in known if each.idea])
        return Told(tuple(signs), vector)

    def _of(self, word: str) -> _Known:
        found = self._known.get(word)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[word] = self._learn(word)
        return found

    def _learn(self, word: str) -> _Known:
        lanes = weight = 0
        for feature, share in _features(word):
            lanes += share * _spread(self._digest(feature, DIMENSIONS // 8))
            weight += share
        idea = IDEAS.get(word)
        return _Known(self._sign(f"sign|{word}"), self._sign(f"idea|{idea}") if idea else "", lanes, weight)

    def _sign(self, text: str) -> str:
        return base64.b32encode(self._digest(text, _SIGN_BYTES)).decode().lower()

    def _digest(self, text: str, size: int) -> bytes:
        return hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), digest_size=size, key=self._secret
        ).digest()


def likeness(wanted: array[int], size: float, vector: bytes) -> float:
    """How alike a vector is to one that was opened: 1 for the same, 0 for nothing in common."""
    theirs = array("b", vector)
    length = math.sqrt(sum(map(mul, theirs, theirs)))
    return sum(map(mul, wanted, theirs)) / (size * length) if length and size else 0.0


def opened(vector: bytes) -> tuple[array[int], float]:
    """A vector as `likeness` wants it, with its length."""
    numbers = array("b", vector)
    return numbers, math.sqrt(sum(map(mul, numbers, numbers)))


def _features(word: str) -> list[tuple[str, int]]:
    """What a word is made of, and how much each counts."""
    if any(map(str.isdigit, word)):
        return [(f"w|{word}", _NUMBER_PART)]
    if word in COMMON:
        return [(f"w|{word}", _COMMON_PART)]
    idea = IDEAS.get(word)
    found = [(f"w|{word}", _WORD_WEIGHT if idea is None else _WORD_WEIGHT // 2)]
    if idea is not None:
        found.append((f"i|{idea}", _IDEA_WEIGHT))
    elif len(word) > _SHORT:
        runs = _runs(f"<{word}>")
        share = max(1, _LETTERS_WEIGHT * 2 // len(runs))
        found += [(f"l|{each}", share) for each in runs]
    return found


def _runs(word: str) -> list[str]:
    sizes = range(_SHORTEST_RUN, _LONGEST_RUN + 1)
    return [word[at : at + size] for size in sizes for at in range(len(word) - size + 1)][:_MOST_RUNS]


def _spread(digest: bytes) -> int:
    """256 bits as 256 numbers of 16 bits in one integer: adding two of them adds all numbers at once."""
    table = _table()
    return int.from_bytes(b"".join([table[byte] for byte in digest]), "little")


@cache
def _table() -> list[bytes]:
    return [
        b"".join((byte >> bit & 1).to_bytes(_LANE_BYTES, "little") for bit in range(8)) for byte in range(256)
    ]


def _quantised(lanes: int, weight: int) -> bytes:
    """Numbers around zero, the largest 127, one byte each. All are scaled by one multiplication of a long integer:
    every second one at a time, so that each product has room beside the next.
    """
    sums = array("H", lanes.to_bytes(DIMENSIONS * _LANE_BYTES, "little"))
    peak = max(2 * max(sums) - weight, weight - 2 * min(sums), 1)
    scale = (2 * _TOP << _LANE_BITS) // peak
    middle = ((2 * _ZERO + 1) << (_LANE_BITS - 1)) - (weight * _TOP << _LANE_BITS) // peak
    found = bytearray(DIMENSIONS)
    for first in (0, 1):
        apart = lanes >> (first * _LANE_BITS) & _EVERY_SECOND
        scaled = (apart * scale + middle * _ONES).to_bytes(DIMENSIONS * _LANE_BYTES, "little")
        found[first::2] = scaled[_LANE_BYTES :: 2 * _LANE_BYTES]
    return bytes(found.translate(_SIGNED))
