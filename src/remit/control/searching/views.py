"""What is answered about searches, groups of failures and the reasons of a run: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HitView:
    """A place in a run that fits what was searched for."""

    run: str
    event: str
    """The event that says it: `run:r-…#12`."""
    path: str
    """The step; empty for the run itself."""
    part: str
    """input, question, answer, result, error or comment."""
    at: int
    flow: str
    agent: str
    tool: str
    model: str
    error: str
    snippet: str
    matched: tuple[str, ...]
    """The words in it that were asked for, as they stand there."""
    score: float
    by: tuple[str, ...]
    """Whether its words fit, or its meaning, or both."""
    more: int = 0
    """How many other places of the same run fit as well."""


@dataclass(frozen=True, slots=True)
class SearchView:
    """What was found."""

    text: str
    hits: list[HitView]
    behind: int = 0
    """How many events of the log are not in the index yet."""
