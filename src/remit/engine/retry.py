"""When a failed attempt is made again: pure arithmetic with full jitter."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.domain.effects import Backoff

_RANDOM = random.SystemRandom()


def delay(backoff: Backoff, attempt: int, spread: float | None = None) -> float:
    """Seconds to wait after failed attempt number `attempt`; jitter keeps a fleet from retrying in step."""
    most = min(backoff.most, backoff.first * backoff.factor ** (attempt - 1))
    return most * (_RANDOM.random() if spread is None else spread)


def may_retry(backoff: Backoff | None, attempt: int) -> bool:
    """Whether another attempt is allowed after attempt number `attempt`."""
    return backoff is not None and attempt < backoff.attempts
