"""Asking people: what they may answer, what happens when nobody does, and that the first answer counts."""

from __future__ import annotations

import pytest

from remit import Rejected, Run, flow
from remit.domain.errors import AlreadyDecided, RunFailed
from remit.domain.events import WaitClosed
from tests.engine.places import Place, TickingClock, events, in_memory, parked, until
from tests.engine.steps import OUTSIDE, look_behind


@flow
async def asks(run: Run, otherwise: str = "reject") -> object:
    try:
        return await run.human("bosses", {"amount": 100}, within="1h", otherwise=otherwise)
    except Rejected as no:
        return str(no)


async def test_an_approval_gives_the_value_back_and_an_edit_the_edited_one(place: Place) -> None:
    async with place.stage(asks) as stage:
        plain, edited, told_why = [await stage.start(asks) for _ in range(3)]
        await plain.approve()
        await edited.approve({"amount": 50}, by="ada", comment="half will do")
        await told_why.reject("too much", by="bob")
        assert await plain.result() == {"amount": 100}
        assert await edited.result() == {"amount": 50}
        assert await told_why.result() == "bob rejected what human asked: too much."
        (closed,) = await events(stage, edited.id, WaitClosed)
        assert (closed.how, closed.by, closed.comment) == ("approved", "ada", "half will do")
        assert (await stage.platform.replay(edited.id)).verdict == "equal"


@pytest.mark.parametrize(
    ("otherwise", "outcome"),
    [("reject", "human was answered by nobody of bosses in time."), ("approve", {"amount": 100})],
)
async def test_what_happens_when_nobody_answers_in_time(
    place: Place, otherwise: str, outcome: object
) -> None:
    clock = TickingClock()
    async with place.stage(asks, clock=clock) as stage:
        run = await stage.start(asks, otherwise=otherwise)
        await parked(run, "human")
        (question,) = await stage.inbox()
        await clock.advance(3590)
        await parked(run, "human")
        await clock.advance(20)
        assert await run.result() == outcome
        assert await stage.inbox() == []
        with pytest.raises(AlreadyDecided, match="was expired already"):
            await stage.platform.approve(question.id)


@pytest.mark.parametrize(("otherwise", "group"), [("escalate", "operators"), ("escalate:board", "board")])
async def test_a_question_that_escalates_waits_for_the_other_group(
    place: Place, otherwise: str, group: str
) -> None:
    clock = TickingClock()
    async with place.stage(asks, clock=clock) as stage:
        run = await stage.start(asks, otherwise=otherwise)
        await parked(run, "human")
        await clock.advance(3700)

        async def handed_over() -> bool:
            return [item.group for item in await stage.inbox()] == [group]

        await until(handed_over)
        await parked(run, "human")
        await clock.advance(10 * 3600)
        await stage.crash_and_restart()
        assert len(await stage.platform.inbox(group)) == 1
        await run.approve()
        assert await run.result() == {"amount": 100}


@flow
async def asks_oddly(run: Run) -> None:
    await run.human("bosses", 1, otherwise="shrug")


async def test_a_policy_that_does_not_exist_is_refused_before_anybody_waits(on_sqlite: Place) -> None:
    async with on_sqlite.stage(asks_oddly) as stage:
        with pytest.raises(RunFailed, match='cannot do "shrug" when nobody answers'):
            await (await stage.start(asks_oddly)).result()
        assert await stage.inbox() == []


async def test_the_first_verdict_counts_and_the_second_is_told_so(place: Place) -> None:
    async with place.stage(asks) as stage:
        run = await stage.start(asks)
        await parked(run, "human")
        (question,) = await stage.inbox()
        await stage.platform.reject(question.id, "no", by="ada")
        with pytest.raises(AlreadyDecided, match="was rejected by ada already"):
            await stage.platform.approve(question.id, by="bob")
        assert "ada rejected" in await run.result()


@flow
async def asks_beside_work(run: Run) -> object:
    async def ask() -> object:
        return await run.human("bosses", {"amount": 100}, within=60)

    _, answer = await run.gather(run.step(look_behind, "door"), ask())
    return answer


async def test_a_verdict_given_in_the_last_moment_is_not_lost_to_the_timer(place: Place) -> None:
    clock = TickingClock()
    async with place.stage(asks_beside_work, clock=clock) as stage, place.stage(worker=False) as other:
        run = await stage.start(asks_beside_work)
        await OUTSIDE.until(lambda: ("at", "door") in OUTSIDE.happened)
        await until(lambda: any(w.reason == "human" for w in in_memory(stage, run.id).waits))
        (question,) = await other.inbox()
        execution = in_memory(stage, run.id)
        execution.mailbox.seen = 1_000  # its worker has not heard of the verdict when the time is up
        await other.platform.approve(question.id)
        await clock.advance(61)
        OUTSIDE.door("door").set()
        assert await run.result() == {"amount": 100}


@flow
async def fails_on_its_way_back(run: Run) -> object:
    if "broken" in OUTSIDE.happened:
        raise ValueError("no way back to the question")
    return await run.human("bosses", 1)


async def test_a_run_that_ends_before_it_comes_back_to_its_question_withdraws_it(place: Place) -> None:
    async with place.stage(fails_on_its_way_back) as stage:
        run = await stage.start(fails_on_its_way_back)
        await parked(run, "human")
        (question,) = await stage.inbox()
        OUTSIDE.note("broken")
        await stage.crash_and_restart()
        await stage.platform.pause(run.id)
        await stage.platform.resume(run.id)
        with pytest.raises(RunFailed, match="no way back"):
            await run.result()
        assert await stage.inbox() == []
        with pytest.raises(AlreadyDecided, match="was withdrawn"):
            await stage.platform.approve(question.id)
