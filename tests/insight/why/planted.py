"""Runs with a fault that was planted, and where: what went wrong first is known, because it was put there."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit import Agent, Retry, Run, StepFailed, StopRun, ToolFailed, flow, step, tool
from remit.agents.agent import Limits
from remit.domain.budgets import Budget
from remit.domain.effects import Backoff
from remit.models.simulation.chaos import fault_of
from remit.models.simulation.lines import Line, Wanted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.models.simulation.scene import Scene

POLICY = """
@id("all") permit (principal, action, resource);
@id("no-large") forbid (principal, action == Action::"call", resource == Tool::"pay") when { context.cents > 500 };
@id("no-wipe") forbid (principal, action == Action::"call", resource == Tool::"wipe");
@id("ask") @ask("finance") forbid (principal, action == Action::"call", resource == Tool::"ship");
"""


@dataclass
class Planted:
    """A fault."""

    what: str
    suspect: str
    """The path of the step where it was planted; empty where it is in the flow's own code, or somebody's order."""
    cause: str
    status: str = "failed"
    then: str = ""
    """What somebody does meanwhile."""


@tool(effect="read")
async def order(number: int) -> Any:
    """Look an order up; there is none with a number below ten."""
    return {"number": number, "account": "a-1", "cents": 900} if number >= 10 else None


@tool(effect="read")
async def stock(item: str) -> int:
    """Never works."""
    raise ToolFailed(f"the warehouse does not know {item}")


@tool(effect="read")
async def balance(account: str | None) -> int:
    """Needs an account."""
    if not account:
        raise ToolFailed("no account was given")
    return 7


@tool(effect="read")
async def manual(page: int) -> str:
    """Very long."""
    return f"page {page}: " + "lorem ipsum " * 12_000


@tool(effect="read", timeout=0.05)
async def sleepy(seconds: int) -> str:
    """Too slow."""
    await asyncio.Event().wait()
    return str(seconds)


@tool(effect="write")
async def pay(cents: int, *, idempotency_key: str) -> int:
    """Pays."""
    return cents + len(idempotency_key) * 0


@tool(effect="write")
async def wipe(what: str, *, idempotency_key: str) -> str:
    """Nobody may."""
    return what + idempotency_key[:0]


@tool(effect="write")
async def ship(number: int, *, idempotency_key: str) -> int:
    """A person is asked."""
    return number + len(idempotency_key) * 0


TOOLS = (order, stock, balance, manual, sleepy, pay, wipe, ship)
CLERK = Agent("clerk", prompt="You keep orders.", tools=list(TOOLS), limits=Limits(repeats=3))
POOR = Agent("poor", prompt="You have little.", tools=list(TOOLS), budget=Budget(steps=5))
STRICT = Agent("strict", prompt="You answer with a number.", output=int)
MUTE = Agent("mute", prompt="You say nothing.", tools=[order])
AGENTS = (CLERK, POOR, STRICT, MUTE)


def talk(scene: Scene) -> Line | str | None:
    """The clerk calls what the question says, turn by turn, and then answers."""
    if scene.agent == "strict":
        return "not a number"
    if scene.agent == "mute":
        return Line(fault=fault_of({"kind": "down"}, "mute"))
    calls = scene.user.strip('"').split(";")
    if scene.turn < len(calls) or calls[-1].endswith("..."):
        name, _, given = calls[min(scene.turn, len(calls) - 1)].removesuffix("...").strip().partition(" ")
        if name:
            arguments = dict(each.split("=") for each in given.split())
            typed = {
                key: int(value) if value.isdigit() else value or None for key, value in arguments.items()
            }
            return Line(calls=(Wanted(name, typed),))
    return "done"


@step(effect="read")
async def works(value: Any) -> Any:
    """Gives what it is given."""
    return value


@step(effect="read")
async def breaks(why: str) -> None:
    """Raises."""
    raise ValueError(why)


@step(effect="read")
async def never(value: int) -> int:
    """Does not come to an end."""
    await asyncio.Event().wait()
    return value


@step(effect="read", retry=Backoff(attempts=3, first=0.0))
async def flaky(why: str) -> None:
    """Tries again, in vain."""
    raise Retry(why)


@flow
async def child(run: Run, what: str) -> str:
    """Fails on its own."""
    await run.step(works, what)
    await run.step(breaks, what)
    return what


@flow
async def planted(run: Run, what: str) -> Any:
    """Does what its name says, after a step that works."""
    head, _, tail = what.partition(":")
    await run.step(works, 1)
    if head in _ASKED:
        return await run.ask(_ASKED[head], tail or "how many?")
    if head == "call":
        return await _call(run, tail)
    return await _DONE[head](run)


async def _null(run: Run) -> Any:
    found = await run.call(order, number=3)
    return found["cents"]


async def _null_later(run: Run) -> Any:
    found = await run.call(order, number=3)
    await run.step(works, "something else")
    return await run.call(balance, account=found and found["account"])


async def _ignored(run: Run) -> Any:
    amount: Any = None
    with suppress(StepFailed, ToolFailed):
        amount = await run.call(stock, item="blue")
    await run.step(works, amount)
    return amount + 1


async def _code(run: Run) -> None:
    raise RuntimeError(f"the flow itself, at {run.now()}")


async def _stop(run: Run) -> None:
    raise StopRun(f"enough, at {run.now()}")


async def _loop(run: Run) -> str:
    for _ in range(4):
        await run.call(order, number=12)
    return "over"


async def _child(run: Run) -> Any:
    return await (await run.spawn(child, what="x")).result()


_ASKED = {"ask": CLERK, "poor": POOR, "strict": STRICT, "mute": MUTE}
_DONE: dict[str, Callable[[Run], Awaitable[Any]]] = {
    "own": lambda run: run.step(breaks, "own step"),
    "flaky": lambda run: run.step(flaky, "try later"),
    "cut": lambda run: run.timeout(0.02, run.step(never, 9)),
    "gather": lambda run: run.gather(run.step(works, 1), run.step(breaks, "one of two"), run.step(works, 2)),
    "human": lambda run: run.human("finance", {"pay": 9}),
    "signal": lambda run: run.signal("never"),
    "null": _null, "null later": _null_later, "ignored": _ignored, "code": _code, "stop": _stop,
    "loop of reads": _loop, "child": _child,
}  # fmt: skip


async def _call(run: Run, what: str) -> Any:
    name, _, given = what.partition(" ")
    found = {each.name: each for each in TOOLS}[name]
    typed = {
        key: int(value) if value.isdigit() else value
        for key, value in (each.split("=") for each in given.split())
    }
    return await run.call(found, **typed)


FAULTS = (
    Planted("call:stock item=blue", "stock", "tool"),
    Planted("call:pay cents=900", "pay", "policy"),
    Planted("call:wipe what=all", "wipe", "policy"),
    Planted("call:sleepy seconds=9", "sleepy", "timeout"),
    Planted("call:balance account=", "balance", "tool"),
    Planted("own", "breaks", "step"),
    Planted("flaky", "flaky", "step"),
    Planted("code", "", "code"),
    Planted("stop", "", "code"),
    Planted("null", "order", "missing data"),
    Planted("null later", "order", "missing data"),
    Planted("ignored", "stock", "ignored failure"),
    Planted("gather", "gather/1/breaks", "step"),
    Planted("child", "child", "child"),
    Planted("ask:order number=12...", "clerk/order", "loop"),
    Planted("ask:order number=3...", "clerk/order", "missing data"),
    Planted("ask:stock item=red...", "clerk/stock", "tool"),
    Planted("ask:nothing x=1...", "clerk/model", "arguments"),
    Planted("ask:order wrong=1...", "clerk/model", "arguments"),

            Planted("poor:order number=12; order number=13; order number=14; order number=15; "
        "order number=16; order number=17",
            "poor/model#6", "budget"),
    Planted("poor:stock item=a; stock item=b; stock item=c; stock item=d; stock item=e; stock item=f",
            "poor/stock", "tool"),

            Planted("poor:order number=12; order number=12; order number=12; order number=14; "
        "order number=15; order number=16",
            "poor/order", "loop"),
    Planted("strict", "strict/model", "answer"),
    Planted("loop of reads", "order", "loop", "succeeded"),
    Planted("cut", "timeout", "timeout"),
    Planted("mute", "mute/model", "model"),
    Planted("human", "human", "person", then="reject"),
    Planted("call:ship number=12", "ship", "person", then="reject"),
    Planted("signal", "", "order", "cancelled", then="cancel"),
    Planted("human", "human", "wait", "parked", then="look"),
    Planted("signal", "signal.never", "wait", "parked", then="look"),
    Planted("call:ship number=13", "ship", "wait", "parked", then="look"),
    Planted("call:order number=12", "order", "halt", then="halt"),
)  # fmt: skip
