"""The frameworks: what each control asks, which mechanisms of the platform answer it, which kinds of events show them
and which tests prove them. It reads the files beside it and checks that they fit together; it knows no log.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast

from remit.domain.errors import InvalidInput
from remit.domain.kinds import kind_named

FRAMEWORKS = ("owasp-agentic", "owasp-llm", "eu-ai-act", "nist-ai-rmf", "iso-42001", "soc2")
_FOLDER = "remit.operations.evidence.frameworks"
_MECHANISMS = "mechanisms"


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Something that the platform does."""

    name: str
    does: str
    events: tuple[str, ...]
    """The kinds of events that show that it took place; none where it leaves no event of its own."""
    tests: tuple[str, ...]
    """The tests that prove that it holds: file and name."""


@dataclass(frozen=True, slots=True)
class Control:
    """One row of a framework."""

    id: str
    asks: str
    mechanisms: tuple[Mechanism, ...]
    gap: str
    """What is not covered, and why; empty: nothing that we know of."""

    @property
    def status(self) -> str:
        """How far it is answered."""
        if not self.mechanisms:
            return "not covered"
        return "in part" if self.gap else "answered"


@dataclass(frozen=True, slots=True)
class Framework:
    """What somebody else asks for."""

    name: str
    title: str
    edition: str
    note: str
    controls: tuple[Control, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind of event that some row cites."""
        return frozenset(
            kind for control in self.controls for each in control.mechanisms for kind in each.events
        )


def framework(name: str) -> Framework:
    """The framework of this name."""
    if name not in FRAMEWORKS:
        raise InvalidInput(f'there is no framework "{name}".', f"There are: {', '.join(FRAMEWORKS)}.")
    said, known = _read(name), mechanisms()
    controls = tuple(_control(row, known) for row in said["control"])
    return Framework(name, said["title"], said["edition"], said.get("note", ""), controls)


def mechanisms() -> dict[str, Mechanism]:
    """What the platform does, by name."""
    return {
        name: Mechanism(name, row["does"], tuple(row.get("events", ())), tuple(row["tests"]))
        for name, row in _read(_MECHANISMS).items()
    }


def faults() -> list[str]:
    """What does not fit together: a kind that is none, a mechanism that nobody has, a row that says nothing."""
    known = mechanisms()
    found = [
        f"{each.name}: {kind} is no kind of event"
        for each in known.values()
        for kind in each.events
        if kind_named(kind) is None
    ]
    found += [f"{each.name} names no test" for each in known.values() if not each.tests]
    for name in FRAMEWORKS:
        rows = _read(name)["control"]
        found += [f"{name} {row['id']} says neither what answers it nor why nothing does" for row in rows
                  if not row.get("by") and not row.get("gap")]  # fmt: skip
        found += [
            f"{name} {row['id']}: there is no mechanism {each}"
            for row in rows
            for each in row.get("by", ())
            if each not in known
        ]
    return found


def _control(row: dict[str, Any], known: dict[str, Mechanism]) -> Control:
    by = cast("list[str]", row.get("by", []))
    return Control(row["id"], row["asks"], tuple(known[each] for each in by), row.get("gap", ""))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(_FOLDER).joinpath(f"{name}.toml").read_text("utf-8"))
