"""`remit worker`: one worker."""

from __future__ import annotations

import click

from remit.cli.terminal import Command, Terminal


@click.command(cls=Command)
@click.option("--lifeline", is_flag=True, hidden=True, help="Also stop when standard input closes.")
@click.option(
    "--front", is_flag=True, hidden=True, help="The data plane: let other agents in, and claim no run."
)
@click.option("--look", is_flag=True, hidden=True, help="Only see whether the workspace can be opened.")
@click.pass_obj
def worker(terminal: Terminal, *, lifeline: bool, front: bool, look: bool) -> None:
    """Execute runs until SIGTERM or Ctrl-C, then finish what is under way. A second signal leaves at once."""
    from remit.cli.serving import look_at, serve

    if look:
        terminal.execute(look_at(terminal))
        return
    terminal.execute(serve(terminal, lifeline=lifeline, worker=not front, front=front))
