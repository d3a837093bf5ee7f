"""Settling a ticket: plain Python that survives everything."""

from __future__ import annotations

from dataclasses import dataclass

from agents.desk import Finding, Reply, critic, triage, writer

from remit import Run, allow, bind, contract, flow, patterns


@dataclass(frozen=True)
class Settled:
    """How a ticket was settled."""

    ticket: int
    refunded: int
    reply: str


# Whatever a customer writes, and whatever a model makes of it: this ticket, once, and no address in the note.
SETTLING = contract(
    allow("refund", times=1, ticket=bind.given("ticket_id"), amount=bind.upto(500)),
    allow("set_ticket", times=1, id=bind.given("ticket_id"), status="solved", note=bind.text()),
    reads=["*"],
)


@flow(contract=SETTLING)
async def handle_ticket(run: Run, ticket_id: int) -> Settled:
    """Find out, write, review, pay, close."""
    ticket = await run.call("get_ticket", id=ticket_id)
    finding: Finding = await run.ask(triage, ticket)
    reviewed = await patterns.critic(run, writer, critic, {"ticket": ticket, "finding": finding})
    reply: Reply = reviewed.draft
    if finding.refund:
        await run.call("refund", ticket=ticket_id, amount=finding.refund)  # may wait days for a person
    await run.call("set_ticket", id=ticket_id, status="solved", note=reply.text)
    return Settled(ticket_id, finding.refund, reply.text)
