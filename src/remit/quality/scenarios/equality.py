"""When two JSON values are the same thing: 25 is 25.0, and true is neither 1 nor "true". It knows nothing of what they
are values of.
"""

from __future__ import annotations

import math
from typing import Any, cast

Json = Any


def same(one: Json, other: Json) -> bool:
    """Whether two values are the same, however deep the difference lies."""
    if _is_number(one) and _is_number(other):
        return bool(one == other) and is_finite(one)
    if type(one) is not type(other):
        return isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and _alike(one, other)
    if isinstance(one, dict):
        mine, theirs = cast("dict[str, Json]", one), cast("dict[str, Json]", other)
        return mine.keys() == theirs.keys() and all(same(mine[key], theirs[key]) for key in mine)
    if isinstance(one, (list, tuple)):
        return _alike(one, other)
    return bool(one == other)


def is_finite(number: float) -> bool:
    """Whether it is a number that one can reckon with; a whole one may have more digits than there is room for."""
    return isinstance(number, int) or math.isfinite(number)


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _alike(one: Json, other: Json) -> bool:
    mine, theirs = list(one), list(other)
    return len(mine) == len(theirs) and all(same(a, b) for a, b in zip(mine, theirs, strict=True))
