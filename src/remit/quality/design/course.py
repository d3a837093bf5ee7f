"""The course of a flow as it is written: its hops, what comes after what, and what flows from one into another.

Data only: who reads it out of a function or a graph stands beside it. A hop is one thing that a run may do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.engine.flow import Flow

Kind = Literal["agent", "tool", "step", "human", "flow", "wait"]
Shape = Literal["then", "beside", "either", "again"]
FOREIGN = -1
"""Stands among the sources of a value for what somebody else wrote, and the run was started with."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that a run may do, where it stands, and where what it works on comes from."""

    kind: Kind
    name: str
    place: str
    """File and line."""
    does: Any = None
    """The agent, or the step, itself."""
    sources: frozenset[int] = frozenset()
    """The hops whose results are in what it is given."""
    fixed: dict[str, Any] = field(default_factory=dict[str, Any])
    """The arguments that the author wrote down as values."""
    given: dict[str, frozenset[int]] = field(default_factory=dict[str, "frozenset[int]"])
    """The other arguments that are named, each with its sources."""
    hints: tuple[Any, ...] = ()
    """The types of what it is given, as far as parameters say them."""
    caught: bool = False
    """Whether the flow goes on by itself when it fails."""
    reviewed: str = ""
    """Who looks at its answer, where that is part of the pattern it stands in."""
    group: str = ""
    within: str = ""
    otherwise: str = ""
    """Of a question to people: who, how long, and what after that."""

    @property
    def agent(self) -> Agent:
        """The agent that is asked."""
        return self.does


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a course: parts after each other, beside each other, one of them, or again and again."""

    shape: Shape
    parts: tuple[Part | int, ...] = ()
    """Hops stand here by their number."""
    times: int | None = 1
    """How often at most; None: nobody can say."""
    place: str = ""
    endless: str = ""
    """Why nothing ends it, if nothing does."""

    def walk(self) -> Iterator[Part]:
        """It and everything in it."""
        yield self
        for each in self.parts:
            if isinstance(each, Part):
                yield from each.walk()

    def numbers(self) -> Iterator[int]:
        """The hops in it, in the order in which they stand."""
        for each in self.parts:
            if isinstance(each, Part):
                yield from each.numbers()
            else:
                yield each


@dataclass(frozen=True, slots=True)
class Test:
    """A place where the author's code decides by what it was told."""

    place: str
    sources: frozenset[int]


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that a run of one flow may do."""

    name: str
    place: str
    flow: Flow | None
    """None: an agent that is run by name."""
    hops: tuple[Hop, ...]
    tree: Part
    tests: tuple[Test, ...] = ()
    unread: str = ""
    """Why it could not be read, if it could not."""

    def of(self, *kinds: Kind) -> list[tuple[int, Hop]]:
        """The hops of some kinds, with their numbers."""
        return [(number, hop) for number, hop in enumerate(self.hops) if hop.kind in kinds]

    def behind(self, sources: frozenset[int]) -> frozenset[int]:
        """These hops, and all whose results are in what those were given."""
        found, waiting = set(sources), list(sources)
        while waiting:
            number = waiting.pop()
            if number == FOREIGN:
                continue
            new = self.hops[number].sources - found
            found |= new
            waiting.extend(new)
        return frozenset(found)
