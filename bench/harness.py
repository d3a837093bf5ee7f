"""What a harness for evaluations costs: scenarios played by an agent on a model that takes no time, and scored.

It owns who is compared with whom and what was promised. It must not know how a contender works.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.cycles import Cycle, median_of, rates, ratios, take_turns
from bench.environments import peer_python, versions
from bench.protocol import Case, Contender
from bench.stage import Stage
from bench.table import Check, Report, count, spread_of

SCENARIOS, QUICK = 1000, 200
AT_ONCE = 50
WANTED = 5.0
OURS = "Remit"


@dataclass(frozen=True, slots=True)
class Entrant:
    """One contender: its name in the table, and the environment it runs in."""

    label: str
    module: str
    peer: str = ""
    distribution: str = ""


ENTRANTS = (
    Entrant(OURS, "remit_harness"),
    Entrant("Inspect AI", "inspect_harness", "inspect", "inspect-ai"),
    Entrant("pydantic-evals", "pydantic_evals_harness", "pydantic_evals", "pydantic-evals"),
    Entrant("DeepEval", "deepeval_harness", "deepeval", "deepeval"),
)
NOTES = (
    "a scenario: one question to an agent, one call of a model that answers at once, one exact scorer",
    "Remit: every trial is a run through the gate; model calls and scores are on the disk before they count",
    "Inspect AI: its log file. pydantic-evals and DeepEval keep nothing; DeepEval plays nothing either: it only scores",
)


def measure(stage: Stage) -> list[Report]:
    """Everyone is started once; an evaluation each, in turn."""
    scenarios = QUICK if stage.quick else SCENARIOS
    case = Case(work="harness", runs=AT_ONCE, steps=scenarios, seconds=stage.slice)
    with ExitStack() as started:
        contenders = _start(stage, started)
        cycles = take_turns(contenders, case, stage.cycles)
    title = f"Evaluations of {scenarios:,} scenarios, {AT_ONCE} at once ({stage.cycles} cycles)"
    columns = ("", "scenarios/s [quartiles]", "CPU us a scenario", "Remit is")
    rows = [_row(cycles, each.label) for each in ENTRANTS]
    return [Report(title, columns, rows, [_check(cycles, each.label) for each in ENTRANTS[1:]], list(NOTES))]


def peer_versions() -> dict[str, dict[str, str]]:
    """The releases that were really measured."""
    return {each.label: versions(peer_python(each.peer), each.distribution) for each in ENTRANTS if each.peer}


def _start(stage: Stage, started: ExitStack) -> dict[str, Contender]:
    contenders: dict[str, Contender] = {}
    for entrant in ENTRANTS:
        settings: dict[str, Any] = stage.settings("sqlite", f"harness_{entrant.module}")
        python = peer_python(entrant.peer) if entrant.peer else None
        contender = stage.start(entrant.label, entrant.module, settings, python=python)
        started.callback(contender.close)
        contenders[entrant.label] = contender
    return contenders


def _row(cycles: Sequence[Cycle], name: str) -> tuple[str, ...]:
    used = median_of(cycles, name, lambda each: each.tally.cpu / each.tally.steps * 1e6)
    faster = "" if name == OURS else f"{spread_of(ratios(cycles, OURS, name), 'x')} as fast"
    return (name, spread_of(rates(cycles, name)), count(used), faster)


def _check(cycles: Sequence[Cycle], rival: str) -> Check:
    faster = ratios(cycles, OURS, rival)
    return Check(
        f"evaluations vs {rival}", f">= {WANTED:g}x", spread_of(faster, "x"), faster.median >= WANTED
    )
