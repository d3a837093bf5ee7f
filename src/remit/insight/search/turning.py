"""Vectors of a sentence model as the index keeps them: 256 small numbers in directions that a secret turned, so that
they say how alike two texts are and nothing of what they say. Pure; it knows no model and no database.

Signs are changed by a keyed digest, and a Hadamard transform spreads every number over all of them; any 256 of these
are as far apart as the vectors were, to within a few hundredths.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from remit.insight.search.lexicon import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 127
_LONGEST_KEY = 64


def turned(vector: Sequence[float], secret: str) -> bytes:
    """A vector as it is kept; vectors of one length and secret can be compared."""
    size = max(DIMENSIONS, 1 << (len(vector) - 1).bit_length())
    signs, places = _drawn(secret, size)
    numbers = [value if sign else -value for value, sign in zip(vector, signs, strict=False)]
    numbers += [0.0] * (size - len(numbers))
    _spread(numbers)
    chosen = [numbers[at] for at in places]
    peak = max(map(abs, chosen)) or 1.0
    return bytes(round(value / peak * _MOST) % 256 for value in chosen)


def _spread(numbers: list[float]) -> None:
    """The Hadamard transform, in place."""
    half = 1
    while half < len(numbers):
        for first in range(0, len(numbers), 2 * half):
            for at in range(first, first + half):
                one, other = numbers[at], numbers[at + half]
                numbers[at], numbers[at + half] = one + other, one - other
        half *= 2


@lru_cache(maxsize=8)
def _drawn(secret: str, size: int) -> tuple[tuple[bool, ...], tuple[int, ...]]:
    """Which signs are changed, and which numbers are kept."""
    key = secret.encode()[:_LONGEST_KEY]
    digests = [hashlib.blake2b(b"turn|%d" % at, digest_size=8, key=key).digest() for at in range(size)]
    signs = tuple(bool(digest[0] & 1) for digest in digests)
    return signs, tuple(sorted(range(size), key=lambda at: digests[at][1:])[:DIMENSIONS])
