"""What is answered about searches, groups of failures and the reasons of a run: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HitView:
    """A place in a run that fits what was searched for."""

    run: str
    event: str
    """The event that says it, `run:r-…#12`; of another agent its span, `trace:o…#…`."""
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
    model: str = ""
    """The sentence model that compared what was found; empty: none did."""
    note: str = ""
    """Why none did, where one was asked."""


@dataclass(frozen=True, slots=True)
class FailureTextView:
    """What runs of a group said, numbers and names masked."""

    text: str
    runs: int
    """How many of those that were read."""
    latest: list[str]


@dataclass(frozen=True, slots=True)
class FailureView:
    """Failures that are of one kind."""

    name: str
    """The same wherever and whenever this kind of failure is met."""
    signature: str
    flow: str
    agent: str
    step: str
    error: str
    runs: int
    before: int
    """How many there were in the same time before."""
    trend: str
    """new, back, rising, steady or falling."""
    first: int
    """When this kind was first seen, ever."""
    last: int
    suspect: str
    """The step that is suspected, in the latest of them."""
    latest: list[str]
    """The latest runs."""
    texts: list[FailureTextView]
    read: int = 0
    """Of how many of the latest runs it was read what they said."""


@dataclass(frozen=True, slots=True)
class FailuresView:
    """The groups of failures of a time."""

    since: str
    groups: list[FailureView]
    more: int = 0
    """How many groups are not shown."""
    behind: int = 0
    """How many events of the log are not counted yet."""
