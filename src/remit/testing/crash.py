"""Crashes on demand: in process at a named point, or a real `kill -9` of a process at that point."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from remit.engine import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class SimulatedCrash(asyncio.CancelledError):
    """The process is dead from here on; no code of it runs on."""


@contextmanager
def crash_at(point: str, die: Callable[[], None], *, after: int = 0) -> Generator[list[str]]:
    """Call `die` (as `Stage.die`) when the code comes to `point`, having passed it `after` times.

    Gives the list of points that were reached, in order.
    """
    _check(point)
    reached: list[str] = []
    passed = 0

    def hook(here: str) -> None:
        nonlocal passed
        reached.append(here)
        if here != point:
            return
        passed += 1
        if passed == after + 1:
            faults.arm(None)
            die()
            raise SimulatedCrash(point)

    faults.arm(hook)
    try:
        yield reached
    finally:
        faults.arm(None)


def kill_at(point: str, *, after: int = 0) -> None:
    """Let this process kill itself with SIGKILL when it comes to `point`: for workers started by a test."""
    _check(point)
    passed = 0

    def hook(here: str) -> None:
        nonlocal passed
        if here == point:
            passed += 1
            if passed > after:
                os.kill(os.getpid(), signal.SIGKILL)

    faults.arm(hook)


def _check(point: str) -> None:
    if point not in faults.POINTS:
        raise ValueError(f"{point!r} is no crash point; they are: {', '.join(faults.POINTS)}")
