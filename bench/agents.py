"""The cost of one agent step: Remit's is decided by fifty policies, reserved for in a budget and journaled on SQLite;
the rivals' is bare and in memory.

It owns who is compared with whom and what was promised. It must not know how a contender works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.cycles import Cycle, Sample, Spread, median_of, rates, ratios, spread, take_turns
from bench.environments import peer_python, versions
from bench.protocol import Case, Contender
from bench.stage import Stage
from bench.table import Check, Report, count, spread_of

STEPS = 20
LANES = (1, 50)
OURS, COLD = "Remit", "Remit, memo-cold"
STAGES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Entrant:
    """One contender: its name in the table, the environment it runs in, what it is told."""

    label: str
    module: str
    peer: str = ""
    distribution: str = ""
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Promise:
    """How Remit is to compare with a rival: at least so many times faster, or at most so many times slower."""

    rival: str
    lanes: int
    faster: float = 0.0
    slower: float = 0.0


PYDANTIC, OPENAI, LANGCHAIN, MICROSOFT = "pydantic-ai", "openai-agents", "langchain", "agent-framework"

ENTRANTS = (
    Entrant(OURS, "remit_agent"),
    Entrant(COLD, "remit_agent", told={"read_arguments": True}),
    Entrant(PYDANTIC, "pydantic_ai_agent", "pydantic_ai", "pydantic-ai-slim"),
    Entrant(OPENAI, "openai_agents_agent", "openai_agents", "openai-agents"),
    Entrant(LANGCHAIN, "langchain_agent", "langchain", "langchain"),
    Entrant(MICROSOFT, "agent_framework_agent", "agent_framework", "agent-framework-core"),
)

PROMISES = (
    Promise(PYDANTIC, 50, faster=4),
    Promise(OPENAI, 50, faster=4),
    Promise(LANGCHAIN, 50, faster=4),
    Promise(MICROSOFT, 50, slower=2.5),
    Promise(PYDANTIC, 1, faster=1.5),
)

COLUMNS = ("", "steps/s [quartiles]", "us/step", "CPU us", "flushes/step", "KB written", "Remit is")
THE_WORK = (
    f"a step: one model call and one call of a typed read tool with fresh arguments, {STEPS} in a run; the talk grows",
    "the model is a function in the process: a script of Remit's simulated model, pydantic-ai's FunctionModel,",
    "  a Model of openai-agents, a BaseChatModel of langchain, a BaseChatClient of agent-framework",
    "Remit decides by 50 policies, reserves and settles a budget, journals both on SQLite; the rest keep nothing",
    "memo-cold: 5 of the policies read the arguments, so every decision is evaluated; else none of them does",
)


def measure(stage: Stage) -> list[Report]:
    """Everyone is started once; one run at a time, then fifty at once; then where Remit's time goes."""
    with ExitStack() as started:
        contenders = _start(stage, started)
        reports = [_group(stage, lanes, contenders) for lanes in LANES]
        return [*reports, _stages(contenders[OURS]), _profile(contenders[OURS], stage)]


def peer_versions() -> dict[str, dict[str, str]]:
    """The releases that were really measured."""
    return {
        entrant.label: versions(peer_python(entrant.peer), entrant.distribution, "uvloop")
        for entrant in ENTRANTS
        if entrant.peer
    }


def _start(stage: Stage, started: ExitStack) -> dict[str, Contender]:
    contenders: dict[str, Contender] = {}
    for number, entrant in enumerate(ENTRANTS):
        settings = stage.settings("sqlite", f"agents_{number}") | dict(entrant.told)
        python = peer_python(entrant.peer) if entrant.peer else None
        contender = stage.start(entrant.label, entrant.module, settings, python=python)
        started.callback(contender.close)
        contenders[entrant.label] = contender
    return contenders


def _group(stage: Stage, lanes: int, contenders: dict[str, Contender]) -> Report:
    case = Case(work="agent", runs=lanes, steps=STEPS, seconds=stage.slice)
    cycles = take_turns(contenders, case, stage.cycles)
    at_once = "1 run at a time" if lanes == 1 else f"{lanes} runs at once"
    return Report(
        title=f"Agent steps, {at_once} ({stage.cycles} cycles of slices of {stage.slice} s or one run)",
        columns=COLUMNS,
        rows=[_row(cycles, name) for name in contenders],
        checks=[_check(cycles, promise, at_once) for promise in PROMISES if promise.lanes == lanes],
        notes=[*(THE_WORK if lanes == LANES[0] else ()), _other_load(cycles), _by_cpu(cycles)],
        data={name: _data(cycles, name) for name in contenders},
    )


