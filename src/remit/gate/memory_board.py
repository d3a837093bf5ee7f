"""What one process knows of memory beyond the database: whose turn it is to write, and what forks only pretend.

Two branches of this process that write to one scope take turns, so that neither is refused for the other; between
processes the database decides. A fork's writes are told to the fork alone. It reads and writes no item.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from remit.domain.memory import Memory

Pretence = dict[str, "Memory | None"]
"""Items by keyed name as a fork believes them to be; None: forgotten."""


class MemoryBoard:
    """Turns and pretences."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._pretences: dict[str, Pretence] = {}

    def turn(self, place: str) -> asyncio.Lock:
        """Who holds it is the only one of this process that writes to this scope."""
        found = self._turns.get(place)
        if found is None:
            found = self._turns[place] = asyncio.Lock()
        return found

    def pretence(self, run: str) -> Pretence:
        """What a fork believes, beyond what the database says."""
        return self._pretences.setdefault(run, {})

    def believed(self, run: str) -> Pretence:
        """The same, of a run that may be no fork."""
        return self._pretences.get(run, {})

    def forget(self, run: str) -> None:
        """The run left this process; should it come back, its journal tells again."""
        self._pretences.pop(run, None)
