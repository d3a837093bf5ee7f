"""S1: only the owner writes to a run's stream. Everybody else leaves a message, and delivery is the replay order."""

from __future__ import annotations

from remit import Run, flow
from remit.domain.events import ApprovalDecided, RunControlled, SignalSent, WaitClosed
from remit.engine.outside import team_stream
from tests.engine.places import Place, events, journal, parked
from tests.engine.steps import OUTSIDE, look, look_behind


@flow
async def two_ears(run: Run) -> list[str]:
    async def ear(name: str) -> str:
        said = await run.signal("word")
        await run.step(look, f"{name} {said}")
        return f"{name} {said}"

    heard = await run.gather(ear("left"), ear("right"))
    approved = await run.human("bosses", heard)
    return [*approved, await run.signal("last")]


async def test_s01_outsiders_write_to_the_team_stream_and_the_inbox_and_delivery_is_journaled(
    place: Place,
) -> None:
    async with place.stage(two_ears) as stage:
        run = await stage.start(two_ears)
        await parked(run, "signal")
        stage.die()
        async with place.stage(two_ears, worker=False) as outsider:
            before = len(await journal(outsider, run.id))
            await outsider.platform.signal(run.id, "word", "one")
            await outsider.platform.signal(run.id, "word", "two")
            assert len(await journal(outsider, run.id)) == before, "nobody but the owner writes there"
            assert len(await outsider.platform.ground.database.fetch("inbox.read", run.id)) == 2
        await stage.up()
        await parked(run, "human")
        assert await stage.platform.ground.database.fetch("inbox.read", run.id) == []
        await stage.crash_and_restart()
        await run.approve()
        await run.signal("last", "three")
        assert await run.result() == ["left one", "right two", "three"]
        shared, _ = await stage.platform.ground.log.read(team_stream("default"))
        kinds = [
            type(e.event) for e in shared if isinstance(e.event, (SignalSent, ApprovalDecided, RunControlled))
        ]
        assert kinds == [SignalSent, SignalSent, ApprovalDecided, SignalSent]
        refs = [c.ref for c in await events(stage, run.id, WaitClosed)]
        assert all(ref.startswith("team:default#") for ref in refs)
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert len(OUTSIDE.happened) == 2


@flow
async def child(run: Run) -> str:
    await run.step(look, "child")
    return await run.signal("go")


@flow
async def parent(run: Run) -> str:
    waiting = await run.spawn(child)
    await run.step(look_behind, "door")
    return await waiting.result()


async def test_s01_a_childs_result_comes_by_the_inbox_with_the_commit_of_its_end(place: Place) -> None:
    async with place.stage(parent, child) as stage:
        run = await stage.start(parent)
        (row,) = await _children(stage.platform, "child")
        below = stage.run(row)
        await parked(below, "signal")
        await below.signal("go", "grown up")
        assert await below.result() == "grown up"
        await stage.crash_and_restart()
        OUTSIDE.door("door").set()
        assert await run.result() == "grown up"
        (closed,) = await events(stage, run.id, WaitClosed)
        assert closed.ref.startswith(f"run:{row}#")


async def _children(platform: object, flow_name: str) -> list[str]:
    from tests.engine.places import until

    found: list[str] = []

    async def born() -> bool:
        found[:] = [r.id for r in await platform.runs(flow=flow_name)]  # type: ignore[attr-defined]
        return bool(found)

    await until(born)
    return found
