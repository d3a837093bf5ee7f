"""A fork pretends to remember: it believes what its past did and what it would have done, and nobody else hears of it;
a live fork asks a person before each write (S18).
"""

from __future__ import annotations

from tests.engine.places import Place, ended, parked
from tests.knowledge.flows import FLOWS, act, pausing, remembered, result


async def test_s18_a_fork_believes_its_own_writes_and_tells_nobody(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        await result(made, "act", ops=[["remember", "old", "x"]])
        run = await made.start(act, ops=[["remember", "a", "x"], ["forget", "old"], ["recall", "x"]])
        assert await run.result() == ["a", ["old"], ["a"]]
        await result(made, "act", ops=[["forget", "a"], ["remember", "new", "x"]])
        there = await remembered(made)
        fork = await made.platform.fork(run.id)
        assert await fork.result() == ["a", [], ["a", "new"]]
        assert await remembered(made) == there == {"user:owner/new": "x"}
        view = await made.platform.show(fork.id)
        assert [step.how for step in view.steps] == ["simulated", "simulated", ""]
        assert await made.platform.undo_preview(fork.id) == []
        assert (await result(made, "remit.undo", target=fork.id))["undone"] == []


async def test_s18_a_fork_has_the_memory_of_its_past_run_also_after_a_crash(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        run = await made.start(pausing, key="k", value="v")
        await parked(run, "signal")
        fork = made.run((await made.platform.fork(run.id, at="signal.go")).id)
        await parked(fork, "signal")
        await made.crash_and_restart()
        for each in (run, fork):
            await each.signal("go")
            assert await each.result() == ["k", "k later"]
        assert list(await remembered(made)) == [f"run:{run.id}/k", f"run:{run.id}/k later"]
        assert (await made.platform.replay(fork.id)).verdict == "equal"


async def test_s18_a_live_fork_asks_before_each_write(place: Place) -> None:
    async with place.stage(*FLOWS) as made:
        run = await made.start(act, ops=[["remember", "a", "1"]], scope="team")
        await run.result()
        await result(made, "act", ops=[["forget", "a"]], scope="team")
        for yes in (False, True):
            fork = made.run((await made.platform.fork(run.id, live=True)).id)
            await parked(fork, "human")
            assert await remembered(made) == {}
            item = (await made.platform.inbox())[0]
            assert item.value["memory"] == "remember team:default"
            if yes:
                await made.crash_and_restart()
                await fork.approve(by="lea")
                assert await fork.result() == ["a"]
            else:
                await fork.reject("no", by="lea")
                assert await ended(fork) == "failed"
        assert await remembered(made) == {"team:default/a": "1"}
        assert len(await made.platform.undo_preview(fork.id)) == 1
