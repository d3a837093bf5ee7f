"""What one person alone may not change: proposed by one, agreed to by another, done once and exactly as proposed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from remit.control.approving import proposals
from remit.control.approving.proposals import Change
from remit.control.inventory.views import ToolView
from remit.control.platform import Platform
from remit.domain.action_events import ToolAccepted
from remit.domain.errors import AlreadyDecided
from remit.domain.people_errors import (
    AlreadyVoted,
    ApprovalChanged,
    ApprovalConsumed,
    ApprovalExpired,
    NotAllowed,
    OwnRequest,
    UnknownProposal,
)
from remit.engine.outside import WORKSPACE_STREAM
from remit.store.database import Commit, Op
from remit.testing import ManualClock
from remit.testing.scripting import Script
from remit.tools.changes import plain_manifest
from remit.wire import canonical
from tests.gate.desk import Bank, agent
from tests.people.crew import Crew, crew

TEXT = canonical.encode(plain_manifest(Bank().refund(effect="irreversible").manifest)).decode()
"""A definition."""


async def pending(people: Crew, digest: str = "d-1") -> None:
    """A tool whose changed definition waits to be accepted."""
    store = people.stage.platform.ground.database
    await store.submit(Commit(ops=[Op("tools.unknown", ("default", "wire", digest, TEXT))]))


def change(digest: str = "d-1") -> Change:
    """To accept it."""
    return Change("tool", "wire", {"digest": digest, "differences": []})


async def accepted(people: Crew) -> list[Any]:
    """What was accepted, by whom."""
    log, _ = await people.stage.platform.ground.log.read(WORKSPACE_STREAM)
    return [
        each.event.by for each in log if isinstance(each.event, ToolAccepted) and each.event.tool == "wire"
    ]


async def test_one_proposes_and_another_agrees_and_then_it_is_done_once(
    database: str, script: Script, tmp_path: Path
) -> None:
    async with crew(tmp_path, script, policy="", database=database) as people:
        await pending(people)
        ada, max_ = await people.as_("ada"), await people.as_("max")
        await ada.change_roles("dora", give=["admin"])
        dora = await people.as_("dora")
        made = await proposals.propose(ada.ground, change())
        (item,) = await dora.inbox()
        assert (item.id, item.kind, item.requester) == (made.id, "proposal", "ada")
        with pytest.raises(OwnRequest, match="somebody else"):
            await ada.approve(made.id)
        with pytest.raises(NotAllowed, match="max may not decide"):
            await max_.approve(made.id)
        with pytest.raises(ApprovalChanged):
            await dora.approve(made.id, digest="0000")
        assert await accepted(people) == []
        said = await asyncio.gather(dora.approve(made.id), dora.approve(made.id), return_exceptions=True)
        assert sum(not isinstance(each, BaseException) for each in said) == 1
        assert await accepted(people) == ["ada, dora"]
        assert (await dora.proposal(made.id)).status == "approved"
        with pytest.raises(AlreadyDecided):
            await dora.reject(made.id)


async def test_to_propose_the_same_is_to_agree(script: Script, tmp_path: Path) -> None:
    async with crew(tmp_path, script, policy="") as people:
        await pending(people)
        ada = await people.as_("ada")
        await ada.change_roles("dora", give=["admin"])
        assert (await proposals.propose(ada.ground, change())).status == "open"
        assert (await proposals.propose(ada.ground, change())).status == "open"
        assert (await proposals.propose((await people.as_("dora")).ground, change())).status == "approved"
        assert await accepted(people) == ["ada, dora"]


async def test_what_changed_meanwhile_is_not_done(script: Script, tmp_path: Path) -> None:
    async with crew(tmp_path, script, policy="") as people:
        await pending(people, "d-2")
        ada = await people.as_("ada")
        await ada.change_roles("dora", give=["admin"])
        made = await proposals.propose(ada.ground, change("d-1"))
        with pytest.raises(ApprovalConsumed, match="not any more what"):
            await (await people.as_("dora")).approve(made.id)
        assert await accepted(people) == []
        assert (await ada.proposal(made.id)).status == "open"


async def test_more_voices_a_no_and_the_end_of_time(script: Script, tmp_path: Path) -> None:
    clock = ManualClock()
    async with crew(tmp_path, script, policy="", clock=clock) as people:
        await pending(people)
        ada = await people.as_("ada")
        for name in ("dora", "lea"):
            await ada.change_roles(name, give=["admin"])
        dora, lea = await people.as_("dora"), await people.as_("lea")
        made = await proposals.propose(ada.ground, change(), needed=2)
        assert (await dora.approve(made.id)).status == "counted"
        with pytest.raises(AlreadyVoted):
            await dora.approve(made.id)
        assert (await lea.approve(made.id)).status == "approved"
        refused = await proposals.propose(ada.ground, change("d-9"))
        assert (await lea.reject(refused.id, "no")).status == "rejected"
        late = await proposals.propose(ada.ground, change("d-8"))
        await clock.advance(8 * 86_400)
        assert await lea.inbox() == []
        with pytest.raises(ApprovalExpired):
            await lea.approve(late.id)
        with pytest.raises(UnknownProposal):
            await lea.approve("p-nothing")


async def test_a_tool_that_cannot_be_undone_takes_two_and_others_take_one(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund(effect="irreversible"))
    async with crew(tmp_path, script, clerk, policy="") as people:
        platform = people.stage.platform
        ada = await people.as_("ada")
        await ada.change_roles("dora", give=["admin"])
        store = platform.ground.database
        row = (await store.fetch("tools.get", "default", "refund"))[0]
        waits = row[4].replace("Pay money back", "Pay much money back")
        op = Op("tools.quarantine", ("default", "refund", row[1], "d-new", waits), one=True)
        await store.submit(Commit(ops=[op]))
        with pytest.raises(Exception, match="needs a key"):
            await platform.accept_tool("refund")
        views: list[ToolView] = []
        for name in ("ada", "dora"):
            theirs = await Platform.assemble(tmp_path, agents=[clerk], key=people.keys[name])
            op_again = Op("tools.quarantine", ("default", "refund", row[1], "d-new", waits))
            await store.submit(Commit(ops=[op_again]))
            views.append(await theirs.accept_tool("refund"))
            await theirs.close()
        assert views[0].proposal.startswith("p-")
        assert views[1].proposal == ""
        assert (await store.fetch("tools.get", "default", "refund"))[0][2] == "ada, dora"
