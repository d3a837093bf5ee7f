"""What descends from a bad source: a walk over what happened, in the order in which it happened.

Careful first: from the moment at which a run has something bad in sight, all that it does counts as made from it, and
so does whatever it hands on: what it remembers, the children it starts, the runs that recall that or wait for those.
Where labels say what something was made from, it is said as well whether they name the source. Pure; the facts are
taken from the log elsewhere.
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
    ASKED = "asked"
    """It asked a person something."""
    ANSWERED = "answered"
    """It ended, and somebody may have read what it said."""


class Way(StrEnum):
    """How it is known that something descends from a source."""

    LABEL = "label"
    """A label names the source, or something that descends from it."""
    EXPOSURE = "exposure"
    """Whoever made it had the source in sight; nothing says more."""
    OTHERWISE = "other labels"
    """The same, and the labels of everything that it was made with name other sources only. That it was done at all may
    still come from the bad one."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened in a run."""

    at: int
    run: str
    seq: int
    kind: FactKind
    path: str = ""
    other: str = ""
    sources: tuple[str, ...] = ()
    """What its labels name: `user`, `tool:read_page#RUN/PATH`, `directory:people.iban`."""
    labelled: bool = False
    """Whether everything that it was made with has a label."""


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
    """Questions and answers that somebody may have read."""
    ways: dict[tuple[str, int], Way] = field(default_factory=dict[tuple[str, int], Way])
    """How each of these was found, by run and sequence number."""
    named: set[str] = field(default_factory=set[str])
    """What labels may call the source and what descends from it: places, directories, items of memory."""

    def way_of(self, fact: Fact) -> Way:
        """How it is known of something that a run did which had the source in sight."""
        if any(self.names(source) for source in fact.sources):
            return Way.LABEL
        return Way.OTHERWISE if fact.labelled and fact.sources else Way.EXPOSURE

    def names(self, label: str) -> bool:
        """Whether a source that a label names is the bad one, or descends from it."""
        tool, _, place = label.partition("#")
        directory = label.partition(".")[0]
        return bool(self.named & {label, tool, place, directory}) or any(
            each.endswith("/") and place.startswith(each) for each in self.named
        )


def descent(facts: Iterable[Fact], memory: Iterable[str] = (), named: Iterable[str] = ()) -> Descent:
    """Everything that descends from the source facts, from these items of memory, and from what labels call so: a tool,
    a place, or, with a slash at the end, all places of a run.
    """
    found = Descent(memory=dict.fromkeys(memory, ""), named={*named, *memory})
    for fact in sorted(facts, key=lambda each: (each.at, each.run, each.seq)):
        source = _source(fact, found)
        if source and fact.run not in found.runs:
            found.runs[fact.run], found.via[fact.run] = fact.at, source
        if fact.kind is FactKind.SOURCE:
            found.named |= {each for each in (fact.path, fact.other) if each}
        if fact.run not in found.runs:
            if fact.kind is FactKind.REMEMBERED and found.memory.get(fact.other, "-") != "":
                found.memory.pop(fact.other, None)  # something clean stands there now
                found.named.discard(fact.other)
            continue
        if fact.kind in {FactKind.REMEMBERED, FactKind.WROTE}:
            found.effects.append(fact)
        elif fact.kind in {FactKind.ANSWERED, FactKind.ASKED}:
            found.messages.append(fact)
        else:
            continue
        found.ways[fact.run, fact.seq] = found.way_of(fact)
        if fact.kind is FactKind.REMEMBERED:
            found.memory[fact.other] = fact.run
            found.named.add(fact.other)
    return found


def _source(fact: Fact, found: Descent) -> str:
    """Where badness comes from by this, if it does."""
    label = next((each for each in fact.sources if found.names(each)), "")
    if label:
        return f"the label {label}"
    match fact.kind:
        case FactKind.SOURCE:
            return fact.path or "the source"
        case FactKind.BORN | FactKind.HEARD:
            return fact.other if fact.other in found.runs else ""
        case FactKind.RECALLED:
            return f"memory {fact.other}" if fact.other in found.memory else ""
        case _:
            return ""
