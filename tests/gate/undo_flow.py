"""What the undo tests run: a flow that writes what it is told, and Python tools over rows in memory."""

from __future__ import annotations

from typing import Any

from remit import Run, flow
from remit.domain.errors import StepFailed
from remit.tools.tool import tool

ROWS: dict[int, dict[str, Any]] = {}
"""The world of the Python tools; it outlives the deaths of platforms, as a world does."""


@flow
async def act(run: Run, calls: list[tuple[str, dict[str, Any]]]) -> int:
    """Make the calls; those that the world refuses did not take place."""
    done = 0
    for name, arguments in calls:
        try:
            await run.call(name, **arguments)
            done += 1
        except StepFailed:
            continue
    return done


@tool(undo="restore", object="rows/{id}", timeout=30)
async def write_row(id: int, status: str) -> dict[str, Any]:  # noqa: A002 - the name of the argument
    """Write one row."""
    ROWS[id] = {**ROWS.get(id, {}), "status": status}
    return ROWS[id]


@write_row.before
async def look_at_row(id: int, **_: Any) -> dict[str, Any] | None:  # noqa: A002
    return dict(ROWS[id]) if id in ROWS else None


@write_row.restore
async def put_row_back(row: dict[str, Any] | None, id: int) -> None:  # noqa: A002
    if row is None:
        ROWS.pop(id, None)
    else:
        ROWS[id] = dict(row)
