"""S18: children have ids that follow from where they are spawned; forks touch nothing unless a person lets them."""

from __future__ import annotations

from typing import Any

import pytest

from remit import Run, flow, step
from remit.domain.errors import CannotSimulate, InvalidInput, Rejected, RunFailed, UnknownStep
from remit.domain.events import ChildSpawned, RunCreated, StepDone, StepFailed
from remit.domain.ids import child_run_id
from remit.engine.outside import run_stream
from remit.testing.crash import crash_at
from tests.engine.commits import watched_commits, with_op
from tests.engine.places import Place, ended, events, holds, journal, parked, until
from tests.engine.steps import OUTSIDE, look, write


@flow
async def small(run: Run, name: str) -> str:
    said = await run.signal("go")
    if said == "fail":
        raise ValueError("it cannot be")
    return f"{name} {said}"


@flow
async def family(run: Run) -> list[Any]:
    """Two children of one flow, waited for in the other order."""
    first = await run.spawn(small, "ann")
    second = await run.spawn(small, name="bob")
    heard: list[Any] = [await second.result()]
    try:
        heard.append(await first.result())
    except RunFailed as failed:
        heard.append(failed.message)
    return heard


async def test_s18_a_child_is_born_in_the_commit_that_mentions_it_and_waiting_parks(place: Place) -> None:
    async with place.stage(family, small) as stage:
        with watched_commits(stage) as commits:
            run = await stage.start(family)
            await parked(run, "child")
        await until(lambda: not holds(stage, run.id))
        children = [spawned.child for spawned in await events(stage, run.id, ChildSpawned)]
        assert children == [child_run_id(run.id, "spawn.small"), child_run_id(run.id, "spawn.small#2")]
        for child in children:
            birth = with_op(commits, "runs.add", child)
            assert {row.stream for row in birth.events} == {run_stream(run.id), run_stream(child)}
            (created,) = await events(stage, child, RunCreated)
            assert (created.parent, created.by) == (run.id, run.id)
        await stage.crash_and_restart()
        await stage.run(children[0]).signal("go", "fail")
        assert await ended(stage.run(children[0])) == "failed"
        await stage.run(children[1]).signal("go", "went")
        assert await run.result() == ["bob went", f"child {children[0]} failed: it cannot be"]
        assert len(await stage.platform.runs()) == 3
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize("point", ["child.recorded", "wait.opened", "end.recorded"])
async def test_s18_a_child_is_never_born_twice(place: Place, point: str) -> None:
    async with place.stage(family, small) as stage:
        with crash_at(point, stage.die):
            run = await stage.start(family)
            for child in (child_run_id(run.id, "spawn.small"), child_run_id(run.id, "spawn.small#2")):
                if point == "end.recorded":
                    await parked(run, "child")
                    await stage.run(child).signal("go", "went")
            await until(lambda: stage._platform is None)
        await stage.up()
        for child in (child_run_id(run.id, "spawn.small"), child_run_id(run.id, "spawn.small#2")):
            if point != "end.recorded":
                await until(lambda child=child: exists(stage, child))
                await stage.run(child).signal("go", "went")
        assert await run.result() == ["bob went", "ann went"]
        assert len(await stage.platform.runs()) == 3


async def exists(stage: Any, run: str) -> bool:
    return bool(await stage.platform.ground.database.fetch("runs.get", run))


def as_if(what: str) -> str:
    return f"as if {what}"


@step(simulate=as_if)
async def send(what: str) -> str:
    OUTSIDE.note(("send", what))
    return f"really {what}"


@flow
async def letters(run: Run, whom: str = "ann") -> list[str]:
    first = await run.step(look, f"dear {whom}")
    second = await run.step(send, first)
    third = await run.step(write, f"bye {whom}")
    return [first, second, third]


async def test_s18_a_fork_has_the_past_and_simulates_every_write(place: Place) -> None:
    async with place.stage(letters) as stage:
        run = await stage.start(letters)
        result = await run.result()
        assert result == ["dear ann", "really dear ann", "bye ann"]
        OUTSIDE.happened.clear()
        fork = stage.run((await stage.platform.fork(run.id, at="write")).id)
        assert await fork.result() == result
        assert OUTSIDE.happened == []
        again = stage.run((await stage.platform.fork(run.id)).id)
        assert await again.result() == result
        assert OUTSIDE.happened == [("look", "dear ann")]
        done = await events(stage, again.id, StepDone)
        assert [d.how for d in done] == ["", "simulated from the original", "simulated from the original"]
        assert (await again.show()).forked_from == run.id
        assert (await run.show()).result == result


