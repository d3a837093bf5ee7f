"""A support desk: reads in parallel, a refund, a letter, and a person where the amount is high."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from remit import Absent, Happened, Run, flow, step

from . import world

NEEDS_A_SECOND_PERSON = 20_000


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a ticket was settled."""

    ticket: int
    receipt: str
    articles: list[str]


@step(effect="read")
async def get_ticket(ticket_id: int) -> dict[str, Any]:
    """The ticket as its system of record has it."""
    world.happened("ticket read", ticket=ticket_id)
    return world.TICKETS[ticket_id]


@step(effect="read")
async def search_kb(word: str) -> str:
    """The best article for a word."""
    world.happened("kb searched", word=word)
    return f"what to do about: {word}"


@step(effect="write")
async def refund(order: str, cents: int, *, idempotency_key: str) -> str:
    """Give money back. The bank knows the key, so asking twice pays once."""
    receipt = world.pay_out(order, cents, idempotency_key)
    await world.answer_slowly()
    return receipt


async def was_sent(customer: str, text: str) -> Happened | Absent:
    """Whether the letter is in the mail already."""
    letters = world.seen("letter sent")
    return Happened() if any(letter["text"] == text for letter in letters) else Absent()


@step(effect="write", reconcile=was_sent)
async def notify(customer: str, text: str) -> None:
    """Write to the customer."""
    world.happened("letter sent", customer=customer, text=text)


@flow
async def handle_ticket(run: Run, ticket_id: int) -> Resolution:
    """Settle a complaint: read, look up, refund, write."""
    ticket = await run.step(get_ticket, ticket_id)
    articles = await run.gather(*(run.step(search_kb, word) for word in ticket["text"].split()))
    if ticket["cents"] > NEEDS_A_SECOND_PERSON:
        await run.human("finance-leads", {"refund": ticket["order"], "cents": ticket["cents"]}, within="4h")
    receipt = await run.step(refund, ticket["order"], ticket["cents"])
    await run.step(notify, ticket["customer"], f"Ticket {ticket_id}: your refund is on its way ({receipt}).")
    return Resolution(ticket_id, receipt, list(articles))
