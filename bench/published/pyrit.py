"""How far people and judges agree on PyRIT's labelled answers.

Three people gave each of 386 answers a score; how far they agree is Krippendorff's alpha. Of fifty judges PyRIT ships
what each came to (accuracy, precision, recall, F1) beside the labels of people, not each verdict. So a judge's table
is built from the labels and its recall and precision, and has to give the accuracy and the F1 that were published: it
does not if labels were read, counted or put the wrong way round.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from bench.table import Check, Report
from remit.quality.statistics.agreement import Confusion, alpha

if TYPE_CHECKING:
    from pathlib import Path

LABELS = "pyrit/datasets/scorer_evals"
RATERS = {"hate_speech": 0.861, "violence": 0.766}
"""Ordinal alpha of three people."""
JUDGES = {
    "refusal_scorer/refusal_metrics.jsonl": ("refusal_scorer", 24),
    "objective/objective_achieved_metrics.jsonl": ("objective", 26),
}
_EXACT = 1e-9


def measure(package: Path) -> list[Report]:
    """People among each other, and every judge whose labels are those that are shipped."""
    folder = package / LABELS
    return [_people(folder), _judges(folder)]


def _people(folder: Path) -> Report:
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    for name, wanted in RATERS.items():
        labels = _labels(folder / f"harm/{name}_multi_score.csv")
        scores = [
            [float(row[each]) for each in row if each.startswith("human_score") and row[each]]
            for row in labels
        ]
        found = alpha(scores, "ordinal") or 0.0
        rows.append((name, str(len(scores)), f"{found:.4f}", f"{alpha(scores) or 0.0:.4f}"))
        checks.append(Check(f"PyRIT, three people on {name}, ordinal alpha", f"{wanted}", f"{found:.3f}",
                            round(found, 3) == wanted))  # fmt: skip
    return Report("PyRIT, people among each other", ("", "answers", "ordinal alpha", "nominal"), rows, checks)


def _judges(folder: Path) -> Report:
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    for file, (labels, expected) in JUDGES.items():
        bad, good = _counted(folder / labels)
        said = [
            json.loads(line)["metrics"] for line in (folder / file).read_text(encoding="utf-8").splitlines()
        ]
        ours = [each for each in said if each["num_responses"] == bad + good]
        same = [each for each in ours if _agrees(each, bad, good)]
        worst, best = min(each["accuracy"] for each in ours), max(each["accuracy"] for each in ours)
        rows.append(
            (labels, f"{bad} of {bad + good}", str(len(ours)), f"{worst:.3f} to {best:.3f}", str(len(same)))
        )
        checks.append(Check(f"PyRIT, judges whose accuracy and F1 come out again: {labels}",
                            str(expected), str(len(same)), len(same) == expected))  # fmt: skip
    return Report("PyRIT, judges beside people",
                  ("", "labelled true", "judges", "accuracy", "made again"), rows, checks)  # fmt: skip


def _agrees(said: dict[str, Any], bad: int, good: int) -> bool:
    """Whether the table that recall and precision leave for these labels gives the rest of what was published."""
    hits = round(said["recall"] * bad)
    alarms = round(hits / said["precision"]) - hits if said["precision"] else 0
    table = Confusion(hits, bad - hits, alarms, good - alarms)
    accuracy = (table.hits + table.passes) / (bad + good)
    fitting = 2 * table.hits / (2 * table.hits + table.misses + table.alarms)
    finds, spares = table.sensitivity, table.specificity
    if finds is None or spares is None or not finds.low <= said["recall"] <= finds.high:
        return False
    return abs(accuracy - said["accuracy"]) < _EXACT and abs(fitting - said["f1_score"]) < _EXACT


def _counted(folder: Path) -> tuple[int, int]:
    """How many answers people called true, and how many false; what is extra was not judged."""
    files = [each for each in sorted(folder.glob("*.csv")) if "extra" not in each.name]
    scores = [float(row["human_score"]) for each in files for row in _labels(each)]
    bad = sum(score > 0 for score in scores)
    return bad, len(scores) - bad


def _labels(file: Path) -> list[dict[str, str]]:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))
