"""What the benchmark says: tables for people, one JSON value for machines, and every target as met or missed.

It owns the words and the layout. It must not measure, and it must not leave anything out: a lost comparison
is printed like a won one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.cycles import Spread


@dataclass(frozen=True, slots=True)
class Check:
    """One promise beside its measurement."""

    subject: str
    target: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One section: a table, the promises it decides, and the same as data."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    checks: list[Check] = field(default_factory=list[Check])
    notes: list[str] = field(default_factory=list[str])
    data: dict[str, Any] = field(default_factory=dict[str, Any])


def show(report: Report) -> None:
    """Print one section as soon as it is known: the whole benchmark takes minutes."""
    print(f"\n{report.title}")
    _grid(report.columns, report.rows)
    for note in report.notes:
        print(f"  {note}")


def show_checks(reports: Sequence[Report]) -> None:
    """All promises in one table, the missed ones included."""
    checks = [check for report in reports for check in report.checks]
    if not checks:
        return
    met = sum(check.met for check in checks)
    print(f"\nTargets: {met} of {len(checks)} met")
    rows = [
        (check.subject, check.target, check.measured, "met" if check.met else "MISSED") for check in checks
    ]
    _grid(("", "target", "measured", ""), rows)


def write_json(path: Path, conditions: dict[str, Any], reports: Sequence[Report]) -> None:
    """The same numbers for a program."""
    sections = [
        {
            "title": report.title,
            "data": report.data,
            "notes": report.notes,
            "targets": [
                {
                    "subject": check.subject,
                    "target": check.target,
                    "measured": check.measured,
                    "met": check.met,
                }
                for check in report.checks
            ],
        }
        for report in reports
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"conditions": conditions, "sections": sections}, indent=2) + "\n", encoding="utf-8"
    )


def count(value: float | None) -> str:
    """A number as a person reads it: three digits that matter, thousands apart."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread_of(value: Spread, unit: str = "") -> str:
    """A median with its quartiles."""
    return f"{count(value.median)}{unit} [{count(value.low)}-{count(value.high)}]"


def _grid(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Words to the left, numbers to the right: a column of numbers is read downwards."""
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    for number, row in enumerate([columns, *rows]):
        cells = [
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))
