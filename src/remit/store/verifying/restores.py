"""What a log says of its own past: that it was restored from a backup, from which checkpoint on it is another one, and
who said so. A signed note of the log, that counts only if an event of the log names it, and if the log is what an
older copy would be.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .notes import MalformedNote, Note, labelled
from .verdicts import Finding, Kind, Question

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .entries import Entry
    from .held import HeldCheckpoint
    from .notes import Checkpoint

EVENT = "log.restored"
_AGAINST: tuple[Question, ...] = ("completeness", "anchoring", "consistency")
_NUMBERS = ("until", "time")
_ROOT_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Restore:
    """One restore, as it was declared."""

    origin: str
    agreed: int
    """The log is what it was up to this size."""
    root: bytes
    """What it was there."""
    lost: int
    """Up to this size it had been signed before."""
    until: int
    """When the last checkpoint of those was signed."""
    at: int
    by: str
    why: str
    note: Note = field(repr=False)

    @classmethod
    def parse(cls, whole: str) -> Restore:
        """Read a declaration, without believing it."""
        note = Note.parse(whole)
        lines = note.text.split("\n")
        said = labelled(lines[1:])
        agreed, _, root = said.get("restored", "").partition(" ")
        lost = said.get("lost", "")
        try:
            digest = base64.b64decode(root, validate=True)
        except binascii.Error:
            digest = b""
        numbers = [agreed, lost, *(said.get(name, "") for name in _NUMBERS)]
        if len(digest) != _ROOT_BYTES or not all(map(str.isdecimal, numbers)):
            raise MalformedNote("it declares no restore")
        size, last, until, at = map(int, numbers)
        return cls(lines[0], size, digest, last, until, at, said.get("by", ""), said.get("why", ""), note)

    @property
    def place(self) -> str:
        """The path of the event that names it."""
        return place_of(self.note.text)

    def disowns(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint is of what was lost."""
        return (
            checkpoint.origin == self.origin
            and self.agreed < checkpoint.size <= self.lost
            and checkpoint.at <= self.until
        )

    def finding(self) -> Finding:
        """What a reader is told of it; it speaks against nothing."""
        said = (
            f"{self.by} declared that the log was restored from a backup: what was signed after its first "
            f"{self.agreed} events, up to {self.lost}, is lost ({self.why})"
        )
        return Finding(Kind.DECLARED, said, _AGAINST, "pass", size=self.agreed)

    def unfounded(self, *, named: bool, root: bytes | None) -> Finding | None:
        """Why it does not count, after all."""
        if not named:
            said = f"a restore to {self.agreed} events is declared, and no event of the log says so"
        elif root not in {self.root, None} or (root is None and self.agreed):
            said = f"a restore to {self.agreed} events is declared, and these are not those that it names"
        else:
            return None
        return Finding(Kind.RESTORED, said, _AGAINST, size=self.agreed)


class Losses:
    """Whether a log that is said to be an older copy is one: nothing of what was signed before the loss stands there
    differently, and nothing of it is there that is newer than what is missing.
    """

    def __init__(self, restores: Iterable[Restore], records: Iterable[HeldCheckpoint]) -> None:
        self._heads: dict[str, dict[int, tuple[str, Restore, int]]] = {}
        self._found: dict[str, Finding] = {}
        for restore, record in ((each, one) for each in restores for one in records):
            if restore.disowns(record.checkpoint):
                for head in record.heads:
                    known = self._heads.setdefault(head.stream, {})
                    known[head.last] = (head.hash, restore, record.checkpoint.after)

    def take(self, entry: Entry) -> None:
        """The next event of the log."""
        known = self._heads.get(entry.stream)
        signed = known.get(entry.seq) if known is not None else None
        if signed is None or entry.at > signed[1].until:
            return  # it came after the loss
        digest, restore, after = signed
        if digest != base64.b64encode(entry.hash).decode():
            said = f"{entry.stream}#{entry.seq} stands differently in the log than it was signed before the restore"
        elif after > restore.agreed:
            said = f"{entry.stream}#{entry.seq} was signed after what is said to be lost, and is there"
        else:
            return
        found = Finding(Kind.EDITED, said, _AGAINST, "fail", entry.stream, entry.seq, restore.agreed)
        self._found.setdefault(entry.stream, found)

    def findings(self) -> list[Finding]:
        """What no restore explains."""
        return list(self._found.values())


def place_of(text: str) -> str:
    """The path of the event that names a declaration with this text."""
    return f"restored/{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def restore_text(
    origin: str, agreed: tuple[int, bytes], lost: tuple[int, int], at: int, by: str, why: str
) -> str:
    """The text of a declaration, still unsigned: the last size that agrees and its root, the lost size and its time."""
    lines = (
        origin,
        f"restored {agreed[0]} {base64.b64encode(agreed[1]).decode()}",
        f"lost {lost[0]}",
        f"until {lost[1]}",
        f"time {at}",
        f"by {by}",
        f"why {why}",
    )
    return "\n".join(lines) + "\n"
