"""Work that goes on beside everything else of a process, in a task of its own: begun, stopped, or left as death does.

It knows no clock and no store; how often to look, and what to do about an error, is for who goes on. Trouble that is
met again and again is said once a minute.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

_MINUTE = 60.0


class Trouble:
    """What was said last, and when: a disk that is full for an hour is no reason for seven thousand lines."""

    def __init__(self) -> None:
        self._said, self._at = "", -_MINUTE

    def is_new(self, wrong: object, now: float) -> bool:
        """Whether to say it: something else than last time, or a minute later."""
        if str(wrong) == self._said and now - self._at < _MINUTE:
            return False
        self._said, self._at = str(wrong), now
        return True


class Beside(ABC):
    """Goes on until it is stopped."""

    _task: asyncio.Task[None] | None = None
    _trouble: Trouble | None = None

    def says(self, wrong: object) -> bool:
        """Whether this trouble is to be said now."""
        self._trouble = self._trouble or Trouble()
        return self._trouble.is_new(wrong, asyncio.get_running_loop().time())

    @abstractmethod
    async def go_on(self) -> None:
        """What is done from the start to the stop; it ends by being cancelled."""

    def start(self) -> None:
        """Go on from now on."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self.go_on())

    async def stop(self) -> None:
        """Stop, and wait until nothing of it goes on; what was begun is for whoever starts next."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def abandon(self) -> None:
        """Stop at once, as a killed process would."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
