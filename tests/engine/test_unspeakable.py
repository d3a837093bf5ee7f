"""What an exception says is somebody else's text: half a character, six megabytes or nothing at all may be in it, and
neither an outcome nor a place in the log is lost over it. What a flow itself hands over is refused in time.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from remit import AskHuman, Rejected, Retry, Run, StopRun, ToolFailed, flow, step
from remit.domain.errors import InvalidName, NotEncodable, RunFailed, StepFailed, UnresolvedEffect
from remit.domain.events import RunEnded, StepUnknown
from remit.domain.events import StepFailed as Failed
from remit.engine.recording import message_of
from tests.engine.places import Place, ended, events, journal, parked, until
from tests.engine.steps import OUTSIDE, look

HALF = os.fsdecode(b"server said \xff")
ENDLESS = "x" * 6_000_000


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("it cannot even say what is wrong")


WRONG: dict[str, Callable[[], Exception]] = {
    "half": lambda: ConnectionError(HALF),
    "endless": lambda: ConnectionError(ENDLESS),
    "speechless": Speechless,
    "tool": lambda: ToolFailed(HALF),
    "stop": lambda: StopRun(HALF),
    "retry": lambda: Retry(HALF, after=0.001),
    "ask": lambda: AskHuman(HALF, group=f"bosses\x00{HALF}"),
    "error": lambda: StepFailed(HALF),
}
SAYS = {
    "half": r"server said \udcff",
    "endless": "x… (6,000,000 characters)",
    "speechless": "Speechless",
    "tool": r"server said \udcff",
    "stop": r"server said \udcff",
    "retry": r"server said \udcff",
    "error": r"server said \udcff",
}


@step
async def charge(how: str) -> str:
    OUTSIDE.note(("charge", how))
    if OUTSIDE.count(("charge", how)) <= 1 or how not in {"retry", "ask"}:
        wrong = WRONG[how]()
        raise wrong
    return how


@step(effect="read")
async def read(how: str) -> str:
    OUTSIDE.note(("read", how))
    if OUTSIDE.count(("read", how)) <= 1 or how not in {"retry", "ask"}:
        wrong = WRONG[how]()
        raise wrong
    return how


@flow
async def pays(run: Run, how: str) -> list[str]:
    async def again() -> str:
        await run.signal("now")
        try:
            return await run.step(charge, how)
        except UnresolvedEffect:
            return "refused"

    return await run.gather(run.step(charge, how), again())


@pytest.mark.parametrize("how", ["half", "endless", "speechless", "error"])
async def test_s11_a_write_that_fails_in_unspeakable_words_is_unknown(place: Place, how: str) -> None:
    async with place.stage(pays) as stage:
        run = await stage.start(pays, how=how)
        await parked(run, "unknown")
        (unknown,) = await events(stage, run.id, StepUnknown)
        assert unknown.message.endswith(SAYS[how])
        assert len(unknown.message) < 4_100
        await run.signal("now")

        async def refused() -> bool:
            return [failed.error for failed in await events(stage, run.id, Failed)] == [UnresolvedEffect.code]

        await until(refused)
        (question,) = await stage.inbox()
        await stage.crash_and_restart()
        await stage.platform.approve(question.id, value="paid")
        assert await run.result() == ["paid", "refused"]
        assert OUTSIDE.count(("charge", how)) == 1


@flow
async def does(run: Run, how: str, reads: bool) -> str:
    try:
        return await run.step(read if reads else charge, how)
    except (StepFailed, Rejected) as told:
        return str(told)


@pytest.mark.parametrize(
    ("how", "reads"), [("tool", False), *((how, True) for how in SAYS if how not in {"stop", "retry"})]
)
async def test_a_definite_failure_is_told_in_words_that_can_be_written(
    on_sqlite: Place, how: str, reads: bool
) -> None:
    async with on_sqlite.stage(does) as stage:
        run = await stage.start(does, how=how, reads=reads)
        assert (await run.result()).endswith(SAYS[how])
        (failed,) = await events(stage, run.id, Failed)
        assert failed.message.endswith(SAYS[how])
        assert failed.error.isascii()
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize("reads", [False, True])
async def test_what_a_step_says_to_the_engine_may_be_unspeakable_too(place: Place, reads: bool) -> None:
    async with place.stage(does) as stage:
        assert await (await stage.start(does, how="retry", reads=reads)).result() == "retry"
        stopped = await stage.start(does, how="stop", reads=reads)
        with pytest.raises(RunFailed, match=r"server said \\udcff"):
            await stopped.result()
        asking = await stage.start(does, how="ask", reads=reads)
        await parked(asking, "human")
        (question,) = await stage.inbox()
        assert question.group == r"bosses\x00server said \udcff"
        await stage.crash_and_restart()
        await asking.approve()
        assert await asking.result() == "ask"


FLOW_WRONG: dict[str, Callable[[Any], Any]] = {
    "raises": lambda run: _raise(ValueError(HALF)),
    "raises nothing": lambda run: _raise(Speechless()),
    "raises for ever": lambda run: _raise(ValueError(ENDLESS)),
    "signal": lambda run: run.signal(HALF),
    "patched": lambda run: run.patched(HALF),
    "patched/path": lambda run: run.patched("a/b"),
    "human": lambda run: run.human("bosses", {"a": [HALF]}),
    "human key": lambda run: run.human("bosses", {HALF: 1}),
    "group": lambda run: run.human(HALF, 1),
    "group/null": lambda run: run.human("a\x00b", 1),
    "other group": lambda run: run.human("bosses", 1, otherwise=f"escalate:{HALF}"),
    "step": lambda run: run.step(look, HALF),
    "spawn": lambda run: run.spawn(does, HALF, True),
    "continue": lambda run: _called(run.continue_as, what=HALF),
}
NAMED = {"signal", "patched", "patched/path", "group", "group/null", "other group"}


async def _raise(wrong: Exception) -> None:
    raise wrong


async def _called(fn: Any, **given: object) -> None:
    fn(**given)


@flow
async def missteps(run: Run, what: str, caught: bool) -> list[str]:
    heard: list[str] = [await run.step(look, "before")]
    try:
        await FLOW_WRONG[what](run)
    except (NotEncodable, InvalidName) as refused:
        if not caught:
            raise
        heard.append(type(refused).__name__)
    heard.append(await run.step(look, "after"))
    heard.append(await run.signal("go"))
    return heard


@pytest.mark.parametrize("what", FLOW_WRONG)
async def test_a_flow_that_fails_in_unspeakable_words_has_failed(on_sqlite: Place, what: str) -> None:
    async with on_sqlite.stage(missteps, does) as stage:
        run = await stage.start(missteps, what=what, caught=False)
        assert await ended(run) == "failed"
        (over,) = await events(stage, run.id, RunEnded)
        assert over.message.isascii() or "…" in over.message
        assert len(over.message) < 4_100


@pytest.mark.parametrize(
    "what", [what for what in FLOW_WRONG if not what.startswith("raises") and what != "continue"]
)
async def test_what_is_refused_takes_no_place_and_the_flow_may_go_on(place: Place, what: str) -> None:
    async with place.stage(missteps, does) as stage:
        run = await stage.start(missteps, what=what, caught=True)
        await parked(run, "signal")
        seqs = [entry.seq for entry in await journal(stage, run.id)]
        assert seqs == list(range(1, len(seqs) + 1))
        await stage.crash_and_restart()
        await run.signal("go", "went")
        refused = "InvalidName" if what in NAMED else "NotEncodable"
        assert await run.result() == ["before", refused, "after", "went"]
        assert OUTSIDE.happened == [("look", "before"), ("look", "after")]
        assert (await stage.platform.replay(run.id)).verdict == "equal"
        assert {f.state for f in await stage.platform.doctor(deep=True) if f.name == "log"} == {"ok"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ValueError(), "ValueError"),
        (NotEncodable(), "A value cannot be written to the log and read back the same."),
        (ValueError("naïve 🎩"), "naïve 🎩"),
        (ValueError("y" * 4_000), "y" * 4_000),
        (ValueError("y" * 4_001), "y" * 4_000 + "… (4,001 characters)"),
    ],
)
def test_what_can_be_said_is_said_as_it_is(wrong: Exception, said: str) -> None:
    assert message_of(wrong) == said


# --- what is no exception, and what only looks like the process's own ---------------------------------------------


class Abort(BaseException):
    """What a library may raise to leave everything."""


LEAVES: dict[str, type[BaseException]] = {"interrupt": KeyboardInterrupt, "abort": Abort, "exit": SystemExit}


@step(effect="read")
async def leaves(how: str) -> None:
    raise LEAVES[how]


@step(effect="read")
def leaves_on_a_thread(how: str) -> None:
    raise LEAVES[how]


@step
async def leaves_writing(how: str) -> str:
    OUTSIDE.note(("wrote", how))
    raise LEAVES[how]


@flow
async def is_left(run: Run, where: str, how: str) -> str:
    async def branch() -> None:
        raise LEAVES[how]

    try:
        match where:
            case "step":
                await run.step(leaves, how)
            case "thread":
                await run.step(leaves_on_a_thread, how)
            case "branch":
                await run.gather(branch(), run.step(look, "beside"))
            case _:
                raise LEAVES[how]
    except StepFailed as failed:
        return str(failed)
    return "not left"


@pytest.mark.parametrize("how", LEAVES)
@pytest.mark.parametrize("where", ["step", "thread", "branch", "flow"])
async def test_code_that_leaves_everything_leaves_its_step_and_never_the_worker(
    on_sqlite: Place, where: str, how: str
) -> None:
    async with on_sqlite.stage(is_left, does) as stage:
        run = await stage.start(is_left, where=where, how=how)
        said = f"it was left by a {LEAVES[how].__name__} that nobody outside of it asked for."
        if where == "flow":
            with pytest.raises(RunFailed, match=said):
                await run.result()
        else:
            assert (await run.result()).endswith(said)
        assert await (await stage.start(does, how="retry", reads=True)).result() == "retry"


@flow
async def left_writing(run: Run, how: str) -> str:
    return await run.step(leaves_writing, how)


@pytest.mark.parametrize("how", LEAVES)
async def test_s11_a_write_that_leaves_everything_is_unknown(on_sqlite: Place, how: str) -> None:
    async with on_sqlite.stage(left_writing) as stage:
        run = await stage.start(left_writing, how=how)
        await parked(run, "unknown")
        await run.approve("it did")
        assert await run.result() == "it did"
        assert len(OUTSIDE.happened) == 1


PRESSED: list[int] = []


@step(effect="read")
async def computes() -> str:
    for _ in range(PRESSED.pop() if PRESSED else 0):
        signal.raise_signal(signal.SIGINT)
    return "computed"


@flow
async def computing(run: Run) -> str:
    return await run.step(computes)


def raises(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def without_runner(work: Coroutine[Any, Any, None]) -> None:
    """As a program does that brings its own loop: Ctrl-C is Python's own."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@pytest.fixture
def restored() -> Iterator[None]:
    """Whatever answers Ctrl-C in the test, it is put back."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("handler", "runner", "times"),
    [
        (signal.default_int_handler, asyncio.run, 2),  # the first asks it to stop, the second insists
        (signal.default_int_handler, without_runner, 1),
        (raises, asyncio.run, 1),
    ],
)
def test_a_key_that_was_pressed_is_no_failure_of_the_step_it_came_upon(
    on_sqlite: Place, restored: None, handler: Any, runner: Any, times: int
) -> None:
    signal.signal(signal.SIGINT, handler)
    asked: list[str] = []

    async def interrupted() -> None:
        async with on_sqlite.stage(computing) as stage:
            PRESSED.append(times)
            asked.append((await stage.start(computing)).id)
            await asyncio.Event().wait()

    async def again() -> object:
        async with on_sqlite.stage(computing) as stage:
            assert await events(stage, asked[0], Failed) == []
            return await stage.run(asked[0]).result()

    with pytest.raises(KeyboardInterrupt):
        runner(interrupted())
    assert asyncio.run(again()) == "computed"
