"""A desk whose agent reads a ticket, writes a note and answers, as its code says; and what it really did."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit import Agent, Run, StepFailed, flow, step, tool
from remit.engine.flow import Flow
from remit.models.simulation.lines import Line, Wanted
from remit.testing import stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.domain.clock import Clock
    from remit.models.simulation.scene import Scene
    from remit.testing import Stage
    from tests.engine.places import Place

SENT: Counter[str] = Counter()
"""What tools were really called for, and models asked."""
WORSE: set[str] = set()
"""Tickets that the code of today fails at, asks something else about, or writes nothing for."""


@tool(effect="read")
async def ticket(key: str) -> str:
    """Read a ticket."""
    SENT["ticket"] += 1
    return f"{key}: the lamp is broken"


@tool(effect="write", undo="none", roles={"key": "object"})
async def note(key: str, text: str, *, idempotency_key: str) -> str:
    """Write a note."""
    SENT["note"] += 1
    return f"noted {idempotency_key[:0]}{text}"


@dataclass(frozen=True)
class Rate:
    """What a step gives."""

    of: str
    percent: int


@step(effect="read")
async def rate(of: str) -> Rate:
    """A read of the author's own."""
    SENT["rate"] += 1
    if of == "missing":
        raise LookupError(of)
    return Rate(of, 7)


@step(effect="write")
async def post(key: str, percent: int) -> None:
    """A write of the author's own."""
    del key, percent
    SENT["post"] += 1


def clerk(prompt: str = "You keep notes.") -> Agent:
    """The agent, as it is told to work."""
    return Agent("clerk", prompt=prompt, tools=[ticket, note])


def talk(scene: Scene) -> Line | str:
    """What the agent's model says."""
    SENT["model"] += 1
    key = scene.user.strip('"')
    other = "look elsewhere" in scene.system and key in WORSE
    match scene.turn:
        case 0:
            return Line(calls=(Wanted("ticket", {"key": f"{key}-old" if other else key}),))
        case 1 if "write nothing" in scene.system and key in WORSE:
            return "Seen."
        case 1:
            return Line(calls=(Wanted("note", {"key": key, "text": "lamp"}),))
        case 2:
            return Line(calls=(Wanted("ticket", {"key": key}),))
        case _:
            return "Done."


def desk(agent: Agent, prompt: str) -> Flow:
    """The flow, with its agent."""

    @flow(name="desk")
    async def handle(run: Run, key: str) -> str:
        said = await run.ask(agent, f"{key} twice" if "ask twice" in prompt else key)
        if "own" in key:
            found = await run.step(rate, key)
            await run.step(post, key, found.percent + ("more" in prompt))
            with suppress(StepFailed):
                await run.step(rate, "missing")
        if "give up" in prompt and key in WORSE:
            raise ValueError("I give up")
        if "asks" in key:
            answer = await run.human("owners", {"key": key, "says": said})
            return f"{said} {answer['says']}"
        return said

    return handle


@asynccontextmanager
async def at(
    place: Place, prompt: str = "You keep notes.", clock: Clock | None = None
) -> AsyncGenerator[Stage]:
    """The desk with this version of its code."""
    agent = clerk(prompt)
    async with stage(
        desk(agent, prompt), agents=[agent], workspace=place.folder, database=place.database, clock=clock
    ) as made:
        made.platform.simulate(talk)
        yield made


async def worked(place: Place, keys: list[str]) -> list[str]:
    """Runs that were really made, the first of them by people's leave where they ask for it."""
    async with at(place) as on:
        runs = [(await on.platform.submit("desk", {"key": key})).id for key in keys]
        for run, key in zip(runs, keys, strict=True):
            handle = await on.platform.run(run)
            if "asks" in key:
                async for view in on.platform.watch(run):
                    if view.waits:
                        await handle.approve(value={"key": key, "says": "By all means."})
                        break
            await handle.result()
        return runs
