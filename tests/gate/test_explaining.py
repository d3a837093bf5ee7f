"""A refusal and a question name the rule and its place, the argument that it looked at, and where the value of that
came from: as far as anybody can say, and no further.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit import Run, contract, flow
from remit.domain.action_errors import Denied
from remit.domain.events import StepFailed
from remit.testing.scripting import Script
from tests.engine.places import events, parked
from tests.gate.desk import Bank, agent, desk, heard
from tests.gate.test_s23_contracts import ANA, EVIL, World, clerk

ALL = '@id("all") permit (principal, action, resource);\n'
NO_MONEY = (
    '@id("no-money") @remedy("ask lea")\nforbid (principal, action == Action::"call", resource == Tool::"send_money")\n'
    'when { context.iban != "none" };\n'
)


CENTS = (
    '@id("{}") {}\nforbid (principal, action == Action::"call", resource == Tool::"refund")\n'
    "when {{ context.cents {} }};\n"
)


async def reasons(on: Any, run: Any) -> list[Any]:
    """Why steps of a run were refused."""
    failed: list[Any] = await events(on, run.id, StepFailed)
    return [reason for event in failed for reason in event.detail["why"]["reasons"]]


async def test_under_a_contract_the_ledger_says_where_an_argument_came_from(
    script: Script, tmp_path: Path
) -> None:
    world = World()
    payer, told = clerk(world, contract(on_violation="deny")), list[str]()
    script(payer).calls("send_money", iban=ANA, amount=5).calls("find_person", name="Bea").calls("read_page")
    script(payer).calls("send_money", iban=EVIL, amount=5)
    script(payer).plays(lambda scene: told.extend(heard(scene)) or "no")
    async with desk(tmp_path, script, agents=[payer], policy=ALL + NO_MONEY) as on:
        run = await on.start("clerk", question=f"Read the page of Bea and send 5 to {ANA}.")
        await run.result()
        first, second = await reasons(on, run)
        assert (first["rule"], first["place"], first["argument"], first["source"], first["remedies"]) == (
            "no-money", "policies/default.cedar:2", "iban", "as the user wrote it", ["ask lea"],
        )  # fmt: skip
        assert second["source"].startswith("from text that nobody vouches for: tool:find_person")
        assert "tool:read_page" in second["source"]
        assert "policies/default.cedar:2, iban: as the user wrote it" in told[0], "the model is told as well"
    found, other = World(), tmp_path / "other"
    other.mkdir()
    payer = clerk(found, contract(on_violation="deny"))
    script(payer).calls("find_person", name="Ana").calls("send_money", iban=ANA, amount=5).replies("no")
    async with desk(other, script, agents=[payer], policy=ALL + NO_MONEY) as on:
        run = await on.start("clerk", question="Send 5 to Ana.")
        await run.result()
        (only,) = await reasons(on, run)
        assert only["source"] == "from people.iban, which is trusted"
    assert world.sent == found.sent == []


async def test_without_a_contract_it_says_who_wrote_it(bank: Bank, script: Script, tmp_path: Path) -> None:
    refund = bank.refund()

    @flow
    async def direct(run: Run) -> str:
        with pytest.raises(Denied, match=r"cents: from the code of the flow\)"):
            await run.call(refund, "o-1", 70)
        with pytest.raises(Denied, match=r"cents: left out, so the tool's default\)"):
            await run.call(refund, "o-1")
        return "refused"

    asker = agent(refund)
    script(asker).calls("refund", order="o-1", cents=60).says("done")
    both = ALL + CENTS.format("small", '@ask("leads")', "< 65") + CENTS.format("large", "", ">= 65")
    async with desk(tmp_path, script, direct, agents=[asker], policy=both) as on:
        assert await (await on.start(direct)).result() == "refused"
        run = await on.start("clerk", question="refund")
        await parked(run, "human")
        (item,) = await on.inbox()
        assert (item.value["argument"], item.value["source"]) == ("cents", "written by the model of clerk")
        await run.approve(by="lea", value={"order": "o-1", "cents": 66})
        await run.result()
        (reason,) = await reasons(on, run)
        assert (reason["argument"], reason["source"]) == ("cents", "changed by lea")
    assert bank.refunds == []
