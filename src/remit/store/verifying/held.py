"""What a reader holds outside the log: checkpoints from an anchor. A file of JSON lines, lines of a syslog that carry
such JSON, or one signed note as it is; each checkpoint with the heads that it was anchored with, if any.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .entries import Head, heads_line, unpacked
from .notes import Checkpoint, MalformedNote, Note
from .verdicts import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_AGAINST = ("anchoring",)


@dataclass(frozen=True, slots=True)
class HeldCheckpoint:
    """A checkpoint, and the heads of the streams that went on since the one before it."""

    checkpoint: Checkpoint
    heads: list[Head]


@dataclass(slots=True)
class Held:
    """Everything a reader holds, the smallest first."""

    records: list[HeldCheckpoint] = field(default_factory=list[HeldCheckpoint])
    findings: list[Finding] = field(default_factory=list[Finding])
    newer: int = 0
    """Checkpoints that were set aside."""
    _known: set[Note] = field(default_factory=set[Note])

    @classmethod
    def read(cls, path: Path) -> Held:
        """The checkpoints of a file."""
        return cls.parse(path.read_text("utf-8", errors="replace"))

    @classmethod
    def parse(cls, text: str) -> Held:
        """The checkpoints of a text; a last line that a crash cut off does not count."""
        held = cls()
        if "{" not in text:
            held._take(text, None, "the note")
        else:
            lines = text.splitlines(keepends=True)
            for number, line in enumerate(lines, 1):
                held._line(line, number, last=number == len(lines))
        held.records.sort(key=lambda record: record.checkpoint.size)
        return held

    def heads_of(self) -> dict[str, list[Head]]:
        """The heads by stream."""
        found: dict[str, list[Head]] = {}
        for record in self.records:
            for head in record.heads:
                found.setdefault(head.stream, []).append(head)
        return found

    def until(self, made_at: int, size: int) -> Held:
        """Without what was signed after an export was made, of a larger log; that is counted in `newer`."""
        kept = [
            record
            for record in self.records
            if not made_at or record.checkpoint.at <= made_at or record.checkpoint.size <= size
        ]
        return Held(kept, self.findings, newer=len(self.records) - len(kept))

    def without(self, lost: Callable[[Checkpoint], bool]) -> Held:
        """Without what a declared restore took back."""
        kept = [record for record in self.records if not lost(record.checkpoint)]
        return Held(kept, self.findings, self.newer)

    @property
    def gapless(self) -> bool:
        """Whether the heads of every checkpoint since the log began are here."""
        sizes = {0, *(record.checkpoint.size for record in self.records)}
        return all(
            record.checkpoint.after in sizes and (record.heads or record.checkpoint.heads.startswith("0 "))
            for record in self.records
        )

    def _line(self, line: str, number: int, *, last: bool) -> None:
        begin = line.find("{")
        if begin < 0:
            return
        try:
            record: dict[str, Any] = json.loads(line[begin:])
            note, heads = record["note"], record.get("heads")
        except (ValueError, KeyError, TypeError):
            if not (last and not line.endswith("\n")):
                self._malformed(f"line {number} of the anchor is no checkpoint")
            return
        self._take(note, heads, f"line {number} of the anchor")

    def _take(self, note: str, rows: list[list[Any]] | None, where: str) -> None:
        try:
            checkpoint = Checkpoint.parse(note)
            heads = unpacked(rows or [])
        except (MalformedNote, ValueError, TypeError) as wrong:
            self._malformed(f"{where} is no checkpoint: {wrong}")
            return
        if rows is not None and heads_line(heads) != checkpoint.heads:
            self._malformed(f"{where}: the heads beside the checkpoint are not those that were signed")
            heads = []
        if checkpoint.note in self._known:  # what was sent twice was said once
            return
        self._known.add(checkpoint.note)
        self.records.append(HeldCheckpoint(checkpoint, heads))

    def _malformed(self, message: str) -> None:
        self.findings.append(Finding(Kind.MALFORMED, message, _AGAINST))
