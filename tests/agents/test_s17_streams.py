"""Answers as they come: provisional, placed, redacted, and in the log once somebody has seen them (S17, S3)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit import Run, flow
from remit.agents.agent import Agent
from remit.domain.action_events import ActionAdmitted, PartialDelivered
from remit.domain.errors import Evicted
from remit.gate.secrets.redactor import Redactor, forms_of
from remit.gate.streams import Frame, StepListener, Streams
from remit.models.simulation.lines import Fault, Line
from remit.testing import ManualClock, Stage, StagedRun
from remit.testing.scripting import Script
from remit.testing.stage import stage
from remit.wire.messages import TextDelta, ToolCallStarted
from tests.engine.places import events, until

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "sk-live-51HxYzAbCdEf+/=%"


class StandIn:
    """An execution as far as a listener knows it."""

    def __init__(self, clock: ManualClock) -> None:
        self.row: Any = type("Row", (), {"id": "r-1"})()
        self.services: Any = type("Services", (), {"clock": clock})()
        self.sealed = False
        self.noted: list[PartialDelivered] = []
        self.written = asyncio.Event()

    def note(self, event: Any, path: str) -> None:
        assert path == "clerk/model"
        self.noted.append(event)

    async def settled(self) -> None:
        await self.written.wait()


@dataclass
class Ear:
    """Somebody who listens."""

    frames: list[Frame] = field(default_factory=list[Frame])

    @property
    def text(self) -> str:
        return "".join(frame.text for frame in self.frames if frame.kind == "text")


def listening(
    clock: ManualClock, *secrets: str, earlier: int = 0
) -> tuple[StepListener, StandIn, Callable[[], Ear]]:
    streams, redactor, execution = Streams(), Redactor(), StandIn(clock)
    for secret in secrets:
        redactor.keep("key", secret)
    queue: asyncio.Queue[Frame | None] = asyncio.Queue()
    streams._queues["r-1"].add(queue)
    listener = StepListener(streams, redactor, execution, "clerk/model", earlier)  # pyright: ignore[reportArgumentType]

    def heard() -> Ear:
        ear = Ear()
        while not queue.empty():
            frame = queue.get_nowait()
            assert frame is not None
            ear.frames.append(frame)
        return ear

    return listener, execution, heard


async def test_s17_a_frame_says_where_it_belongs_and_a_new_attempt_says_reset() -> None:
    listener, _, heard = listening(ManualClock())
    listener.hear(1, TextDelta(0, "Hel"))
    listener.hear(1, TextDelta(0, "lo"))
    listener.reset(2)
    listener.hear(2, TextDelta(0, "Hi"))
    listener.hear(2, ToolCallStarted(1, "c1", "refund"))
    listener.over(2, whole=True)
    assert [(f.path, f.attempt, f.offset, f.kind, f.text) for f in heard().frames] == [
        ("clerk/model", 1, 0, "text", "Hel"),
        ("clerk/model", 1, 3, "text", "lo"),
        ("clerk/model", 2, 0, "reset", ""),
        ("clerk/model", 2, 0, "text", "Hi"),
        ("clerk/model", 2, 2, "tool", "refund"),
    ]


async def test_s17_what_was_seen_is_journaled_each_second_even_if_nothing_more_comes() -> None:
    clock = ManualClock()
    listener, execution, _ = listening(clock)
    listener.hear(1, TextDelta(0, "one "))
    await clock.advance(0.9)
    assert execution.noted == []
    listener.hear(1, TextDelta(0, "two "))
    await clock.advance(0.2)
    assert [(e.attempt, e.offset, e.text) for e in execution.noted] == [(1, 0, "one two ")]
    listener.hear(1, TextDelta(0, "three"))
    await clock.advance(5)
    listener.hear(1, TextDelta(0, " four"))
    listener.reset(2)
    assert [(e.attempt, e.offset, e.text) for e in execution.noted[1:]] == [(1, 8, "three"), (1, 13, " four")]


async def test_s17_a_later_life_begins_with_a_reset_and_counts_on() -> None:
    listener, _, heard = listening(ManualClock(), earlier=2)
    listener.hear(1, TextDelta(0, "again"))
    assert [(f.attempt, f.kind) for f in heard().frames] == [(3, "reset"), (3, "text")]


async def test_s03_nothing_is_released_before_the_log_knows_of_the_call() -> None:
    listener, execution, _ = listening(ManualClock())
    waiting = asyncio.ensure_future(listener.ready())
    await asyncio.sleep(0)
    assert not waiting.done()
    execution.written.set()
    await waiting
    execution.sealed = True
    with pytest.raises(Evicted):
        await listener.ready()


# --- secrets ----------------------------------------------------------------------------------------------------


@given(data=st.data(), before=st.text(max_size=20), after=st.text(max_size=20))
def test_s17_a_secret_that_is_split_over_pieces_is_never_shown(
    data: st.DataObject, before: str, after: str
) -> None:
    form = data.draw(st.sampled_from(sorted(forms_of(SECRET))))
    said = f"{before}{form}{after}"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=12)))
    pieces = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    text = asyncio.run(_shown(pieces))
    assert SECRET not in text
    assert form not in text
    assert "[secret key]" in text


@given(pieces=st.lists(st.text(max_size=30), max_size=10))
def test_s17_words_without_a_secret_arrive_whole(pieces: list[str]) -> None:
    redactor = Redactor()
    redactor.keep("key", SECRET)
    assert asyncio.run(_shown(pieces)) == redactor.text("".join(pieces))


async def _shown(pieces: list[str]) -> str:
    listener, execution, heard = listening(ManualClock(), SECRET)
    for piece in pieces:
        listener.hear(1, TextDelta(0, piece))
    listener.over(1, whole=False)
    noted = "".join(event.text for event in execution.noted)
    listener.over(1, whole=True)
    shown = heard().text
    assert shown.startswith(noted)
    return shown


# --- in a run ---------------------------------------------------------------------------------------------------


@flow
async def waits_then_asks(run: Run) -> str:
    """Lets the test listen before anything is said."""
    await run.signal("go")
    return await run.ask(CLERK, "hello")


CLERK = Agent("clerk", prompt="You answer.")


def _one_after_the_other(*faults: str) -> Callable[[object], Line]:
    """The first attempt fails in this way, the second in that."""
    left = list(faults)

    def decide(_: object) -> Line:
        fault = left.pop(0)
        return Line("Half of an answer.", fault=Fault(fault)) if fault else Line("The whole answer.")

    return decide


async def _listen(made: Stage, run: StagedRun) -> tuple[Ear, asyncio.Task[None]]:
    ear, ready = Ear(), asyncio.Event()

    async def hear() -> None:
        async for frame in made.platform.stream(run.id, ready):
            ear.frames.append(frame)

    task = asyncio.ensure_future(hear())
    await ready.wait()
    return ear, task


async def test_s17_whoever_listens_hears_the_answer_and_the_end(script: Script) -> None:
    words = "It is a long answer, said word by word, and heard as it comes. " * 5
    script(CLERK).says(words)
    async with stage(waits_then_asks, script=script) as made:
        run = await made.start(waits_then_asks)
        ear, listening_ = await _listen(made, run)
        await run.signal("go")
        assert await run.result() == words
        await asyncio.wait_for(listening_, 10)
        assert ear.text == words
        assert len(ear.frames) > 1
        assert {frame.path for frame in ear.frames} == {"clerk/model"}
        async for _ in made.platform.stream(run.id):
            raise AssertionError("a run that has ended says nothing more")


async def test_s17_what_was_shown_of_a_cut_answer_is_in_the_log_and_the_next_attempt_says_reset(
    script: Script,
) -> None:
    script(CLERK).plays(_one_after_the_other("cut", "")).forever()
    clock = ManualClock()
    async with stage(waits_then_asks, script=script, clock=clock) as made:
        run = await made.start(waits_then_asks)
        ear, listening_ = await _listen(made, run)
        await run.signal("go")

        async def over() -> bool:
            await clock.advance(0.5)
            return (await run.status()).ended

        await until(over)
        await listening_
        kinds = [(frame.attempt, frame.kind) for frame in ear.frames]
        assert (2, "reset") in kinds
        first = "".join(frame.text for frame in ear.frames if frame.attempt == 1)
        last = "".join(frame.text for frame in ear.frames if frame.attempt == 2)
        assert last == "The whole answer."
        partial = "".join(event.text for event in await events(made, run.id, PartialDelivered))
        assert partial == first != "", "what was seen of the attempt that failed is in the log"
        assert len(await events(made, run.id, ActionAdmitted)) == 2


async def test_s17_a_process_that_dies_in_an_answer_leaves_what_it_showed_and_the_next_life_says_reset(
    script: Script,
) -> None:
    script(CLERK).plays(_one_after_the_other("cut", "hang", "")).forever()
    clock = ManualClock()
    async with stage(waits_then_asks, script=script, clock=clock) as made:
        run = await made.start(waits_then_asks)
        ear, listening_ = await _listen(made, run)
        await run.signal("go")

        async def hangs() -> bool:
            await clock.advance(0.1)
            return len(await events(made, run.id, ActionAdmitted)) == 2

        await until(hangs)
        made.die()
        listening_.cancel()
        await made.up(worker=False)
        partial = "".join(event.text for event in await events(made, run.id, PartialDelivered))
        assert partial == ear.text != ""
        again, listening_ = await _listen(made, run)
        await made.platform.start_worker()

        async def over() -> bool:
            await clock.advance(0.5)
            return (await run.status()).ended

        await until(over)
        await listening_
        assert (again.frames[0].attempt, again.frames[0].kind) == (3, "reset")
        assert again.text == "The whole answer."
