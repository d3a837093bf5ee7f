"""What a run wrote is taken back once: by recall and then undo, by two processes at once, and after a death in the
middle, even where the state that the tool shows never changes (S27).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from remit.control.platform import Platform
from remit.engine.flow import flow
from remit.testing import ManualClock
from remit.testing.crash import crash_at
from remit.testing.scripting import Script
from remit.tools.tool import PythonTool, tool
from tests.engine.places import Place, parked, until
from tests.gate.desk import agent, desk


class Counter:
    """Where payments are reversed; what it shows of a payment is the same before and after."""

    def __init__(self) -> None:
        self.reversed: list[str] = []
        self.fails = False
        self._met = 0
        self.both_looked = asyncio.Event()

    async def meet(self, of: int) -> None:
        """The first so many wait for each other."""
        self._met += 1
        if self._met >= of:
            self.both_looked.set()
        await self.both_looked.wait()

    def pay(self, meet: int = 0) -> PythonTool:
        """A payment."""
        paying = set[str]()

        async def pay(order: str) -> str:
            """Pay."""
            paying.add(order)
            return order

        made = tool(undo="restore", object="payment/{order}", timeout=3)(pay)

        async def shown(order: str) -> str:
            if order in paying and meet:
                await self.meet(meet + 1)  # the look after the payment was the first
            return f"payment of {order}"

        async def put_back(image: str, order: str) -> None:
            if self.fails:
                raise ConnectionError("the line went dead")
            self.reversed.append(f"{order} ({image})")

        made.before(shown)
        made.restore(put_back)
        return made


@pytest.fixture
def counter() -> Counter:
    """Where payments are reversed."""
    return Counter()


def _pays(pay: PythonTool) -> Any:
    @flow
    async def pays(run: Any) -> None:
        await run.call(pay, order="o-1")
        await run.call(pay, order="o-2")

    return pays


async def test_s27_what_recall_took_back_is_not_taken_back_again_by_undo(
    place: Place, counter: Counter, script: Script
) -> None:
    async with desk(place.folder, script, _pays(counter.pay()), database=place.database) as stage:
        run = await stage.start("pays")
        await run.result()
        first = await stage.platform.recall(f"{run.id}/pay#2")
        assert (await first.result())["left"] == []
        assert counter.reversed == ["o-2 (payment of o-2)"]
        foreseen = await stage.platform.undo_preview(run.id)
        assert [each.done for each in foreseen] == [True, False]
        second = await (await stage.platform.undo(run.id)).result()
        assert second["left"] == []
        assert [each.get("before") for each in second["undone"]] == [first.id, None]
        third = await (await stage.platform.undo(run.id)).result()
        assert len(third["undone"]) == len(counter.reversed) == 2


async def test_s27_of_two_that_take_the_same_back_at_once_one_does(
    place: Place, counter: Counter, script: Script
) -> None:
    @flow
    async def pays(run: Any) -> None:
        await run.call(pay, order="o-1")

    pay = counter.pay(meet=2)
    clerk = agent(pay)
    async with desk(place.folder, script, pays, agents=[clerk], database=place.database) as stage:
        run = await stage.start(pays)
        counter.both_looked.set()
        await run.result()
        counter.both_looked.clear()
        other = await Platform.assemble(place.folder, database=place.database, flows=[pays], agents=[clerk])
        try:
            both = [await stage.platform.undo(run.id), await other.undo(run.id)]
            await other.start_worker(only=both[1].id)
            told = await asyncio.gather(*(each.result() for each in both))
        finally:
            await other.close()
        assert counter.reversed == ["o-1 (payment of o-1)"]
        again = [each["undone"][0].get("before") for each in told if each["undone"]]
        left = [each["left"][0]["why"] for each in told if each["left"]]
        assert len(again) + len(left) == 2
        assert again.count(None) == 1
        assert all("is being taken back by" in why for why in left)


async def test_s27_a_death_in_the_middle_asks_a_person_and_no_other_takes_it_back_meanwhile(
    counter: Counter, script: Script, tmp_path: Path
) -> None:
    clock = ManualClock()
    pay = counter.pay()
    async with desk(tmp_path, script, _pays(pay), agents=[agent(pay)], clock=clock) as stage:
        run = await stage.start("pays")
        await run.result()
        with crash_at("write.performed", stage.die) as reached:
            undoing = await stage.platform.undo(run.id)
            await until(lambda: "write.performed" in reached)
        await stage.up()
        clock.leap(60)
        await parked(stage.run(undoing.id), "unknown")
        assert counter.reversed == ["o-2 (payment of o-2)"]
        (left,) = (await (await stage.platform.undo(run.id)).result())["left"]
        assert "is being taken back by" in left["why"]
        await stage.run(undoing.id).approve()
        assert (await stage.run(undoing.id).result())["left"] == []
        assert counter.reversed == ["o-2 (payment of o-2)", "o-1 (payment of o-1)"]


async def test_s27_what_had_begun_when_the_tool_went_is_said_with_what_to_do(
    counter: Counter, script: Script, tmp_path: Path
) -> None:
    clock = ManualClock()
    pay = counter.pay()
    async with desk(tmp_path, script, _pays(pay), agents=[agent(pay)], clock=clock) as stage:
        run = await stage.start("pays")
        await run.result()
        with crash_at("write.performed", stage.die) as reached:
            undoing = await stage.platform.undo(run.id)
            await until(lambda: "write.performed" in reached)
        clock.leap(60)

        @flow
        async def other(run: Any) -> None:
            del run

        without = await Platform.assemble(tmp_path, flows=[other], clock=clock)
        try:
            await without.start_worker(only=undoing.id)
            told = await (await without.run(undoing.id)).result()
        finally:
            await without.close()
        await stage.up(worker=False)
    gone = "this workspace does not have the tool any more"
    assert told["undone"] == []
    assert [each["why"] for each in told["left"]] == [
        (
            f"{gone}; taking back payment/o-2 had begun when this undo was interrupted, and without the tool nobody"
            " can tell whether it took place: look there, and put it right by hand"
        ),
        gone,
    ]
