"""What of live runs is scored, as the settings say. Nouns only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OnlineTerms:
    """What is scored, and for how much."""

    percent: int = 0
    """Of the tasks that end."""
    judges: tuple[str, ...] = ()
    judge_micro: int = 0
    """What judges may spend in a day, in millionths of a dollar."""
    seconds: int = 60
