"""The contract of a dispatcher, for every one there is: hints come quickly; lost, doubled or late ones do no harm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from remit import Run, flow
from remit.engine.dispatcher import Dispatcher
from remit.engine.dispatchers.local import LocalDispatcher
from remit.engine.dispatchers.postgres import PostgresDispatcher
from remit.testing import ManualClock
from tests.engine.places import Place, parked
from tests.engine.steps import OUTSIDE, write

KINDS = ["local on sqlite", "local on postgres", "postgres"]


@pytest.fixture(params=KINDS)
def where(request: pytest.FixtureRequest) -> tuple[Place, type[Dispatcher]]:
    place = request.getfixturevalue("on_sqlite" if "sqlite" in request.param else "on_postgres")
    return place, PostgresDispatcher if request.param == "postgres" else LocalDispatcher


@pytest.fixture
async def dispatcher(where: tuple[Place, type[Dispatcher]]) -> AsyncIterator[tuple[Dispatcher, ManualClock]]:
    place, kind = where
    clock = ManualClock()
    async with place.stage(worker=False, clock=clock) as stage:
        yield kind(stage.platform.ground.database, clock), clock  # type: ignore[call-arg]


async def test_every_hint_ends_a_wait_and_mail_is_told_once(
    dispatcher: tuple[Dispatcher, ManualClock],
) -> None:
    hints, _ = dispatcher
    for give in (
        lambda: hints.submit("r-1"),
        lambda: hints.wake("r-1"),
        lambda: hints.delay("r-1", 5),
        lambda: hints.cancel("r-1"),
        lambda: hints.schedule(5),
    ):
        waiting = asyncio.ensure_future(hints.wait(None))
        await asyncio.sleep(0)
        give()
        async with asyncio.timeout(5):
            await waiting
    hints.wake("r-1")
    hints.wake("r-1")
    hints.cancel("r-2")
    assert hints.mail() == {"r-1", "r-2"}
    assert hints.mail() == set()


async def test_a_hint_given_before_the_wait_is_not_lost(dispatcher: tuple[Dispatcher, ManualClock]) -> None:
    hints, _ = dispatcher
    hints.submit("r-1")
    started = time.perf_counter()
    await hints.wait(None)
    assert time.perf_counter() - started < 0.5


async def test_a_wait_ends_at_its_time_on_the_given_clock(dispatcher: tuple[Dispatcher, ManualClock]) -> None:
    hints, clock = dispatcher
    waiting = asyncio.ensure_future(hints.wait(clock.now() + 60_000_000))
    await asyncio.sleep(0)
    await clock.advance(61)
    async with asyncio.timeout(5):
        await waiting


@flow
async def hears(run: Run) -> list[str]:
    heard = [await run.signal("word") for _ in range(3)]
    await run.step(write, heard)
    return heard


class Unreliable:
    """Loses, doubles and invents hints."""

    def __init__(self, inner: Dispatcher, how: str) -> None:
        self._inner = inner
        self._how = how

    def submit(self, run: str) -> None:
        self._pass_on(self._inner.submit, run)

    def wake(self, run: str) -> None:
        self._pass_on(self._inner.wake, run)

    def delay(self, run: str, until: int) -> None:
        def delay(each: str) -> None:
            self._inner.delay(each, until)

        self._pass_on(delay, run)

    def cancel(self, run: str) -> None:
        self._pass_on(self._inner.cancel, run)

    def schedule(self, at: int) -> None:
        def schedule(_: str) -> None:
            self._inner.schedule(at)

        self._pass_on(schedule, "")

    def mail(self) -> set[str]:
        return self._inner.mail() | ({"r-nobody"} if self._how == "invented" else set())

    async def wait(self, until: int | None) -> bool:
        return await self._inner.wait(until)

    def _pass_on(self, give: Callable[[str], None], run: str) -> None:
        for _ in range({"lost": 0, "doubled": 2, "invented": 1}[self._how]):
            give(run)


@pytest.mark.parametrize("how", ["lost", "doubled", "invented"])
async def test_s19_correctness_does_not_depend_on_hints(
    where: tuple[Place, type[Dispatcher]], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, kind = where
    for name in ("LocalDispatcher", "PostgresDispatcher"):
        monkeypatch.setattr(
            f"remit.control.runs.reach.{name}",
            lambda database, clock: Unreliable(kind(database, clock), how),  # type: ignore[call-arg]
        )
    async with place.stage(hears) as stage:
        run = await stage.start(hears)
        for word in ("one", "two", "three"):
            await parked(run, "signal")
            await run.signal("word", word)
        assert await run.result() == ["one", "two", "three"]
    assert OUTSIDE.count(("write", ["one", "two", "three"])) == 1
