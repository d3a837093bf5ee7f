"""The flows that workers are killed over, and the tools that write what they did where no kill reaches."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import suppress
from pathlib import Path

from remit import Absent, Backoff, Happened, Run, flow, step
from remit.engine.flow import Flow


def _file() -> str:
    return os.environ["EFFECTS"]


def _note(kind: str, call: str, key: str = "") -> None:
    """One effect is one line, written at once and on the disk before anybody goes on."""
    line = json.dumps({"kind": kind, "call": call, "key": key, "pid": os.getpid()}) + "\n"
    handle = os.open(_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    _ring()


def _ring() -> None:
    """Tell who looks at the effects that there is another one."""
    with suppress(OSError):  # nobody is there any more, or was told often enough
        bell = os.open(Path(_file()).with_name("bell"), os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(bell, b"!")
        finally:
            os.close(bell)


def _happened(kind: str, call: str) -> bool:
    path = Path(_file())
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return any(json.loads(line)["kind"] == kind and json.loads(line)["call"] == call for line in lines)


@step(effect="read", retry=Backoff(attempts=5, first=0.01))
async def look(call: str) -> int:
    return len(call)


@step(effect="write", timeout=1)
async def pay(call: str, *, idempotency_key: str) -> int:
    await asyncio.to_thread(_note, "keyed", call, idempotency_key)
    return 1


async def _was_shipped(call: str) -> Happened | Absent:
    return Happened(10) if await asyncio.to_thread(_happened, "reconciled", call) else Absent()


@step(effect="write", timeout=1, reconcile=_was_shipped)
async def ship(call: str) -> int:
    await asyncio.to_thread(_note, "reconciled", call)
    return 10


@step(effect="irreversible", timeout=1)
async def mail(call: str) -> int:
    await asyncio.to_thread(_note, "unkeyed", call)
    return 100


@step(effect="write", timeout=30)
async def dawdle(call: str, *, idempotency_key: str) -> int:
    """Acts long after it was claimed: not before its process gets SIGUSR1."""
    go = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, go.set)
    _note("begun", call)
    await go.wait()
    _note("late", call, idempotency_key)
    return 1000


@step(effect="write")
async def follow(call: str, *, idempotency_key: str) -> int:
    _note("late", call, idempotency_key)
    return 1000


@flow
async def part(run: Run, call: str) -> int:
    await run.step(look, call)
    return await run.step(pay, call)


@flow
async def order(run: Run, number: int) -> int:
    """A bit of everything, over and over until somebody is killed in the middle of each of it."""
    call = f"o{number}"
    total = await run.step(pay, f"{call}.first")
    total += await run.step(mail, f"{call}.notice")
    done = await run.gather(
        run.step(ship, f"{call}.ship"), run.step(look, call), run.step(pay, f"{call}.second")
    )
    total += done[0] + done[2]
    await run.sleep(0.05)
    child = await run.spawn(part, call=f"{call}.part")
    total += await child.result()
    return total + await run.step(mail, f"{call}.mail")


@flow
async def slow(run: Run, call: str) -> int:
    """Two deeds; only the first has to be waited for."""
    return await run.step(dawdle, call) + await run.step(follow, f"{call}.again")


@flow
async def post(run: Run, call: str) -> int:
    return await run.step(mail, call)


FLOWS: list[Flow] = [order, part, slow, post]
EXPECTED = 1 + 100 + 10 + 1 + 1 + 100
"""What every order comes to."""
