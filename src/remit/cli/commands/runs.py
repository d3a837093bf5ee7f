"""`remit runs`: the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from remit.control.runs.views import RunSummary, ScheduleView

STATES = ("ready", "running", "parked", "succeeded", "failed", "cancelled")
STYLES = {"succeeded": "good", "failed": "bad", "cancelled": "bad", "parked": "waits"}


@click.command(cls=Command)
@click.option("--status", type=click.Choice(STATES), default=None, help="Only runs that stand here.")
@click.option("--flow", default=None, help="Only runs of this flow.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@click.option("--schedules", is_flag=True, help="List the flows that start by the clock instead.")
@click.pass_obj
def runs(terminal: Terminal, status: str | None, flow: str | None, limit: int, *, schedules: bool) -> None:
    """List runs, newest first."""
    if schedules:
        planned = terminal.ask_office(lambda office: office.schedules())
        terminal.answer(planned, lambda: _schedule_lines(planned))
        return
    found = terminal.ask_office(lambda office: office.runs(status=status, flow=flow, limit=limit))
    terminal.answer(found, lambda: _run_lines(found))


def _run_lines(found: list[RunSummary]) -> list[str]:
    if not found:
        return ["no runs"]
    at = now()
    return table(
        ("run", "flow", "status", "steps", "started", "took", "about"),
        [
            (
                run.id,
                run.flow,
                Span("paused" if run.paused else run.status, STYLES.get(run.status, "")),
                str(run.steps),
                wording.ago(run.created_at, at),
                wording.duration(run.ended_at - run.created_at) if run.ended_at else "",
                _about(run, at),
            )
            for run in found
        ],
    )


def _about(run: RunSummary, now: int) -> str:
    if run.error or run.cancelled_for:
        return run.error or run.cancelled_for
    due = f" until {wording.when(run.due, now)}" if run.due is not None and run.status == "parked" else ""
    return f"{run.reason.replace('_', ' ')}{due}"


def _schedule_lines(planned: list[ScheduleView]) -> list[str]:
    if not planned:
        return ['no flow starts by the clock; write @flow(cron="0 9 * * 1-5", tz="Europe/Berlin")']
    at = now()
    return table(
        ("schedule", "flow", "cron", "zone", "next"),
        [
            (s.id, s.flow, s.cron, s.tz, wording.when(s.next_at, at) if s.next_at and s.active else "never")
            for s in planned
        ],
    )
