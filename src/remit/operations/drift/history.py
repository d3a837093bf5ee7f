"""The runs of one agent or flow as drift looks at them: a few numbers, the tools it used, and the names of what shaped
it. Nouns only; where they are read from is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_TOOL = "(no tool)"
"""What stands in the mix of a run that called none."""


class Kind(StrEnum):
    """What shapes what an agent does."""

    PROMPT = "prompt"
    MODEL = "model"
    """Which model answered, as its provider says, where one was asked for by name."""
    TOOL = "tool"
    POLICY = "policy"
    CODE = "code"
    """The release, or the digest of the workspace as it stood."""


class Mark(NamedTuple):
    """One thing that shapes what is done: of which kind, and called what."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose runs they are."""

    kind: str
    """`agent`, or `flow` where no agent took part."""
    name: str


@dataclass(frozen=True, slots=True)
class Ran:
    """One run that is over."""

    id: str
    at: int
    """When it began."""
    success: bool
    steps: int
    """Calls of models and tools."""
    cost: int
    """In millionths of a dollar."""
    failure: str = ""
    """The class of its failure."""
    tools: Mapping[str, int] = field(default_factory=dict[str, int])
    marks: Mapping[Mark, frozenset[str]] = field(default_factory=dict["Mark", "frozenset[str]"])
    """What shaped it, by digest or version; several where it met several."""


@dataclass(frozen=True, slots=True)
class Turned:
    """Something that is known to have changed at a moment, for every run after it: rules, the definition of a tool."""

    mark: Mark
    at: int
    before: str
    after: str
