"""S16: a run may live for ever: generation after generation under one id, each with a journal of its own."""

from __future__ import annotations

import pytest

from remit import Conversation, Run, flow, step
from remit.control.settings import LimitSettings, Settings
from remit.domain.errors import JournalFull, RunFailed
from remit.domain.events import RunContinued, StepDone
from remit.store.database import Commit
from tests.engine.commits import watched_commits
from tests.engine.places import Place, events, in_memory, journal, parked
from tests.engine.steps import OUTSIDE, look, look_behind


@flow
async def ages(run: Run, n: int = 1, heard: list[str] | None = None) -> list[str]:
    """Hears one message per generation."""
    await run.step(look, n)
    heard = [*(heard or []), await run.signal("go")]
    if n < 3:
        run.continue_as(n=n + 1, heard=heard)
    return heard


async def test_s16_generations_share_the_id_and_lose_no_message(place: Place) -> None:
    async with place.stage(ages) as stage:
        run = await stage.start(ages)
        await parked(run, "signal")
        for word in ("one", "two", "three"):
            await run.signal("go", word)
        assert await run.result() == ["one", "two", "three"]
        row = await (await run.handle()).row()
        assert (row.id, row.generation) == (run.id, 3)
        continued = await events(stage, run.id, RunContinued)
        assert [event.generation for event in continued] == [2, 3]
        assert await stage.platform.ground.database.fetch("inbox.read", run.id) == []
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert OUTSIDE.happened == [("look", 1), ("look", 2), ("look", 3)]


@flow
async def waits_in_second(run: Run, n: int = 1) -> str:
    for value in range(5):
        await run.step(look, value)
    if n == 1:
        run.continue_as(n=2)
    await run.signal("go")
    return await run.step(look_behind, "door")


async def test_s16_a_wake_reads_the_present_generation_only(place: Place) -> None:
    async with place.stage(waits_in_second) as stage:
        run = await stage.start(waits_in_second)
        await parked(run, "signal")
        await stage.crash_and_restart()
        await run.signal("go")
        await OUTSIDE.until(lambda: OUTSIDE.count(("at", "door")) == 1)
        loaded = in_memory(stage, run.id).journal.entries
        everything = await journal(stage, run.id)
        assert isinstance(loaded[0].event, RunContinued)
        assert loaded[0].seq == (await (await run.handle()).row()).base_seq
        assert sum(isinstance(e.event, StepDone) for e in everything) == 10
        assert sum(isinstance(e.event, StepDone) for e in loaded) == 5
        OUTSIDE.door("door").set()
        assert await run.result() == "door"


SMALL = Settings(limits=LimitSettings(journal_events=12))


@flow
async def endless(run: Run) -> None:
    while True:
        try:
            await run.step(look, "more")
        except JournalFull as full:
            OUTSIDE.note(full.hint)
            raise


async def test_s16_a_full_journal_refuses_by_name_and_says_the_way_out(place: Place) -> None:
    async with place.stage(endless, chosen=SMALL) as stage:
        run = await stage.start(endless)
        with pytest.raises(RunFailed, match="has 12 events in one generation, the most it may have"):
            await run.result()
        assert (await (await run.handle()).row()).error == "journal_full"
    assert OUTSIDE.count(("look", "more")) == 11
    assert "run.continue_as" in OUTSIDE.happened[-1]


@flow
async def frugal(run: Run, left: int = 5) -> int:
    for value in range(5):
        await run.step(look, value)
    if left:
        run.continue_as(left=left - 1)
    return (await run.step(look, "end")) and left


async def test_s16_a_run_that_starts_afresh_has_no_such_end(on_sqlite: Place) -> None:
    async with on_sqlite.stage(frugal, chosen=SMALL) as stage:
        run = await stage.start(frugal)
        assert await run.result() == 0
        assert len(await journal(stage, run.id)) > 3 * 12


@step(effect="read")
async def say(talk: Conversation, what: str) -> Conversation:
    OUTSIDE.note(("say", what))
    return talk.add({"text": what})


@flow
async def talking(run: Run, talk: Conversation | None = None, turn: int = 1) -> list[object]:
    so_far = talk or Conversation({"text": "hello"})
    for _ in range(3):
        so_far = await run.step(say, so_far, f"turn {turn}")
    await run.signal("go")
    if turn == 1:
        run.continue_as(talk=so_far, turn=2)
    return list(so_far)


async def test_s16_a_conversation_is_stored_once_however_often_it_is_passed_on(place: Place) -> None:
    async with place.stage(talking) as stage:
        with watched_commits(stage) as commits:
            run = await stage.start(talking)
            await parked(run, "signal")
        first = blobs_of(commits)
        assert len(first) == len(set(first)) == 4  # the greeting and three turns
        await stage.crash_and_restart()
        with watched_commits(stage) as commits:
            await run.signal("go")
            await OUTSIDE.until(lambda: OUTSIDE.count(("say", "turn 2")) == 3)
            await parked(run, "signal")
        assert len(blobs_of(commits)) == 3  # continued by name: only what was said since is written
        assert not set(first) & set(blobs_of(commits))
        await stage.crash_and_restart()
        await run.signal("go")
        said = [message["text"] for message in await run.result()]
        assert said == ["hello", *["turn 1"] * 3, *["turn 2"] * 3]
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert OUTSIDE.happened == [("say", "turn 1")] * 3 + [("say", "turn 2")] * 3


def blobs_of(commits: list[Commit]) -> list[bytes]:
    return [blob.id for commit in commits for blob in commit.blobs]