async def test_s18_a_write_that_nothing_was_recorded_of_is_simulated_by_its_step_or_refused(
    place: Place,
) -> None:
    async with place.stage(letters) as stage:
        run = await stage.start(letters)
        await run.result()
        OUTSIDE.happened.clear()
        fork = stage.run((await stage.platform.fork(run.id, input={"whom": "bob"})).id)
        with pytest.raises(RunFailed, match="write is a write; a fork does not perform it"):
            await fork.result()
        assert OUTSIDE.happened == [("look", "dear bob")]
        assert [d.result for d in await events(stage, fork.id, StepDone)] == ["dear bob", "as if dear bob"]
        (failed,) = await events(stage, fork.id, StepFailed)
        assert failed.error == CannotSimulate.code
        with pytest.raises(UnknownStep, match=r'no step at "wrote"'):
            await stage.platform.fork(run.id, at="wrote")
        with pytest.raises(InvalidInput, match="keeps the input"):
            await stage.platform.fork(run.id, at="write", input={})


async def test_s18_a_live_fork_asks_before_every_write(place: Place) -> None:
    async with place.stage(letters) as stage:
        run = await stage.start(letters)
        await run.result()
        OUTSIDE.happened.clear()
        fork = stage.run((await stage.platform.fork(run.id, live=True)).id)
        await parked(fork, "human")
        (asked,) = await stage.inbox()
        assert (asked.kind, asked.run, asked.name) == ("write", fork.id, "send")
        assert OUTSIDE.happened == [("look", "dear ann")]
        await stage.crash_and_restart()
        await fork.approve()
        await OUTSIDE.until(lambda: OUTSIDE.count(("send", "dear ann")) == 1)
        await parked(fork, "human")
        (asked,) = await stage.inbox()
        assert asked.name == "write"
        await fork.reject("not again", by="ada")
        with pytest.raises(RunFailed, match="ada did not let the fork perform write"):
            await fork.result()
        (failed,) = await events(stage, fork.id, StepFailed)
        assert failed.error == Rejected.code
    assert OUTSIDE.happened == [("look", "dear ann"), ("send", "dear ann")]


@flow
async def parent_of_writer(run: Run) -> list[str]:
    return await (await run.spawn(letters, "eve")).result()


async def test_s18_the_children_of_a_fork_are_simulated_too(on_sqlite: Place) -> None:
    async with on_sqlite.stage(parent_of_writer, letters) as stage:
        run = await stage.start(parent_of_writer)
        assert await run.result() == ["dear eve", "really dear eve", "bye eve"]
        OUTSIDE.happened.clear()
        fork = stage.run((await stage.platform.fork(run.id)).id)
        with pytest.raises(RunFailed, match="a fork does not perform it"):
            await fork.result()
    assert [kind for kind, *_ in OUTSIDE.happened] == ["look"]


@flow
async def chancy(run: Run) -> None:
    """Notes, outside of any step, what it was given: a replay has to be given the same."""

    async def roll(name: str) -> None:
        for _ in range(2):
            OUTSIDE.note((name, run.now(), run.random().random(), run.uuid()))
            await run.step(look, name)

    await run.gather(roll("left"), roll("right"))
    await roll("root")
    await run.signal("go")


async def test_s18_time_chance_and_ids_are_the_same_on_every_replay(place: Place) -> None:
    async with place.stage(chancy) as stage:
        run, other = await stage.start(chancy), await stage.start(chancy)
        for each in (run, other):
            await parked(each, "signal")
        given = notes()
        assert len(given) == 12
        assert len({(chance, identity) for _, _, chance, identity in given}) == 12, "no two draws are alike"
        OUTSIDE.happened.clear()
        await stage.crash_and_restart()
        assert (await stage.platform.replay(run.id)).verdict == "equal"
        for each in (run, other):
            await each.signal("go")
            await each.result()
        assert set(notes()) == set(given)
        assert len(await journal(stage, run.id)) > 6


def notes() -> list[tuple[Any, ...]]:
    return [note for note in OUTSIDE.happened if len(note) == 4]
