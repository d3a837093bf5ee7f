"""`remit show | watch`: one run, once or as it goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, PARKED, REFUSED
from remit.cli.output import width
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from remit.control.inventory.graphs import Form
    from remit.control.observing.views import SpanPage, TraceView
    from remit.control.office import Office
    from remit.control.runs.views import RunView
    from remit.control.searching.explaining import Explanation


_FOREIGN = re.compile("o?[0-9a-f]{32}")
"""A trace of another agent, by its name here or by its sender's."""


@click.command(cls=Command)
@click.argument("run")
@click.option(
    "--as",
    "form",
    type=click.Choice(["mermaid", "svg"]),
    default=None,
    help="Draw the graph of this name instead.",
)
@click.option(
    "--why", is_flag=True, help="Say in ten lines why it came out as it did, with the events that say so."
)
@click.option("--spans", is_flag=True, help="What was done in it, page by page, however much it is.")
@click.option("--below", default="", metavar="PLACE", help="With --spans: only what is below this place.")
@click.option(
    "--after", default="", metavar="PLACE", help="With --below or --logs: from where the page before ended."
)
@click.option("--raw", default="", metavar="SPAN", help="One span of another agent, with all that was sent.")
@click.option(
    "--logs", is_flag=True, help="The log records that another agent sent with it; with --below: a span."
)
@click.pass_obj
def show(
    terminal: Terminal,
    run: str,
    form: Form | None,
    below: str,
    after: str,
    raw: str,
    *,
    logs: bool,
    spans: bool,
    why: bool,
) -> None:
    """Show RUN: its steps with their times, what was replayed, what it waits for, and its result."""
    if form is not None:
        _draw(terminal, run, form)
        return
    if why:
        from remit.cli.reasons import why_lines

        reasons = terminal.ask_office(lambda office: _why(office, run))
        terminal.answer(reasons, lambda: why_lines(reasons))
        return
    if raw:
        from remit.cli.telemetry import raw_lines

        span = terminal.ask_office(lambda office: office.collecting.raw(run, raw))
        terminal.answer(span, lambda: raw_lines(span, now()))
        return
    if logs:
        from remit.cli.telemetry import record_lines

        said = terminal.ask_office(lambda office: office.collecting.records(run, below, after=after))
        terminal.answer(said, lambda: record_lines(said, now()))
        return
    if spans or below or _FOREIGN.fullmatch(run):
        _spans(terminal, run, below, after)
        return
    from remit.cli.tree import run_lines

    view = terminal.ask_office(lambda office: office.show(run))
    terminal.answer(view, lambda: [line.painted for line in run_lines(view, now(), width())])


@click.command(cls=Command)
@click.argument("run")
@click.pass_obj
def watch(terminal: Terminal, run: str) -> int:
    """Follow RUN until it ends; Ctrl-C stops looking, never the run. With --json, one line a change."""
    from remit.cli.following import follow, screen_for

    async def look(office: Office) -> RunView:
        with screen_for(as_json=terminal.as_json, stream=True) as screen:
            return await follow(office, run, screen)

    return exit_code(terminal.ask_office(look))


async def _why(office: Office, run: str) -> Explanation:
    return await office.searching.why(await office.collecting.place(run) if _FOREIGN.fullmatch(run) else run)


def _spans(terminal: Terminal, run: str, below: str, after: str) -> None:
    from remit.cli.traces import trace_lines

    async def look(office: Office) -> tuple[TraceView, SpanPage | None]:
        place = await office.collecting.place(run) if _FOREIGN.fullmatch(run) else run
        view = await office.observing.trace(place)
        page = await office.observing.spans(view.trace.id, below, after=after) if below or after else None
        return view, page

    view, page = terminal.ask_office(look)
    if page is None:
        more = "there is more: --below PLACE" if view.more else ""
        terminal.answer(view, lambda: trace_lines(view, view.spans, more))
    else:
        more = f"there is more: --after {page.next}" if page.next else ""
        terminal.answer(page, lambda: trace_lines(view, page.spans, more))


def _draw(terminal: Terminal, graph: str, form: Form) -> None:
    from remit.control import settings
    from remit.control.inventory import graphs

    place = terminal.place()
    picture = graphs.draw(place, settings.load(place).code, graph, form)
    terminal.answer(picture, lambda: picture.text.rstrip("\n").split("\n"))


def exit_code(view: RunView) -> int:
    """What a script should know about how a run stands."""
    if view.run.status == "succeeded":
        return DONE
    return REFUSED if view.run.ended_at else PARKED
