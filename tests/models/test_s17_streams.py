"""S17: what a listener is shown of a stream is the answer in the end, whatever became of the attempts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.domain.action_errors import ModelFailed, StreamCut
from remit.domain.effects import Backoff
from remit.models.attempt import Attempt, Reset
from remit.models.plan import Answered
from remit.testing.clock import ManualClock
from remit.wire.messages import Failed, Finished, Started, StreamEvent, TextDelta, ToolCallStarted
from tests.models.played import CUT, STREAMED, Account, Book, Heard, Played, made, plan, refused, says

BUSY = refused("rate_limit", 429)
DOWN = refused("server", 500)


async def test_s17_a_new_attempt_after_delivery_says_so_first() -> None:
    clock, heard = ManualClock(), Heard()
    played = Played("a", clock, [Started(), TextDelta(0, "half an ans"), CUT], says("whole"))
    answered = await made(clock, plan(played), STREAMED, on_event=heard)
    kinds = [(number, type(event).__name__) for number, event in heard.events]
    assert kinds[:4] == [(1, "Started"), (1, "TextDelta"), (2, "Reset"), (2, "Started")]
    assert heard.events[2][1] == Reset(2, "stream_cut")
    assert heard.shown() == answered.response.message.text == "whole"


async def test_s17_or_it_is_cut_if_that_was_asked_for() -> None:
    clock, heard = ManualClock(), Heard()
    for wrong in (CUT, Failed("overloaded", "overloaded", 529)):
        played = Played("a", clock, [Started(), TextDelta(0, "half"), wrong], says("whole"))
        with pytest.raises(StreamCut):
            await made(clock, plan(played, reset=False), STREAMED, on_event=heard)
        assert len(played.calls) == 1
    assert not any(isinstance(event, Reset) for _, event in heard.events)


async def test_s17_an_attempt_that_fails_before_it_says_anything_is_repeated_in_silence() -> None:
    clock, heard = ManualClock(), Heard()
    played = Played("a", clock, [Started("id", "m"), Failed("overloaded", "overloaded", 529)], says("whole"))
    await made(clock, plan(played, reset=False), STREAMED, on_event=heard)
    assert {number for number, _ in heard.events} == {2}
    assert heard.shown() == "whole"


async def test_s17_a_listener_that_cannot_take_a_reset_ends_the_call_cleanly() -> None:
    clock, book, account = ManualClock(), Book(), Account()
    played = Played("a", clock, [Started(), TextDelta(0, "half"), CUT], says("whole"))

    async def listen(number: int, event: StreamEvent | Reset) -> None:
        if isinstance(event, Reset):
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await made(clock, plan(played), STREAMED, book, on_event=listen, witness=account)
    assert (book.out, account.open, len(played.calls)) == (0, set(), 1)


async def test_s17_a_stream_that_just_stops_is_cut_and_no_answer() -> None:
    clock = ManualClock()
    played = Played("a", clock, [Started(), TextDelta(0, "half")])
    with pytest.raises(StreamCut):
        await made(clock, plan(played, retry=Backoff(attempts=1)), STREAMED)


FAILURES = [
    BUSY,
    DOWN,
    refused("authentication", 401),
    refused("malformed", 200),
    refused("rate_limit", 429, after=1),
]
TURNS = st.one_of(
    st.sampled_from(FAILURES).map(lambda wrong: [wrong]),
    st.tuples(
        st.text("abc", max_size=4), st.sampled_from([CUT, Failed("x", "overloaded", 529), *FAILURES])
    ).map(lambda drawn: [Started(), *(TextDelta(0, letter) for letter in drawn[0]), drawn[1]]),
    st.just([Started(), ToolCallStarted(0, "c", "f")]),
    st.text("xyz", min_size=1, max_size=4).map(says),
)


@settings(max_examples=200, deadline=None)
@given(
    turns=st.lists(st.lists(TURNS, min_size=1, max_size=4), min_size=1, max_size=4),
    most=st.integers(1, 8),
    hedge=st.none() | st.just(0.25),
    reset=st.booleans(),
)
def test_s17_whatever_happens_a_listener_ends_up_with_the_answer(
    turns: list[list[list[Any]]], most: int, hedge: float | None, reset: bool
) -> None:
    async def story() -> None:
        clock, book, account, heard = ManualClock(), Book(), Account(), Heard()
        providers = [Played(f"p{at}", clock, *each) for at, each in enumerate(turns)]
        wanted = plan(*providers, most_attempts=most, hedge=hedge, reset=reset)
        answered: Answered | None = None
        try:
            answered = await made(clock, wanted, STREAMED, book, on_event=heard, witness=account)
        except ModelFailed as wrong:
            numbers = [each.number for each in wrong.attempts if isinstance(each, Attempt)]
            assert numbers == sorted(set(numbers))
        assert (book.out, account.open) == (0, set())
        assert len(account.closed_) <= most
        assert sum(len(each.calls) for each in providers) == len(account.closed_)
        if answered is not None:
            assert heard.shown() == answered.response.message.text
            spoken: list[StreamEvent | Reset] = [event for _, event in heard.events]
            assert isinstance(spoken[-1], Finished)
        if not reset:
            delivered = {each.number for each in account.closed_ if each.delivered}
            assert len(delivered) <= 1
        resets = [number for number, event in heard.events if isinstance(event, Reset)]
        for number, event in heard.events:
            # nothing of an attempt comes after a later one began to speak
            assert isinstance(event, Reset) or all(number >= each for each in resets if each <= number)
        assert [number for number, _ in heard.events] == sorted(number for number, _ in heard.events) or hedge

    asyncio.run(story())
