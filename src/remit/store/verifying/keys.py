"""Which keys may have signed: the one that a reader trusts, and those that it introduced, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .notes import MalformedNote, Note, PublicKey, labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Introduction:
    """A key, and the note by which the key before it vouched for it; the first one vouches for itself."""

    def __init__(self, whole: str) -> None:
        self.note = Note.parse(whole)
        lines = self.note.text.split("\n")
        said = labelled(lines[1:])
        if "key" not in said or not said.get("time", "").isdecimal():
            raise MalformedNote("it introduces no key")
        self.origin = lines[0]
        self.key = PublicKey.parse(said["key"])
        self.at = int(said["time"])

    @property
    def by_itself(self) -> bool:
        """Whether the key is the first of its log."""
        return self.key.verifies(self.note)


class Signers:
    """The keys that count."""

    def __init__(self, introductions: Sequence[Introduction], trusted: Iterable[PublicKey]) -> None:
        self.known = [introduction.key for introduction in introductions]
        self.accepted: dict[bytes, PublicKey] = {key.raw: key for key in trusted}
        grown = True
        while grown:
            grown = False
            for introduction in introductions:
                vouched = any(key.verifies(introduction.note) for key in list(self.accepted.values()))
                if vouched and introduction.key.raw not in self.accepted:
                    self.accepted[introduction.key.raw] = introduction.key
                    grown = True

    def of(self, note: Note) -> PublicKey | None:
        """The accepted key that signed a note."""
        return next((key for key in self.accepted.values() if key.verifies(note)), None)

    def stranger_of(self, note: Note) -> PublicKey | None:
        """A key of the log that signed it and that nobody who is trusted vouches for."""
        return next((key for key in self.known if key.verifies(note)), None)


def first_of(introductions: Sequence[Introduction]) -> list[PublicKey]:
    """The key that the log calls its first: what is believed where a reader brings nothing."""
    return [introduction.key for introduction in introductions if introduction.by_itself][:1]
