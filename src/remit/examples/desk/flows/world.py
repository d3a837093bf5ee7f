"""The world outside the support desk, as one file: every request that reaches it is a line. It stands for
a ticket system, a search engine, a bank and a mail server. Each line is written before the caller is answered, so the
file tells what really happened, whatever became of the caller.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

WORLD = Path(__file__).resolve().parent.parent / "world.jsonl"
TICKETS = {
    4811: {"customer": "Ben Okoro", "order": "o-77", "cents": 4_900, "text": "late broken mug"},
    4812: {"customer": "Ana Silva", "order": "o-78", "cents": 24_000, "text": "damaged broken lamp"},
}


def happened(what: str, **facts: Any) -> None:
    """One more thing has taken place outside."""
    with WORLD.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"what": what, **facts}) + "\n")


def seen(what: str) -> list[dict[str, Any]]:
    """Everything of one kind that has taken place."""
    if not WORLD.exists():
        return []
    lines = [json.loads(line) for line in WORLD.read_text("utf-8").splitlines()]
    return [line for line in lines if line["what"] == what]


def pay_out(order: str, cents: int, key: str) -> str:
    """What a bank does: the same key is the same payment, however often it is asked for."""
    happened("refund requested", order=order, key=key)
    if not any(payment["key"] == key for payment in seen("refund paid")):
        happened("refund paid", order=order, cents=cents, key=key)
    return f"receipt-{key[:8]}"


async def answer_slowly() -> None:
    """A bank that has paid but does not answer yet, if the demonstration wants one."""
    if os.environ.get("DESK_BANK") == "slow":
        await asyncio.Event().wait()
