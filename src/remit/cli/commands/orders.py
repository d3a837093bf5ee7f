"""`remit signal | pause | resume | cancel`: what a person may tell a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli.given import json_value
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from remit.control.office import Office
    from remit.control.runs.views import RunView


@click.command(cls=Command)
@click.argument("run")
@click.argument("name")
@click.option("--payload", default="null", metavar="JSON", help="What the run gets; JSON, @file or -.")
@click.pass_obj
def signal(terminal: Terminal, run: str, name: str, payload: str) -> None:
    """Send RUN the signal NAME. It is kept until the run asks for it."""
    content = json_value(payload, "--payload")
    _tell(terminal, run, lambda p: p.signal(run, name, content), f'signal "{name}" sent to')


@click.command(cls=Command)
@click.argument("run")
@click.pass_obj
def pause(terminal: Terminal, run: str) -> None:
    """Let nobody work on RUN until it is resumed. Calls under way are finished and recorded."""
    _tell(terminal, run, lambda p: p.pause(run), "paused")


@click.command(cls=Command)
@click.argument("run")
@click.pass_obj
def resume(terminal: Terminal, run: str) -> None:
    """Let RUN go on, which was paused, or set aside because it failed again and again."""
    _tell(terminal, run, lambda p: p.resume(run), "resumed")


@click.command(cls=Command)
@click.argument("run")
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def cancel(terminal: Terminal, run: str, reason: str) -> None:
    """Cancel RUN and its children. A write under way is waited for; clean-up in the flow still runs."""
    _tell(terminal, run, lambda p: p.cancel(run, reason), "cancellation asked of")


def _tell(
    terminal: Terminal, run: str, order: Callable[[Office], Coroutine[Any, Any, object]], done: str
) -> None:
    async def tell(office: Office) -> RunView:
        await order(office)
        return await office.show(run)

    view = terminal.ask_office(tell)
    terminal.answer(view, lambda: [f"{done} {view.run.id} ({view.run.flow}); it is {view.run.status}"])
