"""How reliably an agent solved the tasks of tau-bench, from the runs that were recorded and shipped with it.

It owns how the file is read and what was published of it. The runs are theirs; the arithmetic is the product's.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from bench.table import Check, Report
from remit.quality.statistics.reliability import pass_at, pass_hat

if TYPE_CHECKING:
    from pathlib import Path

FILE = "historical_trajectories/gpt-4o-airline.json"
PUBLISHED = {1: 0.420, 2: 0.273, 3: 0.220, 4: 0.200}
"""pass^k of gpt-4o with tool calling on the airline tasks, as its README has it."""
_SOLVED = 1 - 1e-6


def measure(checkout: Path) -> Report:
    """pass^k of the recorded runs beside what was published."""
    runs = json.loads((checkout / FILE).read_text(encoding="utf-8"))
    tries = _tries(runs)
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    for k, wanted in PUBLISHED.items():
        found = pass_hat(tries, k) or 0.0
        once = pass_at(tries, k) or 0.0
        rows.append((f"k = {k}", f"{found:.4f}", f"{wanted:.3f}", f"{once:.3f}"))
        met = round(found, 3) == wanted
        checks.append(Check(f"tau-bench, gpt-4o on airline, pass^{k}", f"{wanted:.3f}", f"{found:.3f}", met))
    title = f"tau-bench, {len(runs)} recorded runs of {len(tries)} tasks"
    return Report(title, ("", "pass^k", "published", "pass@k"), rows, checks)


def _tries(runs: list[dict[str, Any]]) -> list[tuple[int, int]]:
    done = Counter(each["task_id"] for each in runs)
    good = Counter(each["task_id"] for each in runs if each["reward"] >= _SOLVED)
    return [(good[task], done[task]) for task in done]
