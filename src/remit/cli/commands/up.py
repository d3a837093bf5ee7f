"""`remit up`: the workspace as a service."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from remit.cli.announcing import Announcer
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from remit.cli.supervisor import Role

_AFTER_DRAIN = 5.0
"""Seconds beyond the drain before a child counts as hung."""


@click.command(cls=Command)
@click.option("--single", is_flag=True, help="Everything in this one process: for development.")
@click.option(
    "--processes", type=click.IntRange(1, 256), default=None, help="Workers; else worker.processes."
)
@click.pass_obj
def up(terminal: Terminal, processes: int | None, *, single: bool) -> int:
    """Run the workspace until SIGTERM or Ctrl-C: start its workers, replace the dead, drain at the end."""
    from remit.cli.serving import serve

    if single:
        terminal.execute(serve(terminal))
        return 0
    return terminal.execute(_supervise(terminal, processes))


async def _supervise(terminal: Terminal, processes: int | None) -> int:
    from remit.cli.serving import stopping_by
    from remit.cli.supervisor import Supervisor
    from remit.control import settings

    chosen = settings.load(terminal.place())
    announcer = Announcer(terminal.as_json)
    async with terminal.platform() as platform:  # what is wrong is said once, before anything is started
        announcer.say(
            "open", f"workspace {chosen.workspace.name}, {len(platform.flows)} flows, {platform.url}"
        )
    roles = [worker_role(terminal, processes or chosen.worker.processes)]
    supervisor = Supervisor(roles, announcer, chosen.worker.drain_seconds + _AFTER_DRAIN)
    with stopping_by(supervisor.stop):
        code = await supervisor.run()
    announcer.say("stopped", "everything is down")
    return code


def worker_role(terminal: Terminal, processes: int) -> Role:
    """How a worker of this workspace is started."""
    from remit.cli.supervisor import Role

    command = [
        sys.executable,
        "-m",
        "remit",
        "worker",
        "--lifeline",
        "--workspace",
        str(terminal.place()),
    ]
    return Role("worker", [*command, *(["--json"] if terminal.as_json else [])], processes)
