"""What one agent lets another do in a run: in writing, signed, never more than it has, and over with the task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from remit import Agent, Terms, tool
from remit.domain.capabilities import Signed
from remit.domain.events import StepDone
from remit.engine.outside import run_stream
from remit.testing.stage import stage
from tests.gate.desk import heard

if TYPE_CHECKING:
    from remit.testing.scripting import Script

PAID: list[int] = []


@tool(effect="write")
async def refund(order: str, cents: int) -> int:
    """Pay money back."""
    del order
    PAID.append(cents)
    return cents


@tool(effect="read")
async def look(order: str) -> str:
    """Look at an order."""
    return order


async def test_a_delegate_does_no_more_than_it_was_let(script: Script, tmp_path: Path) -> None:
    PAID.clear()
    told: list[str] = []
    clerk = Agent("clerk", prompt="You refund.", tools=[refund, look])
    lead = Agent(
        "lead", prompt="You lead.", tools=[refund, look], delegates=[clerk],
        terms={"clerk": Terms(tools=("refund",), arguments=("refund.cents<=500",), calls=1)},
    )  # fmt: skip
    script(lead).calls("clerk", task="refund o-1").says("done")
    script(clerk).calls("refund", order="o-1", cents=600).calls("look", order="o-1").calls(
        "refund", order="o-1", cents=500
    )
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "one")
    async with stage(workspace=tmp_path, agents=[lead, clerk], script=script) as on:
        run = await on.start("lead", question="help")
        assert await run.result() == "done"
        assert PAID == [500]
        assert "only with refund.cents <= 500" in told[0]
        assert "look was not delegated" in told[1]
        entries, _ = await on.platform.ground.log.read(run_stream(run.id))
        (written,) = [
            entry.event.detail["capability"] for entry in entries
            if isinstance(entry.event, StepDone) and "capability" in (entry.event.detail or {})
        ]  # fmt: skip
        signed = Signed.of(written)
        assert (signed.capability.holder, signed.capability.run) == ("clerk", run.id)
        assert list(signed.capability.tools) == ["refund"]
        assert (await on.platform.replay(run.id)).verdict == "equal"
        desk = on.platform.parts.house.gate.parts.standing.capabilities
        await desk.open(on.platform.ground.keys, "default", on.platform.ground.clock.now())
        desk.forget(run.id)
        desk.admit(signed, run.id)
        forged = replace(signed, capability=replace(signed.capability, calls=99))
        assert (
            desk._take(replace(forged, digest=forged.capability.digest), run.id)  # pyright: ignore[reportPrivateUsage]
            == "what was delegated was not signed here"
        )
        assert "nobody can say" in desk._take(forged, run.id)  # pyright: ignore[reportPrivateUsage]
