"""Run rows between the table and the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.runs import RunRow, RunStatus

if TYPE_CHECKING:
    from remit.store.database import Row


def run_row(row: Row) -> RunRow:
    """A row of `runs`, in the column order that every query of runs.sql selects."""
    values = list(row)
    values[3] = RunStatus(values[3])
    values[15] = bool(values[15])
    return RunRow(*values)
