"""A first flow: it looks something up, asks a person if told to, and changes something exactly once."""

from __future__ import annotations

from pathlib import Path

from remit import Absent, Happened, Run, flow, step

LETTERS = Path(__file__).resolve().parent.parent / "letters"


@step(effect="read")
async def find_address(name: str) -> str:
    """A read may be repeated, so it costs one line in the log."""
    return f"{name.lower()}@example.org"


async def was_sent(address: str, text: str, *, idempotency_key: str) -> Happened | Absent:
    """After a crash in the middle of `send`: did it take place? Remit asks, so that it never has to guess."""
    letter = LETTERS / idempotency_key
    return Happened(str(letter)) if letter.exists() else Absent()


@step(effect="write", reconcile=was_sent, timeout="10s")
async def send(address: str, text: str, *, idempotency_key: str) -> str:
    """A write is claimed in the log before it acts; its key is the same however often it is tried."""
    LETTERS.mkdir(exist_ok=True)
    letter = LETTERS / idempotency_key
    letter.write_text(f"To: {address}\n\n{text}\n")
    return str(letter)


@flow
async def hello(run: Run, name: str, review: bool = False) -> str:
    """Greet somebody. With `review`, an editor sees the text first and may change it."""
    address = await run.step(find_address, name)
    text = f"Hello, {name}!"
    if review:
        text = await run.human("editors", text, within="4h", otherwise="reject")
    await run.step(send, address, text)
    return text
