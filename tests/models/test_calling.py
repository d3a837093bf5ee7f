"""One logical call over real failures: who is asked, how often, when, what is recorded, and what a listener sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise
from typing import Any

import pytest

from remit.domain.action_errors import (
    BudgetExhausted,
    ContextTooLong,
    MalformedAnswer,
    ModelFailed,
    ModelRefused,
    NoRoute,
    ProviderBusy,
    ProviderDown,
    ProviderRefused,
    SecretUnavailable,
    Unsupported,
)
from remit.domain.effects import Backoff
from remit.models.attempt import Attempt
from remit.models.calling import Calls
from remit.models.plan import Answered, CallPlan, Candidate
from remit.models.provider import Credential, Deadlines, ModelCall, trouble_of
from remit.testing.clock import ManualClock
from remit.wire.messages import Finished, Message, ModelRequest, Started, StreamEvent, Text, TextDelta
from tests.models.played import (
    ASKED,
    CUT,
    STREAMED,
    USAGE,
    Account,
    Book,
    Heard,
    Played,
    calls,
    made,
    plan,
    refused,
    says,
    settle,
)

BUSY = refused("rate_limit", 429)
DOWN = refused("server", 500)


def outcomes(told: Answered | ModelFailed) -> list[tuple[Any, ...]]:
    return [(each.model, each.outcome, each.code, each.sent) for each in attempts_of(told)]


def attempts_of(told: Answered | ModelFailed) -> list[Attempt]:
    return [each for each in told.attempts if isinstance(each, Attempt)]


# --- who is asked ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [ASKED, STREAMED], ids=["whole", "streamed"])
async def test_the_first_candidate_answers(request_: ModelRequest) -> None:
    clock, book, account = ManualClock(), Book(), Account()
    first, second = Played("a", clock, says("hello", after=3)), Played("b", clock, says("no"))
    answered = await made(clock, plan(first, second), request_, book, witness=account)
    assert (answered.response.message.text, answered.model, answered.provider) == ("hello", "m-a", "a")
    assert outcomes(answered) == [("m-a", "answered", "", True)]
    assert answered.attempts[0].usage == USAGE
    assert (second.calls, book.out, account.open) == ([], 0, set())
    assert first.calls[0].credential.value == "key-of-a"
    assert first.calls[0].request.model == "m-a"


async def test_the_provider_hears_its_own_name_of_the_model() -> None:
    clock = ManualClock()
    played = Played("a", clock, says("ok"))
    await made(clock, CallPlan((Candidate("nice", played, upstream="vendor/nice-2026-01"),)))
    assert played.calls[0].request.model == "vendor/nice-2026-01"


@pytest.mark.parametrize(
    ("wrong", "times"),
    [
        (BUSY, 3),
        (DOWN, 3),
        (refused("malformed", 200), 3),
        (refused("quota", 429), 1),
        (refused("authentication", 401), 1),
        (refused("not_found", 404), 1),
        (refused("invalid_request", 400), 1),
        (Unsupported("no images"), 1),
    ],
    ids=lambda value: getattr(value, "message", value) if isinstance(value, Exception) else str(value),
)
async def test_it_falls_back_after_as_many_attempts_as_make_sense(wrong: Exception, times: int) -> None:
    clock = ManualClock()
    first, second = Played("a", clock, [wrong]), Played("b", clock, says("saved"))
    answered = await made(clock, plan(first, second))
    assert answered.response.message.text == "saved"
    assert (len(first.calls), len(second.calls)) == (times, 1)
    assert [each.number for each in answered.attempts] == list(range(1, times + 2))


async def test_a_no_is_an_answer_and_nobody_else_is_asked() -> None:
    clock = ManualClock()
    first, second = Played("a", clock, [refused("content_filter", 400)]), Played("b", clock, says("no"))
    with pytest.raises(ModelRefused):
        await made(clock, plan(first, second))
    assert second.calls == []


async def test_an_answer_that_a_filter_emptied_is_a_no_that_costs() -> None:
    clock, account = ManualClock(), Account()
    emptied: list[Any] = [Started(), Finished("filter", USAGE)]
    with pytest.raises(ModelRefused, match="filter"):
        await made(clock, plan(Played("a", clock, emptied)), STREAMED, witness=account)
    assert [(each.outcome, each.usage) for each in account.closed_] == [("refused", USAGE)]


async def test_a_conversation_that_is_too_long_goes_only_to_a_wider_window() -> None:
    clock = ManualClock()
    long = [refused("context_length", 400)]
    small, same, wide = (
        Played("a", clock, long),
        Played("b", clock, says("no")),
        Played("c", clock, says("fits")),
    )
    candidates = (
        Candidate("a", small, window=8),
        Candidate("b", same, window=8),
        Candidate("c", wide, window=32),
    )
    assert (await made(clock, CallPlan(candidates))).response.message.text == "fits"
    assert same.calls == []
    with pytest.raises(ContextTooLong):
        await made(clock, CallPlan((*candidates[:2], Candidate("c", Played("c", clock, [DOWN]), window=32))))


async def test_who_rests_is_not_asked_and_who_is_alone_and_rests_is_said_to() -> None:
    clock, account = ManualClock(), Account()
    first, second = Played("a", clock, says("no")), Played("b", clock, says("yes"))
    answered = await made(clock, plan(first, second), book=Book({"m-a"}), witness=account)
    assert outcomes(answered) == [("m-a", "skipped", "resting", False), ("m-b", "answered", "", True)]
    assert [each.number for each in account.closed_] == [2]
    with pytest.raises(ProviderDown, match="rests") as caught:
        await made(clock, plan(first), book=Book({"m-a"}))
    assert not trouble_of(caught.value).sent


async def test_nobody_to_ask_is_no_route() -> None:
    with pytest.raises(NoRoute):
        await made(ManualClock(), CallPlan(()))


# --- when ------------------------------------------------------------------------------------------------------


async def test_attempts_come_further_and_further_apart() -> None:
    clock = ManualClock()
    moments: list[int] = []

    async def key(provider: str) -> Credential:
        moments.append(clock.now())
        return Credential()

    played = Played("a", clock, [DOWN])
    wanted = plan(played, retry=Backoff(attempts=4, first=1.0, most=3.0))
    task = asyncio.create_task(Calls(key, clock=clock, spread=lambda: 1.0).perform(wanted, ModelCall(ASKED)))
    await settle(clock, task)
    assert [(b - a) / 1e6 for a, b in pairwise(moments)] == [1.0, 2.0, 3.0]
    assert isinstance(task.exception(), ProviderDown)


async def test_retry_after_is_waited_for_but_not_for_ever() -> None:
    clock = ManualClock()
    start = clock.now()
    patient = Played("a", clock, [refused("rate_limit", 429, after=20)], says("ok"))
    answered = await made(clock, plan(patient))
    assert answered.response.message.text == "ok"
    assert 20.0 <= (clock.now() - start) / 1e6 <= 21.0
    hopeless = Played("a", clock, [refused("rate_limit", 429, after=3600)])
    with pytest.raises(ProviderBusy) as caught:
        await made(clock, plan(hopeless))
    assert (len(hopeless.calls), trouble_of(caught.value).retry_after) == (1, 3600)


async def test_nobody_waits_long_while_another_could_answer() -> None:
    clock = ManualClock()
    first, second = (
        Played("a", clock, [refused("rate_limit", 429, after=20)]),
        Played("b", clock, says("quick")),
    )
    start = clock.now()
    await made(clock, plan(first, second))
    assert (len(first.calls), clock.now() - start < 2_000_000) == (1, True)


async def test_the_whole_has_a_deadline_which_every_attempt_shares() -> None:
    clock = ManualClock()
    start = clock.now()
    slow = Played("a", clock, [4.0, DOWN])
    with pytest.raises(ProviderDown) as caught:
        await made(clock, plan(slow, slow, seconds=10.0))
    assert (clock.now() - start) / 1e6 <= 10.5
    assert [round(each.deadlines.total) for each in slow.calls] == [10, 6, 1]
    assert "3 times" in str(caught.value) or "Tried" in str(caught.value)


async def test_a_provider_that_never_ends_is_left_at_the_deadline() -> None:
    clock = ManualClock()
    endless = Played("a", clock, [Started(), TextDelta(0, "x"), 10_000.0])
    call = ModelCall(STREAMED, deadlines=Deadlines(total=5.0))
    task = asyncio.create_task(calls(clock).perform(plan(endless, retry=Backoff(attempts=1)), call))
    await settle(clock, task)
    with pytest.raises(ProviderDown, match="no whole answer within 5 s") as caught:
        task.result()
    assert (trouble_of(caught.value).kind, endless.left) == ("timeout", 1)


async def test_latency_is_split_into_waiting_first_word_and_rest() -> None:
    clock = ManualClock()

    async def slow_key(provider: str) -> Credential:
        await clock.advance(2)
        return Credential()

    async def take(seconds: float) -> None:
        await clock.advance(seconds)

    class Timed(Played):
        async def stream(self, call: ModelCall) -> AsyncGenerator[StreamEvent]:
            await take(3)
            yield Started()
            yield TextDelta(0, "a")
            await take(4)
            yield Finished("stop", USAGE)

    answered = await Calls(slow_key, clock=clock).perform(plan(Timed("a", clock, [])), ModelCall(STREAMED))
    latency = answered.attempts[0].latency
    assert (latency.queue, latency.first, latency.total) == (2_000_000, 3_000_000, 7_000_000)
    assert (answered.latency.queue, answered.latency.first, answered.latency.total) == (
        2_000_000,
        3_000_000,
        9_000_000,
    )


# --- what is recorded ------------------------------------------------------------------------------------------


async def test_s25_every_attempt_is_a_charge_of_its_own() -> None:
    clock, book, account = ManualClock(), Book(), Account()
    first = Played(
        "a", clock, [Started(), TextDelta(0, "x"), CUT], [refused("rate_limit", 429, after=1)], [DOWN]
    )
    second = Played("b", clock, [refused("authentication", 401)])
    third = Played("c", clock, says("ok"))
    answered = await made(clock, plan(first, second, third), STREAMED, book, witness=account)
    assert outcomes(answered) == [
        ("m-a", "cut", "stream_cut", True),
        ("m-a", "busy", "provider_busy", False),
        ("m-a", "failed", "provider_down", True),
        ("m-b", "refused", "provider_refused", False),
        ("m-c", "answered", "", True),
    ]
    assert [each.lost for each in answered.attempts] == [True, False, True, False, False]
    assert tuple(account.closed_) == answered.attempts
    assert book.told == [
        ("m-a", "failed", None), ("m-a", "busy", 1.0), ("m-a", "failed", None), ("m-b", "failed", None),
        ("m-c", "ok", None),
    ]  # fmt: skip


async def test_the_failure_that_is_raised_knows_all_of_them() -> None:
    clock = ManualClock()
    with pytest.raises(ProviderRefused) as caught:
        await made(clock, plan(Played("a", clock, [BUSY]), Played("b", clock, [refused("permission", 403)])))
    assert [each[1] for each in outcomes(caught.value)] == ["busy", "busy", "busy", "refused"]
    assert "m-a at a (provider_busy, 3 times), m-b at b (provider_refused)" in caught.value.hint


async def test_a_budget_that_is_empty_ends_it_before_contact() -> None:
    clock, book = ManualClock(), Book()
    account = Account({2: BudgetExhausted("no money left")})
    played = Played("a", clock, [DOWN])
    with pytest.raises(BudgetExhausted):
        await made(clock, plan(played), book=book, witness=account)
    assert (len(played.calls), book.out, account.open) == (1, 0, set())
    assert book.told[-1] == ("m-a", "released", None)


async def test_a_secret_that_cannot_be_had_is_the_next_candidates_turn() -> None:
    clock, book, account = ManualClock(), Book(), Account()

    async def key(provider: str) -> Credential:
        if provider == "a":
            raise SecretUnavailable("no such secret")
        return Credential("k")

    made_calls = Calls(key, health=book, clock=clock)
    first, second = Played("a", clock, says("no")), Played("b", clock, says("ok"))
    answered = await made_calls.perform(plan(first, second), ModelCall(ASKED), witness=account)
    assert outcomes(answered)[0] == ("m-a", "skipped", "secret_unavailable", False)
    assert (book.out, account.open, first.calls) == (0, set(), [])
    with pytest.raises(SecretUnavailable):
        await made_calls.perform(plan(first), ModelCall(ASKED))


async def test_a_call_that_is_cancelled_is_recorded_and_released() -> None:
    clock, book, account, heard = ManualClock(), Book(), Account(), Heard()
    played = Played("a", clock, [Started(), TextDelta(0, "x"), 100.0])
    task = asyncio.create_task(
        calls(clock, book).perform(plan(played), ModelCall(STREAMED), on_event=heard, witness=account)
    )
    await heard.spoke.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(each.outcome, each.sent, each.delivered) for each in account.closed_] == [
        ("cancelled", True, True)
    ]
    assert (book.out, book.told, played.left) == (0, [("m-a", "released", None)], 1)


async def test_what_a_listener_raises_ends_the_call_and_is_not_the_models_fault() -> None:
    clock, book, account = ManualClock(), Book(), Account()
    played = Played("a", clock, says("hello"))

    async def halt(number: int, event: object) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await made(clock, plan(played), STREAMED, book, on_event=halt, witness=account)
    assert (book.out, book.told[-1][1], played.left) == (0, "released", 1)


async def test_a_whole_answer_that_is_malformed_is_asked_for_again() -> None:
    clock = ManualClock()
    played = Played("a", clock, [refused("malformed", 200)], says("ok"))
    assert (await made(clock, plan(played))).response.message.text == "ok"
    with pytest.raises(MalformedAnswer):
        await made(clock, plan(Played("a", clock, [refused("malformed", 200)])))


def test_an_answer_carries_no_key() -> None:
    assert "key-of" not in repr(
        ModelCall(ModelRequest("m", (Message("user", (Text("x"),)),)), Credential("key-of-x"))
    )
