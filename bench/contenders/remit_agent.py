"""Remit as its users run it: an agent in a flow, with a budget and fifty policies, journaled on SQLite.

It owns the workspace, the agent and the script of the simulated model, which is what ships with Remit. It must use
public names only, and must leave every setting as it ships.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.contenders.agent_work import (
    ANSWER,
    ANSWER_TOKENS,
    INSTRUCTIONS,
    PROMPT_TOKENS,
    be_quiet,
    check,
    next_call,
    question,
    row,
)
from bench.contenders.lanes import fill
from bench.contenders.loop import run_main
from bench.contenders.remit_engine import database
from bench.protocol import Answer, Case, Tally, options, serve_async
from remit import Agent, Budget, Limits, Platform, Run, flow, tool
from remit.wire.messages import Message, ModelResponse, Text, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from remit.control.runs.views import StepView
    from remit.models.simulation.scene import Scene

Row = tuple[int, int, float, float, Any]
"""Calls without and with recursion, own and cumulated seconds, callers."""
OPENING = 2
"""The instructions and the question."""
POLICIES = 50
READING = 5
"""How many of them look at the arguments of the call, if any are to."""
MODEL, LABEL = "sim-fake", {"simulated": True}
USAGE = Usage(input=PROMPT_TOKENS, output=ANSWER_TOKENS)
MOST_STEPS = 10_000


@tool(effect="read", reads="rows")
async def look(n: int, note: str) -> str:
    """Look something up."""
    return row(n, note)


worker = Agent(
    "worker",
    prompt=INSTRUCTIONS,
    tools=[look],
    budget=Budget(usd=1000, tokens=1_000_000_000, steps=MOST_STEPS, calls=MOST_STEPS),
    limits=Limits(steps=MOST_STEPS),
)


@flow
async def work(run: Run, steps: int) -> str:
    return await run.ask(worker, question(steps))


def play(scene: Scene) -> ModelResponse:
    """Ask for the tool as often as the question says, then answer."""
    messages = scene.request.messages
    call = next_call((len(messages) - OPENING) // 2, int(messages[1].text.split()[1]))
    if call is None:
        return ModelResponse(MODEL, Message("assistant", (Text(ANSWER),)), "stop", USAGE, extra=LABEL)
    asked = ToolCall(call.id, "look", call.arguments)
    return ModelResponse(MODEL, Message("assistant", (asked,)), "tools", USAGE, extra=LABEL)


def write_policies(folder: Path, *, read_arguments: bool) -> None:
    """Fifty rules about this very agent and tool, so that none is out of the question from the start."""
    about = 'forbid (principal == Agent::"worker", action == Action::"call", resource == Tool::"look")'
    rules = ['@id("everybody") permit (principal, action, resource);']
    for number in range(POLICIES - 1):
        if read_arguments and number < READING:
            when = f"context has n && context.n > {10**12 + number}"
        else:
            when = f'resource.owner == "team {number}"'
        rules.append(f'@id("rule_{number}") {about} when {{ {when} }};')
    (folder / "policies").mkdir()
    (folder / "policies" / "bench.cedar").write_text("\n".join(rules) + "\n", encoding="utf-8")


async def main() -> None:
    be_quiet()
    wanted = options()
    folder = Path(wanted["directory"])
    write_policies(folder, read_arguments=wanted.get("read_arguments", False))
    async with Platform.open(folder, database=database(wanted), flows=[work], agents=[worker]) as platform:
        platform.simulate(play)

        async def one(steps: int) -> str:
            handle = await platform.start(work, steps=steps)
            check(await handle.result())
            return str(handle.id)

        async def handle(case: Case) -> Answer | Tally:
            match case.work:
                case "stages":
                    return await stages(platform, one, case)
                case "profile":
                    return await profile(one, case)
                case _:
                    return await fill(case, one)

        await serve_async(handle)


async def stages(platform: Platform, one: Callable[[int], Awaitable[str]], case: Case) -> Answer:
    """Where the time of a step goes, as its log says: microseconds per step in each stage of the gate."""
    runs = await asyncio.gather(*(one(case.steps) for _ in range(case.runs)))
    found: Counter[str] = Counter()
    for run in runs:
        for name, spent in _timed((await platform.show(run)).steps):
            found[name] += spent
    return {"stages": {name: spent / (case.runs * case.steps) for name, spent in found.items()}}


def _timed(steps: Iterable[StepView]) -> Iterator[tuple[str, int]]:
    for step in steps:
        if step.action is not None:
            kind = "model" if step.action.model else "tool"
            yield from ((f"{kind}: {stage}", spent) for stage, spent in step.action.stages.items())
        yield from _timed(step.children)


async def profile(one: Callable[[int], Awaitable[str]], case: Case) -> Answer:
    """Where the loop's time goes, by the part of Remit whose code is running: shares of a profile."""
    watch = cProfile.Profile()
    watch.enable()
    tally = await fill(case, one)
    watch.disable()
    found: defaultdict[str, float] = defaultdict(float)
    calls = 0
    rows = cast("dict[tuple[str, int, str], Row]", vars(pstats.Stats(watch))["stats"])
    for (file, _, _), (_, times, own, _, _) in rows.items():
        found[_part(file)] += own
        calls += times
    whole, ranked = sum(found.values()), sorted(found.items(), key=lambda each: -each[1])
    return {"shares": {part: own / whole for part, own in ranked}, "calls": calls / tally.steps}


def _part(file: str) -> str:
    """The layer of Remit that a file belongs to; everything else is Python and its libraries."""
    _, here, below = file.rpartition("/remit/")
    return (
        below.partition("/")[0] if here else "the benchmark" if "/bench/" in file else "Python and libraries"
    )


if __name__ == "__main__":
    run_main(main())
