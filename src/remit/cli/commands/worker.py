"""`remit worker`: one worker."""

from __future__ import annotations

import click

from remit.cli.terminal import Command, Terminal


@click.command(cls=Command)
@click.option("--lifeline", is_flag=True, hidden=True, help="Also stop when standard input closes.")
@click.option(
    "--front", is_flag=True, hidden=True, help="The data plane: let other agents in, and claim no run."
)
@click.option("--observe", is_flag=True, hidden=True, help="Execute nothing; tell what happens.")
@click.option("--observed", is_flag=True, hidden=True, help="Another process tells what happens.")
@click.option(
    "--release", default="", metavar="RELEASE", help="By the code of this release, and its runs alone."
)
@click.option(
    "--roster", type=int, default=-1, hidden=True, help="Say into this file which releases are needed."
)
@click.option("--look", is_flag=True, hidden=True, help="Only see whether the workspace can be opened.")
@click.pass_obj
def worker(
    terminal: Terminal, release: str, roster: int,
    *, lifeline: bool, front: bool, observe: bool, observed: bool, look: bool,
) -> None:  # fmt: skip
    """Execute runs until SIGTERM or Ctrl-C, then finish what is under way. A second signal leaves at once."""
    from remit.cli import serving

    if look:
        terminal.execute(serving.look_at(terminal, roster))
    elif observe:
        terminal.execute(serving.observe(terminal, roster))
    else:
        work = serving.serve(
            terminal, lifeline=lifeline, worker=not front, front=front, observes=not observed, release=release
        )  # fmt: skip
        terminal.execute(work)
