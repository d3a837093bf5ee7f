"""What an export says beside its events: whose log it is, how much of it, its checkpoints, keys, proofs and tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .notes import Checkpoint, MalformedNote
from .restores import Restore
from .verdicts import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .keys import Introduction
    from .state import Row

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Proof:
    """That an event is a leaf of the tree of the newest checkpoint."""

    stream: str
    seq: int
    leaf: int
    path: list[bytes]


@dataclass(frozen=True, slots=True)
class Step:
    """That the tree of the newest checkpoint goes on from a smaller one."""

    first: int
    second: int
    path: list[bytes]


@dataclass(slots=True)
class Outline:
    """Everything but the events."""

    origin: str
    scope: str = "all"
    """`all`, or what was asked for: `run …`, `team …`, `since …`."""
    made_at: int = 0
    """When it was exported, as it says itself; 0: it is the log as it stands."""
    checkpoints: list[Checkpoint] = field(default_factory=list[Checkpoint])
    introductions: list[Introduction] = field(default_factory=list["Introduction"])
    restores: list[Restore] = field(default_factory=list[Restore])
    tables: dict[str, list[Row]] = field(default_factory=dict[str, "list[Row]"])
    proofs: list[Proof] = field(default_factory=list[Proof])
    steps: list[Step] = field(default_factory=list[Step])
    findings: list[Finding] = field(default_factory=list[Finding])
    unreadable: int = 0
    """Events whose content is said to be gone."""
    has_content: bool = False
    """Whether what events say was looked at, too: that each act was decided stands there."""

    @property
    def whole(self) -> bool:
        """Whether it is the whole log."""
        return self.scope == "all"

    def add_checkpoints(self, notes: Iterable[tuple[int, str]]) -> None:
        """The log's own checkpoints, with the sizes under which it keeps them."""
        for size, note in notes:
            try:
                checkpoint = Checkpoint.parse(note)
            except MalformedNote as wrong:
                self.malformed(f"the log's checkpoint of size {size} is none: {wrong}")
                continue
            if checkpoint.size != size:
                self.malformed(
                    f"the log keeps its checkpoint of size {checkpoint.size} as one of size {size}"
                )
            self.checkpoints.append(checkpoint)
        self.checkpoints.sort(key=lambda checkpoint: checkpoint.size)

    def add_restores(self, notes: Iterable[str]) -> None:
        """Restores that somebody declared."""
        for note in notes:
            try:
                self.restores.append(Restore.parse(note))
            except MalformedNote as wrong:
                self.malformed(f"the declaration of a restore is none: {wrong}")

    def malformed(self, message: str) -> None:
        """Note that a part of the export is not what it should be."""
        self.findings.append(Finding(Kind.MALFORMED, message, ("integrity",)))
