"""An action that is refused although somebody is asked about it: the question goes with it; the run goes on (S20)."""

from __future__ import annotations

from typing import Any

import pytest

from remit.domain.errors import AlreadyDecided, RemitError
from remit.domain.events import WaitClosed
from remit.engine.flow import flow
from remit.testing import stage
from remit.testing.scripting import Script
from remit.tools.tool import PythonTool, tool
from tests.engine.places import Place, events, parked, until
from tests.gate.desk import Bank, agent, write_policy
from tests.gate.test_s20_approvals import PERMITS, asks


@flow
async def pays(run: Any) -> str:
    """Pay, and ask somebody whether that will do."""
    try:
        await run.call("refund", order="o-1", cents=5)
    except RemitError as wrong:
        told = wrong.message
    else:
        told = "paid"
    await run.human("leads", "is that all?")
    return told


def in_euros(bank: Bank) -> PythonTool:
    """The tool as it was changed meanwhile: what was asked for does not fit it any more."""

    async def refund(order: str, euros: int) -> int:
        """Pay money back."""
        bank.refunds.append((order, euros, ""))
        return euros

    return tool(name="refund", timeout=3)(refund)


@pytest.mark.parametrize(
    ("by", "said"), [("definition", 'takes no argument "cents"'), ("halt", "tool refund is halted")]
)
async def test_s20_what_is_asked_about_a_call_that_is_refused_anyway_is_withdrawn(
    by: str, said: str, bank: Bank, script: Script, place: Place
) -> None:
    write_policy(place.folder, PERMITS + asks("leads"))
    hands = [agent(bank.refund())]
    async with stage(
        pays, workspace=place.folder, database=place.database, agents=hands, script=script
    ) as made:
        run = await made.start(pays)
        await parked(run, "human")
        (first,) = await made.inbox()
        await made.down()
        hands[:] = [agent(in_euros(bank))] if by == "definition" else hands
        await made.up()
        if by == "halt":
            await made.platform.halt("tool", "refund")
        await made.platform.pause(run.id)  # it wakes for another reason than an answer
        await made.platform.resume(run.id)

        async def asked_on() -> bool:
            return [item.kind for item in await made.inbox()] == ["human"]

        await until(asked_on)
        (closed,) = await events(made, run.id, WaitClosed)
        assert closed.how == "withdrawn"
        with pytest.raises(AlreadyDecided):
            await made.platform.approve(first.id)
        await made.crash_and_restart()
        await run.approve(by="lea")  # what the run waits for now, and nothing else
        assert said in await run.result()
        assert bank.refunds == []
        assert (await made.platform.replay(run.id)).verdict == "equal"