def _row(cycles: Sequence[Cycle], name: str) -> tuple[str, ...]:
    costs = [count(_per_step(cycles, name, measured)) for measured in PER_STEP.values()]
    return (name, spread_of(rates(cycles, name)), *costs, _compared(cycles, name))


def _compared(cycles: Sequence[Cycle], name: str) -> str:
    """In the direction in which it is a number above one, so that a loss reads as one."""
    if name == OURS:
        return ""
    faster = ratios(cycles, OURS, name)
    if faster.median >= 1:
        return f"{spread_of(faster, 'x')} faster"
    return f"{spread_of(ratios(cycles, name, OURS), 'x')} slower"


def _check(cycles: Sequence[Cycle], promise: Promise, at_once: str) -> Check:
    subject = f"agent step, {at_once}, vs {promise.rival}"
    if promise.faster:
        faster = ratios(cycles, OURS, promise.rival)
        return Check(
            subject, f">= {promise.faster}x faster", spread_of(faster, "x"), faster.median >= promise.faster
        )
    slower: Spread = spread([cycle[promise.rival].rate / cycle[OURS].rate for cycle in cycles])
    return Check(
        subject, f"<= {promise.slower}x its time", spread_of(slower, "x"), slower.median <= promise.slower
    )


def _stages(contender: Contender) -> Report:
    """The stop-watch of the gate, out of the log of the runs themselves."""
    found: dict[str, float] = contender.ask(Case(work="stages", runs=50, steps=STEPS))["stages"]
    known = sorted(found.items(), key=lambda each: -each[1])
    shown = [(name, count(spent)) for name, spent in known[:STAGES_SHOWN]]
    rest = sum(spent for _, spent in known[STAGES_SHOWN:])
    return Report(
        title="Where the time of a step goes: stages of the gate, as the log of 50 runs at once says",
        columns=("", "us/step"),
        rows=[*shown, ("everything else", count(rest)), ("in the gate", count(sum(found.values())))],
        notes=[
            "what is not in the gate: the loop of the agent, placing and digesting a step, sealing and writing events",
        ],
        data=dict(known),
    )


def _profile(contender: Contender, stage: Stage) -> Report:
    """Shares, not times: a profile makes every call dearer."""
    found = contender.ask(Case(work="profile", runs=50, steps=STEPS, seconds=stage.slice))
    return Report(
        title="Where the time of a step goes: a profile of the loop's thread, by layer",
        columns=("", "share"),
        rows=[(part, f"{share:.0%}") for part, share in found["shares"].items() if share >= 0.01],
        notes=[f"{count(found['calls'])} function calls for one step; the writer's thread is not in it"],
        data=found,
    )


Measured = Callable[[Sample], float | None]


def _per_step(cycles: Sequence[Cycle], name: str, measured: Measured) -> float | None:
    def per_step(sample: Sample) -> float | None:
        value = measured(sample)
        return None if value is None else value / sample.tally.steps

    return median_of(cycles, name, per_step)


PER_STEP: dict[str, Measured] = {
    "us": lambda sample: sample.tally.seconds * 1e6,
    "cpu us": lambda sample: sample.tally.cpu * 1e6,
    "flushes": lambda sample: sample.cost.flushes,
    "KB written": lambda sample: (
        None if sample.cost.bytes_written is None else sample.cost.bytes_written / 1000
    ),
}


def _other_load(cycles: Sequence[Cycle]) -> str:
    others = sorted(
        median_of(cycles, name, lambda sample: sample.cost.other_cpu) or 0.0 for name in cycles[0]
    )
    return f"other load on this machine: {count(others[len(others) // 2])} cores (median)"


def _by_cpu(cycles: Sequence[Cycle]) -> str:
    """The comparison that strangers on the machine disturb least; no target is decided by it."""

    def ratio(name: str) -> Spread:
        return spread([_cpu(cycle[name]) / _cpu(cycle[OURS]) for cycle in cycles])

    rivals = (f"{name} {spread_of(ratio(name), 'x')}" for name in cycles[0] if name != OURS)
    return f"CPU of a step, as multiples of Remit's: {', '.join(rivals)}"


def _cpu(sample: Sample) -> float:
    return sample.tally.cpu / sample.tally.steps


def _data(cycles: Sequence[Cycle], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "steps per second": asdict(rates(cycles, name)),
        "per step": {label: _per_step(cycles, name, measured) for label, measured in PER_STEP.items()},
        "slices": [cycle[name].rate for cycle in cycles],
    }
    if name != OURS:
        found["remit is times faster"] = asdict(ratios(cycles, OURS, name))
    return found
