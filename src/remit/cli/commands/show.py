"""`remit show | watch`: one run, once or as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, PARKED, REFUSED
from remit.cli.output import width
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from remit.control.inventory.graphs import Form
    from remit.control.office import Office
    from remit.control.runs.views import RunView


@click.command(cls=Command)
@click.argument("run")
@click.option(
    "--as",
    "form",
    type=click.Choice(["mermaid", "svg"]),
    default=None,
    help="Draw the graph of this name instead.",
)
@click.pass_obj
def show(terminal: Terminal, run: str, form: Form | None) -> None:
    """Show RUN: its steps with their times, what was replayed, what it waits for, and its result."""
    if form is not None:
        _draw(terminal, run, form)
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
