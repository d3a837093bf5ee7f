"""Finds an agent that goes round in circles: the same call three times, or the same few calls twice over.

A call is a tool and a digest of its arguments; what it says is not known here.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

SAME: Final = 3
"""So often the same call is a loop."""
LONGEST: Final = 4
"""So many calls at most are a circle; twice round is a loop."""

Call = tuple[str, str]


class Loops:
    """The calls of one agent, in order."""

    __slots__ = ("_counts", "_found", "_last")

    def __init__(self) -> None:
        self._counts: Counter[Call] = Counter()
        self._found: set[Call] = set()
        self._last: list[Call] = []

    def closed_by(self, call: Call) -> bool:
        """Whether this call closes a loop that was not known."""
        self._counts[call] += 1
        self._last.append(call)
        del self._last[: -2 * LONGEST]
        members = self._circle() or ({call} if self._counts[call] >= SAME else set[Call]())
        fresh = bool(members) and not members & self._found
        self._found |= members
        return fresh

    def _circle(self) -> set[Call]:
        for length in range(2, LONGEST + 1):
            tail = self._last[-2 * length :]
            if len(tail) == 2 * length and tail[:length] == tail[length:] and len(set(tail)) > 1:
                return set(tail)
        return set()
