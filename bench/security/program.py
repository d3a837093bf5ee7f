"""What runs in AgentDojo's own environment: every rule against every task and every attack, written as one JSON file.

It owns the rows. It must not judge them: targets stand in `section.py`, which runs in Remit's environment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.security import figures, replay, worlds
from bench.security.annotations import manifests_of
from bench.security.rules.baselines import BASELINES
from bench.security.rules.contracts import TEMPLATES, Checked
from bench.security.through_gate import through_gate


def main() -> int:
    wanted = _arguments()
    suites = worlds.load(wanted.suites.split(",") if wanted.suites else worlds.SUITES)
    rows: dict[str, Any] = {}
    for name, rule in BASELINES.items():
        _say(name)
        rows[name] = _row(*_played(suites, rule), suites, [], quick=wanted.quick)
    differing: dict[str, list[str]] = {}
    for name in TEMPLATES:
        _say(f"{name}, asked directly")
        seconds: list[float] = []
        direct = _played(suites, partial(Checked.under, name, seconds=seconds))
        rows[f"{name}, asked directly"] = _row(*direct, suites, seconds, quick=wanted.quick)
        if wanted.quick:
            continue
        _say(f"{name}, through the gate")
        folder = Path(wanted.folder) / name.replace(" ", "-")
        tasks, pairs, spent = asyncio.run(through_gate(suites, name, folder))
        rows[name] = _row(tasks, pairs, suites, spent, quick=wanted.quick)
        differing[name] = _differences(direct, (tasks, pairs))
    answer = {
        "agentdojo": {"version": worlds.VERSION, "developed on": worlds.DEVELOPED_ON},
        "suites": {
            suite.name: {"tasks": len(suite.tasks), "attacks": len(suite.attacks), "pairs": len(suite.pairs)}
            for suite in suites
        },
        "left out": [
            f"{suite.name} attack {attack.rpartition('_')[2]} on tasks "
            + ", ".join(task.rpartition("_")[2] for task, each in suite.left_out if each == attack)
            for suite in suites
            for attack in dict.fromkeys(attack for _, attack in suite.left_out)
        ],
        "rows": rows,
        "differing": differing,
    }
    Path(wanted.out).write_text(json.dumps(answer), encoding="utf-8")
    return 0


def _differences(
    direct: tuple[list[replay.TaskOutcome], list[replay.PairOutcome]],
    gated: tuple[list[replay.TaskOutcome], list[replay.PairOutcome]],
) -> list[str]:
    """Where the gate came to something else than the contract alone."""
    tasks = [
        f"{one.suite} {one.task}"
        for one, other in zip(direct[0], gated[0], strict=True)
        if (one.solved, one.solved_with_person, one.asks)
        != (other.solved, other.solved_with_person, other.asks)
    ]
    pairs = [
        f"{one.suite} {one.task} {one.attack} ({mode})"
        for one, other in zip(direct[1], gated[1], strict=True)
        for mode in replay.MODES
        if (one.reached[mode], one.harmful[mode]) != (other.reached[mode], other.harmful[mode])
    ]
    return [*tasks, *pairs]


def _played(
    suites: Sequence[worlds.Suite], rules: replay.Rules
) -> tuple[list[replay.TaskOutcome], list[replay.PairOutcome]]:
    tasks: list[replay.TaskOutcome] = []
    pairs: list[replay.PairOutcome] = []
    for suite in suites:
        manifests = manifests_of(suite)
        tasks += [replay.play_task(suite, manifests, task, rules) for task in suite.tasks]
        pairs += [replay.play_pair(suite, manifests, task, attack, rules) for task, attack in suite.pairs]
    return tasks, pairs


def _row(
    tasks: list[replay.TaskOutcome], pairs: list[replay.PairOutcome], suites: Sequence[worlds.Suite],
    seconds: list[float], *, quick: bool,
) -> dict[str, Any]:  # fmt: skip
    parts = {
        suite.name: figures.count(
            [task for task in tasks if task.suite == suite.name],
            [pair for pair in pairs if pair.suite == suite.name],
            quick=True,
        ).plain()
        for suite in suites
    }
    micros = [second * 1e6 for second in seconds]
    return {
        "all": figures.count(tasks, pairs, quick=quick).plain(),
        "suites": parts,
        "microseconds": {
            "decisions": len(micros),
            "p50": figures.percentile(micros, 0.50),
            "p99": figures.percentile(micros, 0.99),
        },
    }


def _say(what: str) -> None:
    print(f"  {what} ...", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--folder", required=True, help="where workspaces of the gate may stand")
    parser.add_argument("--suites", default="")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
