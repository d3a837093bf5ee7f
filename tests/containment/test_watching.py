"""How a process keeps knowing which halts stand: it looks when it is told and when the database says so, and it wakes
what nothing keeps standing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import pytest

from remit.domain.errors import StoreUnavailable
from remit.domain.halts import HaltMode, HaltScope
from remit.gate.containment import board as module
from remit.gate.containment.board import HaltBoard
from remit.store.database import Op
from remit.testing import ManualClock
from tests.containment.test_quarantine import Halts


class Watched(Halts):
    """Halts in a database that says when it changed; each look is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: asyncio.Queue[str] = asyncio.Queue()
        self.changed = asyncio.Event()
        self.waits: list[float] = []

    async def fetch(self, name: str, *more: object) -> list[tuple[Any, ...]]:
        if name == "halts.version":
            self.looks.put_nowait(name)
        return await super().fetch(name, *more)

    async def wait_for_change(self, seconds: float) -> None:
        self.waits.append(seconds)
        await self.changed.wait()
        self.changed.clear()

    async def looked(self) -> None:
        await self.looks.get()

    @property
    def woken(self) -> int:
        return self.submitted.count("announced")


@pytest.fixture
def halts() -> Watched:
    return Watched()


@pytest.fixture
def board(halts: Watched, monkeypatch: pytest.MonkeyPatch) -> HaltBoard:
    monkeypatch.setattr(module, "_GAP_SECONDS", 0)
    monkeypatch.setattr(module, "_WAKE_EVERY", 2)
    return HaltBoard(cast("Any", halts), cast("Any", halts), ManualClock())


async def test_s20_it_looks_when_it_is_told_and_when_the_database_changed(
    board: HaltBoard, halts: Watched
) -> None:
    halts.add(HaltScope.ALL, "")
    await board.start()
    await halts.looked()
    assert board.any, "it knows before anybody asks"
    halts.parked = 1
    board.tell()
    await halts.looked()
    halts.changed.set()
    await halts.looked()
    board.tell()
    await halts.looked()
    assert set(halts.waits) == {0.5}
    assert halts.woken == 0, "what a halt keeps standing is not woken"
    task = board._task
    assert task is not None
    assert task.get_name() == "remit-halts"
    await board.stop()
    assert task.cancelled()
    await board.stop()
    board.abandon()
    assert board._task is None


@pytest.mark.parametrize(
    ("mode", "until", "parked", "woken"),
    [
        (None, None, 1, 1),
        (None, None, 0, 0),
        (HaltMode.HALT, None, 1, 0),
        (HaltMode.HALT, 0, 1, 1),
        (HaltMode.QUARANTINE, None, 1, 1),
    ],
)
async def test_s20_what_nothing_keeps_standing_is_woken_at_the_start_and_now_and_then(
    mode: HaltMode | None, until: int | None, parked: int, woken: int, board: HaltBoard, halts: Watched
) -> None:
    if mode is not None:
        halts.add(HaltScope.AGENT, "clerk", mode, until)
    halts.parked = parked
    await board.start()
    await halts.looked()
    assert halts.woken == woken
    for _ in range(3):  # the third begins when what followed from the second is over
        board.tell()
        await halts.looked()
    await board.stop()
    assert halts.woken == 2 * woken
    wakes = [each for each in halts.submitted if each != "announced"]
    assert wakes == [[Op("halts.wake", (ManualClock().now(),))]] * 2 * woken


async def test_s20_a_look_that_fails_is_said_and_made_again(
    board: HaltBoard, halts: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0)
    await board.start()
    await halts.looked()
    halts.away = True
    with caplog.at_level(logging.WARNING, "remit.halts"):
        board.tell()
        await halts.looked()
        halts.away = False
        halts.add(HaltScope.ALL, "")
        board.tell()
        await halts.looked()
        board.tell()
        await halts.looked()
    await board.stop()
    assert caplog.messages[0] == f"which halts stand could not be read: {StoreUnavailable('gone')}"
    assert board.any


async def test_a_killed_process_looks_no_more(board: HaltBoard, halts: Watched) -> None:
    await board.start()
    task = board._task
    assert task is not None
    board.abandon()
    await asyncio.wait([task])
    assert task.cancelled()
