"""What was refused, so that nothing stands on it: a stream must never have a gap where a refused event was.

A pen seals ahead of the disk, so several commits of one run may be under way at once. When one of them is
refused, those sealed on top of it are refused with the same words, whatever else they contain. Here stands as well
what is said of values that no database can hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.errors import InvalidInput, NotEncodable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.store.database import Commit, EventRow

_KEPT = 10_000


class Refusals:
    """The hashes of refused events and why they were refused; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._causes: dict[bytes, Exception] = {}

    def __bool__(self) -> bool:
        return bool(self._causes)

    def cause(self, commit: Commit) -> Exception | None:
        """Why this commit cannot stand, if it continues a refused one."""
        for event in commit.events:
            if event.prev_hash in self._causes:
                return self._causes[event.prev_hash]
        return None

    def doubtful(self, commit: Commit) -> list[EventRow]:
        """Its events that continue a refused one; whoever can look asks the log, for an answer may have been lost."""
        return [event for event in commit.events if event.prev_hash in self._causes]

    def add(self, commit: Commit, cause: Exception) -> None:
        """Remember a refused commit."""
        for event in commit.events:
            self._causes[event.hash] = cause
        while len(self._causes) > _KEPT:
            del self._causes[next(iter(self._causes))]

    def withdraw(self, commit: Commit) -> None:
        """The same commit was accepted later; what follows may stand on it."""
        self.found(event.hash for event in commit.events)

    def found(self, hashes: Iterable[bytes]) -> None:
        """These events are in the log after all: their refusal was a lost answer."""
        for digest in hashes:
            self._causes.pop(digest, None)


def unwritable(wrong: Exception) -> NotEncodable:
    """What is said of a commit that no database can take as it is: it alone is refused, and trying again is no use."""
    return NotEncodable(
        f"the database cannot hold what was to be written ({type(wrong).__name__}: {wrong}); nothing of it was kept."
    )


def unaskable(wrong: Exception) -> InvalidInput:
    """What is said of a question that no database can take: nothing in it can be called that, or be so much."""
    return InvalidInput(
        f"nothing in the database can be what was asked for ({type(wrong).__name__}: {wrong}).",
        "Leave out what is no text, or ask for a smaller number.",
    )
