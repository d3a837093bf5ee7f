"""Crashes on demand: in process at a named point, or a real `kill -9` of a process at that point."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.engine import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

COMMITS = ("commit lost", "commit landed")
"""Deaths beside the named points: before a commit is written, and after, before anybody hears of it."""


class SimulatedCrash(asyncio.CancelledError):
    """The process is dead from here on; no code of it runs on."""


@dataclass(frozen=True, slots=True)
class Death:
    """Where a process dies: at a named point or at a commit, having passed it `after` times."""

    where: str
    after: int = 0


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

    with quiet_crashes():
        faults.arm(hook)
        try:
            yield reached
        finally:
            faults.arm(None)


@contextmanager
def quiet_crashes() -> Generator[None]:
    """Let the running loop say nothing of crashes that were asked for, wherever its callbacks meet them."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        yield
        return
    before = loop.get_exception_handler()

    def hear(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), SimulatedCrash):
            return
        if before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(hear)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


def kill_at(point: str, *, after: int = 0, by: signal.Signals = signal.SIGKILL) -> None:
    """Let this process kill itself when it comes to `point`, or stop itself by SIGSTOP: for workers of a test."""
    _check(point)
    passed = 0

    def hook(here: str) -> None:
        nonlocal passed
        if here == point:
            passed += 1
            if passed == after + 1:
                os.kill(os.getpid(), by)

    faults.arm(hook)


def _check(point: str) -> None:
    if point not in faults.POINTS:
        raise ValueError(f"{point!r} is no crash point; they are: {', '.join(faults.POINTS)}")
