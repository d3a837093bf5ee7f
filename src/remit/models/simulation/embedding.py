"""Vectors that are made up: the same text always has the same one, and texts that share words are near each other."""

from __future__ import annotations

import hashlib
import math

USUAL = 256


def vector_of(said: str | tuple[int, ...], dimensions: int | None = None) -> list[float]:
    """A vector of length one, the sum of a direction for every word."""
    size = dimensions or USUAL
    words = said.lower().split() if isinstance(said, str) else [str(each) for each in said]
    total = [0.0] * size
    for word in words or [""]:
        for at, value in enumerate(_direction(word, size)):
            total[at] += value
    length = math.sqrt(sum(value * value for value in total)) or 1.0
    return [value / length for value in total]


def _direction(word: str, size: int) -> list[float]:
    digest = hashlib.shake_128(word.encode("utf-8", "surrogatepass")).digest(size)
    return [byte / 127.5 - 1.0 for byte in digest]
