"""Bulkheads: at most so many calls of one step at a time in this process, so that one slow system cannot sink all."""

from __future__ import annotations

import asyncio


class Bulkheads:
    """The compartments of one process, by step name."""

    def __init__(self) -> None:
        self._rooms: dict[str, asyncio.Semaphore] = {}

    def room(self, name: str, limit: int) -> asyncio.Semaphore:
        """Where a call of `name` waits for its turn."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = asyncio.Semaphore(limit)
        return room
