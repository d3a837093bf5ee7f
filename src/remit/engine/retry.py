"""When a failed attempt is made again: pure arithmetic with full jitter."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from remit.domain.clock import LONGEST_SECONDS

if TYPE_CHECKING:
    from remit.domain.effects import Backoff

_RANDOM = random.SystemRandom()


def delay(backoff: Backoff, attempt: int, spread: float | None = None) -> float:
    """Seconds to wait after failed attempt number `attempt`; jitter keeps a fleet from retrying in step."""
    try:
        most = min(backoff.most, backoff.first * backoff.factor ** (attempt - 1))
    except OverflowError:
        most = backoff.most  # it grew beyond all numbers
    return most * (_RANDOM.random() if spread is None else spread)


def clamped(wait: float) -> float:
    """A pause that somebody else asked for, such as a server: never into the past, never for ever."""
    try:
        asked = float(wait)
    except OverflowError:
        asked = math.inf
    except (TypeError, ValueError):
        asked = 0.0  # it asked for nothing that could be waited for
    return min(LONGEST_SECONDS, max(0.0, asked))


def may_retry(backoff: Backoff | None, attempt: int) -> bool:
    """Whether another attempt is allowed after attempt number `attempt`."""
    return backoff is not None and attempt < backoff.attempts
