"""A second candidate beside a slow first one: the first to speak wins, the other is hung up on and recorded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit.domain.action_errors import BudgetExhausted, ProviderDown
from remit.domain.clock import sleep_until
from remit.domain.effects import Backoff
from remit.models.attempt import Reset
from remit.models.calling import Calls
from remit.models.plan import Answered, CallPlan, Candidate
from remit.models.provider import Credential, ModelCall
from remit.testing.clock import ManualClock
from remit.wire.messages import ModelRequest, Started, TextDelta
from tests.models.played import (
    ASKED,
    CUT,
    STREAMED,
    Account,
    Book,
    Heard,
    Played,
    breathe,
    calls,
    refused,
    says,
    settle,
)

DOWN = refused("server", 500)
ONCE = Backoff(attempts=1)


async def raced(
    clock: ManualClock, first: Played, second: Played, request: ModelRequest = STREAMED, **more: Any
) -> tuple[Answered, Book, Account, Heard]:
    book, account, heard = more.pop("book", None) or Book(), Account(), Heard()
    wanted = CallPlan((Candidate("a", first), Candidate("b", second)), hedge=2.0, **more)
    task = asyncio.create_task(
        calls(clock, book).perform(wanted, ModelCall(request), on_event=heard, witness=account)
    )
    await settle(clock, task)
    assert book.out == 0
    assert account.open == set()
    return task.result(), book, account, heard


@pytest.mark.parametrize("request_", [ASKED, STREAMED], ids=["whole", "streamed"])
async def test_a_quick_first_is_not_hedged(request_: ModelRequest) -> None:
    clock = ManualClock()
    first, second = Played("p", clock, says("quick", after=1)), Played("q", clock, says("no"))
    answered, *_ = await raced(clock, first, second, request_)
    assert (answered.response.message.text, second.calls) == ("quick", [])


@pytest.mark.parametrize("request_", [ASKED, STREAMED], ids=["whole", "streamed"])
async def test_the_second_wins_and_the_first_is_hung_up_on(request_: ModelRequest) -> None:
    clock = ManualClock()
    first, second = Played("p", clock, says("late", after=60)), Played("q", clock, says("saved", after=1))
    answered, book, account, heard = await raced(clock, first, second, request_)
    assert (answered.response.message.text, answered.model, first.left) == ("saved", "b", 1)
    assert [(each.model, each.outcome, each.hedge, each.sent) for each in answered.attempts] == [
        ("a", "cancelled", False, True), ("b", "answered", True, True),
    ]  # fmt: skip
    assert sorted(each.number for each in account.closed_) == [1, 2]
    assert ("a", "released", None) in book.told
    assert {number for number, _ in heard.events} <= {2}
    assert not any(isinstance(event, Reset) for _, event in heard.events)


async def test_the_first_to_speak_wins_even_if_it_was_first_asked() -> None:
    clock = ManualClock()
    first, second = Played("p", clock, says("first", after=3)), Played("q", clock, says("second", after=60))
    answered, _, _, heard = await raced(clock, first, second)
    assert (answered.model, second.left, heard.shown()) == ("a", 1, "first")
    assert [each.outcome for each in answered.attempts] == ["answered", "cancelled"]


async def test_one_that_fails_leaves_the_other_to_answer() -> None:
    clock = ManualClock()
    first, second = Played("p", clock, [5.0, DOWN]), Played("q", clock, says("saved", after=10))
    answered, *_ = await raced(clock, first, second)
    assert answered.response.message.text == "saved"
    first, second = Played("p", clock, says("late", after=20)), Played("q", clock, [1.0, DOWN])
    answered, *_ = await raced(clock, first, second)
    assert answered.response.message.text == "late"


async def test_both_fail_and_then_it_goes_on_as_without() -> None:
    clock = ManualClock()
    first, second = Played("p", clock, [5.0, DOWN], says("again")), Played("q", clock, [5.0, DOWN])
    answered, *_ = await raced(clock, first, second)
    assert (answered.response.message.text, len(answered.attempts)) == ("again", 3)
    with pytest.raises(ProviderDown) as caught:
        await raced(clock, Played("p", clock, [5.0, DOWN]), Played("q", clock, [5.0, DOWN]), retry=ONCE)
    assert len(caught.value.attempts) == 3


async def test_a_winner_that_is_cut_is_followed_by_a_reset() -> None:
    clock = ManualClock()
    first = Played("p", clock, [60.0], says("again"))
    second = Played("q", clock, [Started(), TextDelta(0, "ha"), CUT])
    answered, _, _, heard = await raced(clock, first, second)
    assert [type(event).__name__ for _, event in heard.events][:3] == ["Started", "TextDelta", "Reset"]
    assert heard.shown() == answered.response.message.text == "again"


async def test_a_second_that_rests_is_not_asked() -> None:
    clock = ManualClock()
    first, second = Played("p", clock, says("late", after=60)), Played("q", clock, says("no"))
    answered, *_ = await raced(clock, first, second, book=Book({"b"}))
    assert (answered.response.message.text, second.calls) == ("late", [])


async def test_a_race_that_is_cancelled_leaves_nobody_running() -> None:
    clock, book, account, before = ManualClock(), Book(), Account(), asyncio.all_tasks()
    first, second = Played("p", clock, [600.0]), Played("q", clock, [600.0])
    wanted = CallPlan((Candidate("a", first), Candidate("b", second)), hedge=2.0)
    task = asyncio.create_task(calls(clock, book).perform(wanted, ModelCall(STREAMED), witness=account))
    for _ in range(2):
        await breathe()
        await clock.advance(3)
    assert (len(first.calls), len(second.calls)) == (1, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (book.out, account.open, first.left, second.left) == (0, set(), 1, 1)
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("turns", range(6))
async def test_a_race_that_is_cancelled_at_any_moment_leaves_no_attempt_open(turns: int) -> None:
    clock, book, account = ManualClock(), Book(), Account()
    wanted = CallPlan(
        (Candidate("a", Played("p", clock, [600.0])), Candidate("b", Played("q", clock, [600.0]))), hedge=2.0
    )
    task = asyncio.create_task(calls(clock, book).perform(wanted, ModelCall(STREAMED), witness=account))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (book.out, account.open) == (0, set())


async def test_a_first_that_speaks_while_the_second_is_fetching_its_key_wins() -> None:
    clock, book, account = ManualClock(), Book(), Account()

    async def key(provider: str) -> Credential:
        if provider == "q":
            await sleep_until(clock, clock.now() + 3_000_000)
        return Credential()

    first, second = Played("p", clock, says("first", after=3)), Played("q", clock, says("second"))
    wanted = CallPlan((Candidate("a", first), Candidate("b", second)), hedge=2.0)
    task = asyncio.create_task(
        Calls(key, health=book, clock=clock).perform(wanted, ModelCall(STREAMED), witness=account)
    )
    await settle(clock, task)
    assert task.result().response.message.text == "first"
    assert (book.out, account.open) == (0, set())
    assert [(each.model, each.outcome, each.sent) for each in task.result().attempts] == [
        ("a", "answered", True), ("b", "cancelled", False),
    ]  # fmt: skip


async def test_a_second_that_no_budget_is_left_for_is_not_missed() -> None:
    clock, account = ManualClock(), Account({2: BudgetExhausted("no money left")})
    first, second = Played("p", clock, says("late", after=60)), Played("q", clock, says("no"))
    wanted = CallPlan((Candidate("a", first), Candidate("b", second)), hedge=2.0)
    task = asyncio.create_task(calls(clock).perform(wanted, ModelCall(STREAMED), witness=account))
    await settle(clock, task)
    assert (task.result().response.message.text, second.calls) == ("late", [])


async def test_a_listener_is_called_from_the_callers_own_task() -> None:
    clock = ManualClock()
    tasks: set[asyncio.Task[Any] | None] = set()

    async def listen(number: int, event: object) -> None:
        tasks.add(asyncio.current_task())

    first, second = Played("p", clock, says("late", after=60)), Played("q", clock, says("saved", after=1))
    wanted = CallPlan((Candidate("a", first), Candidate("b", second)), hedge=2.0)
    task = asyncio.create_task(calls(clock).perform(wanted, ModelCall(STREAMED), on_event=listen))
    await settle(clock, task)
    assert tasks == {task}
