"""What the tests of experiments are about: a desk of tickets whose real tools must never be reached."""

from __future__ import annotations

from typing import Any

from remit import Agent, Run, flow, tool
from remit.quality.scenarios.expectation import equals
from remit.quality.scenarios.scenario import Environment, Gold, GoldAction, Scenario, ToolAnswer
from remit.quality.suite import Suite
from remit.quality.verdicts import Rule

REACHED: list[str] = []
"""What was really done."""
WRONG: set[int] = set()
"""Tickets that the flow handles wrongly: another version of its code, as far as a trial can see."""


@tool(effect="read", reads="crm")
async def get_ticket(id: int) -> dict[str, Any]:  # noqa: A002 - the tool's own word
    """Look a ticket up."""
    REACHED.append(f"get {id}")
    return {"id": id, "status": "open"}


@tool(effect="write", roles={"id": "object"})
async def set_status(id: int, status: str) -> dict[str, Any]:  # noqa: A002 - likewise
    """Change a ticket's status."""
    REACHED.append(f"set {id}")
    return {"id": id, "status": status}


@flow
async def handle(run: Run, ticket_id: int) -> str:
    """Handle a ticket."""
    ticket = await run.call(get_ticket, ticket_id)
    await run.sleep("4h")
    await run.call(set_status, ticket_id, "lost" if ticket_id in WRONG else "solved")
    return f"{ticket['status']} {run.random().random():.6f}"


@flow
async def ask_first(run: Run, ticket_id: int) -> str:
    """Handle a ticket once somebody agrees."""
    agreed = await run.human("leads", {"ticket": ticket_id, "status": "solved"})
    note = await run.signal("note")
    child = await run.spawn(handle, ticket_id)
    await child.result()
    await run.call(set_status, ticket_id, agreed["status"])
    return str(note)


triage = Agent("triage", prompt="You triage tickets.", route="fast", tools=[get_ticket, set_status])

WORLD = Environment(
    (
        ToolAnswer("get_ticket", state="tickets.{id}"),
        ToolAnswer("set_status", result={"ok": True}, sets={"tickets.{id}.status": "{status}"}),
    ),
    {"tickets": {str(number): {"id": number, "status": "open"} for number in range(100)}},
)


def scenario(number: int, **more: Any) -> Scenario:
    """A ticket that has to be solved."""
    gold = Gold(actions=(GoldAction("set_status", {"id": equals(number), "status": equals("solved")}),))
    said: dict[str, Any] = {"environment": WORLD, "gold": gold, **more}
    return Scenario(f"t{number}", {"ticket_id": number}, **said)


def suite(size: int = 12, margin: float = 0.35, **more: Any) -> Suite:
    """So many tickets."""
    said: dict[str, Any] = {"margins": {"success": Rule(margin)}, **more}
    return Suite("tickets", "handle", tuple(scenario(number) for number in range(size)), **said)
