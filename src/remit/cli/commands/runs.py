"""`remit runs`: the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from remit.control.observing.views import Wanted
    from remit.control.runs.views import RunSummary, ScheduleView

STATES = ("ready", "running", "parked", "succeeded", "failed", "cancelled")
STYLES = {"succeeded": "good", "failed": "bad", "cancelled": "bad", "parked": "waits"}


@click.command(cls=Command)
@click.option("--status", type=click.Choice(STATES), default=None, help="Only runs that stand here.")
@click.option("--flow", default=None, help="Only runs of this flow.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@click.option("--schedules", is_flag=True, help="List the flows that start by the clock instead.")
@click.option("--sources", is_flag=True, help="List who sends telemetry instead, and how complete it is.")
@click.option("--failures", is_flag=True, help="List the kinds of failures instead, and how each develops.")
@click.option("--since", default="", metavar="TIME", help="Only runs begun since: 7d, 12h or a date.")
@click.option(
    "--where",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only runs that fit: flow, status, agent, session, principal, purpose, release, source, failure, error, "
    "signature, model, prompt, parent, sort; or at least so much: cost (dollars), took (seconds), asks, loops, "
    "denials.",
)
@click.option("--facets", is_flag=True, help="Say what there is among them instead.")
@click.option("--after", default="", metavar="PLACE", help="From where the page before ended.")
@click.pass_obj
def runs(
    terminal: Terminal, status: str | None, flow: str | None, limit: int, since: str, where: tuple[str, ...],
    after: str, *, schedules: bool, failures: bool, sources: bool, facets: bool,
) -> None:  # fmt: skip
    """List runs, newest first; with --since, --where or --facets by what is told of them, costs included."""
    chosen = {"schedules": schedules, "sources": sources, "failures": failures, "facets": facets}
    _fitting([name for name, is_on in chosen.items() if is_on], status, flow, since, where, after)
    if schedules:
        planned = terminal.ask_office(lambda office: office.schedules())
        terminal.answer(planned, lambda: _schedule_lines(planned))
        return
    if failures:
        from remit.cli.reasons import failure_lines

        kinds = terminal.ask_office(
            lambda office: office.searching.failures(since or "7d", flow or "", min(limit, 200))
        )
        terminal.answer(kinds, lambda: failure_lines(kinds, now()))
        return
    if sources:
        from remit.cli.telemetry import source_lines

        senders = terminal.ask_office(lambda office: office.collecting.sources())
        terminal.answer(senders, lambda: source_lines(senders, now()))
        return
    if since or where or facets or after:
        _traces(terminal, _wanted(status, flow, since, where), limit, after, facets=facets)
        return
    found = terminal.ask_office(lambda office: office.runs(status=status, flow=flow, limit=limit))
    terminal.answer(found, lambda: _run_lines(found))


def _traces(terminal: Terminal, wanted: Wanted, limit: int, after: str, *, facets: bool) -> None:
    from remit.cli.traces import facet_lines, page_lines

    if facets:
        found = terminal.ask_office(lambda office: office.observing.facets(wanted))
        terminal.answer(found, lambda: facet_lines(found))
        return
    page = terminal.ask_office(lambda office: office.observing.traces(wanted, after=after, limit=limit))
    terminal.answer(page, lambda: page_lines(page, now()))


def _wanted(status: str | None, flow: str | None, since: str, where: tuple[str, ...]) -> Wanted:
    from remit.cli.given import since as time_of
    from remit.control.observing.views import Wanted

    said: dict[str, Any] = {"since": time_of(since, now())}
    if status:
        said["status"] = _STATUSES.get(status, status)
    if flow:
        said["flow"] = flow
    for each in where:
        name, equals, value = each.partition("=")
        if not equals or not value:
            raise click.UsageError(f"--where takes NAME=VALUE, such as agent=triage, not {each!r}.")
        if name not in Wanted.__slots__ or name == "since":
            raise click.UsageError(f"nothing is found by {name!r}: --where takes {', '.join(_names())}.")
        if name in said:
            raise click.UsageError(f"{name} is said twice, and a run has one.")
        if name == "status" and value not in _TOLD:
            raise click.UsageError(f"no run is {value!r}: status is one of {', '.join(_TOLD)}.")
        said[name] = _least(name, value) if name in _LEAST else value
    return Wanted(**said)


def _names() -> list[str]:
    from remit.control.observing.views import Wanted

    return [name for name in Wanted.__slots__ if name != "since"]


def _least(name: str, value: str) -> int:
    try:
        least = round(float(value) * _LEAST[name])
    except (ValueError, OverflowError):
        least = 0
    if 0 < least < _HUGE:
        return least
    raise click.UsageError(f"--where {name} takes a number above 0, not {value!r}.")


def _fitting(
    chosen: list[str], status: str | None, flow: str | None, since: str, where: tuple[str, ...], after: str
) -> None:
    """Raise where something is asked for that would be passed over."""
    if len(chosen) > 1:
        raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} are two lists: ask for one of them.")
    given = {"status": status, "flow": flow, "since": since, "where": where, "after": after}
    fits = _FITS[chosen[0]] if chosen else given
    for name, value in given.items():
        if value and name not in fits:
            raise click.UsageError(f"--{name} does not go with --{chosen[0]}.")


_FITS = {
    "schedules": (), "sources": (), "failures": ("flow", "since"), "facets": ("status", "flow", "since", "where"),
}  # fmt: skip
"""What may be said beside each of the other lists."""
_TOLD = ("running", "waiting", "succeeded", "failed", "cancelled", "ended")
_HUGE = 2**62
_LEAST = {"cost": 1_000_000, "took": 1_000_000, "asks": 1, "loops": 1, "denials": 1}
_STATUSES = {"ready": "running", "parked": "waiting"}
"""What is told of runs knows where they stand less exactly than their own table."""


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
    if run.source:
        return f"sent by {run.source}{f': {run.error}' if run.error else ''}"
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
