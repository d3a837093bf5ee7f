"""What descends from a bad source: a walk over what happened, in the order in which it happened.

Careful rather than exact: from the moment at which a run has something bad in sight, all that it does counts as made
from it, and so does whatever it hands on: what it remembers, the children it starts, the runs that recall that or wait
for those. Pure; the facts are taken from the log elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class FactKind(StrEnum):
    """What can happen to badness in a run."""

    SOURCE = "source"
    """The bad source itself came into sight."""
    BORN = "born"
    """It began as the child of `other`."""
    HEARD = "heard"
    """The child `other` told it something."""
    RECALLED = "recalled"
    """It was given what `other` names in memory."""
    REMEMBERED = "remembered"
    """It wrote what `other` names in memory."""
    WROTE = "wrote"
    """It changed something outside."""
    ANSWERED = "answered"
    """It ended, and somebody may have read what it said."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened in a run."""

    at: int
    run: str
    seq: int
    kind: FactKind
    path: str = ""
    other: str = ""


@dataclass(slots=True)
class Descent:
    """All that comes from a source."""

    runs: dict[str, int] = field(default_factory=dict[str, int])
    """Since when each run had it in sight."""
    via: dict[str, str] = field(default_factory=dict[str, str])
    """Where each run has it from."""
    memory: dict[str, str] = field(default_factory=dict[str, str])
    """What is remembered, and the run that wrote it."""
    effects: list[Fact] = field(default_factory=list[Fact])
    """What was changed, memory included, in order."""
    messages: list[Fact] = field(default_factory=list[Fact])
    """Answers that somebody may have read."""


def descent(facts: Iterable[Fact], memory: Iterable[str] = ()) -> Descent:
    """Everything that descends from the source facts, and from these items of memory."""
    found = Descent(memory=dict.fromkeys(memory, ""))
    for fact in sorted(facts, key=lambda each: (each.at, each.run, each.seq)):
        source = _source(fact, found)
        if source and fact.run not in found.runs:
            found.runs[fact.run], found.via[fact.run] = fact.at, source
        if fact.run not in found.runs:
            if fact.kind is FactKind.REMEMBERED and found.memory.get(fact.other, "-") != "":
                found.memory.pop(fact.other, None)  # something clean stands there now
            continue
        if fact.kind is FactKind.REMEMBERED:
            found.memory[fact.other] = fact.run
        if fact.kind in {FactKind.REMEMBERED, FactKind.WROTE}:
            found.effects.append(fact)
        elif fact.kind is FactKind.ANSWERED:
            found.messages.append(fact)
    return found


def _source(fact: Fact, found: Descent) -> str:
    """Where badness comes from by this, if it does."""
    match fact.kind:
        case FactKind.SOURCE:
            return fact.path or "the source"
        case FactKind.BORN | FactKind.HEARD:
            return fact.other if fact.other in found.runs else ""
        case FactKind.RECALLED:
            return f"memory {fact.other}" if fact.other in found.memory else ""
        case _:
            return ""
