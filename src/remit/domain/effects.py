"""What a step does to the world, and the policies that stand between a failure and the flow.

Data only: the engine interprets it. Nothing here knows about time, storage or tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What performing an action does to the world outside the run."""

    READ = "read"
    """Changes nothing; may be repeated."""
    WRITE = "write"
    """Changes something; claimed before it acts, receipted after."""
    IRREVERSIBLE = "irreversible"
    """A write that nothing can take back."""

    @property
    def acts(self) -> bool:
        """Whether a repetition could do harm."""
        return self is not Effect.READ


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a failed step is tried again, and how long apart (full jitter)."""

    attempts: int = 3
    first: float = 0.5
    most: float = 30.0
    factor: float = 2.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Stop calling what keeps failing: open after `failures` within `within` seconds, try again after `cool`."""

    failures: int = 5
    within: float = 30.0
    cool: float = 30.0


@dataclass(frozen=True, slots=True)
class Happened:
    """A reconcile's verdict: the write did take place, and this is its result."""

    result: object = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A reconcile's verdict: the write did not take place and will not; it may be performed again."""
