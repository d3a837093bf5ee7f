"""A process that is killed with SIGKILL around the commit of a write leaves it whole or not at all, and whoever goes on
writes nothing twice: every write is on what the one before it left.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from signal import SIGKILL

import pytest

from remit.control.platform import Platform
from remit.gate.receipts import receipts_of
from tests.engine.places import Place
from tests.knowledge.flows import FLOWS, act
from tests.warm import Warm

SCRIPT = Path(__file__).with_name("killed.py")
OPS = [["remember", "k", "1"], ["remember", "k", "2"], ["forget", "k"], ["remember", "k", "3"]]


@pytest.mark.parametrize(
    ("point", "after"), [("step.before", 2), ("step.performed", 1), ("step.recorded", 0)]
)
async def test_a_kill_leaves_each_write_whole_or_not_at_all(
    point: str, after: int, place: Place, warm: Warm
) -> None:
    async with Platform.open(place.folder, database=place.database, flows=FLOWS, worker=False) as platform:
        run = await platform.start(act, ops=OPS)
        words = [str(SCRIPT), str(place.folder), place.database, point, str(after)]
        victim = warm.start(["python", *words], place.folder, os.environ)
        assert await asyncio.to_thread(victim.wait) == -SIGKILL
        done = len(await receipts_of(platform.ground.log, run.id))
        assert done in {after, after + 1}
        known = [(each.key, each.value) for each in await platform.memories()]
        assert known == [[], [("k", "1")], [("k", "2")], [], [("k", "3")]][done]
        await platform.start_worker()
        assert await run.result() == ["k", "k", ["k"], "k"]
        states = [
            (image.before and image.before["value"], image.after and image.after["value"])
            for receipt in await receipts_of(platform.ground.log, run.id)
            for image in receipt.images
        ]
        assert states == [(None, "1"), ("1", "2"), ("2", None), (None, "3")]
        assert (await (await platform.undo(run.id)).result())["left"] == []
        assert await platform.memories() == []
