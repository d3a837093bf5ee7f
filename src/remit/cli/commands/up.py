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
    """Run the workspace until SIGTERM or Ctrl-C: server, workers, observer; replace the dead, drain at the end."""
    from remit.cli.serving import serve

    if single:
        terminal.execute(serve(terminal, front=True))
        return 0
    return terminal.execute(_supervise(terminal, processes))


async def _supervise(terminal: Terminal, processes: int | None) -> int:
    from remit.cli.serving import stopping_by
    from remit.cli.supervisor import Supervisor
    from remit.control import settings

    chosen = settings.load(terminal.place())
    announcer = Announcer(terminal.as_json)
    looked = await _look(terminal)
    if looked:
        return looked
    roles = [
        front_role(terminal),
        worker_role(terminal, processes or chosen.worker.processes),
        observer_role(terminal),
    ]
    supervisor = Supervisor(roles, announcer, chosen.worker.drain_seconds + _AFTER_DRAIN)
    with stopping_by(supervisor.stop):
        code = await supervisor.run()
    announcer.say("stopped", "everything is down")
    return code


async def _look(terminal: Terminal) -> int:
    """What is wrong is said once, before anything is started; by a process that ends, for this one stays small."""
    import asyncio

    role = _role(terminal, "check", 1, "--look")
    looking = await asyncio.create_subprocess_exec(*role.command, stdin=asyncio.subprocess.DEVNULL)
    try:
        return await looking.wait()
    except asyncio.CancelledError:
        looking.terminate()
        await looking.wait()
        raise


def worker_role(terminal: Terminal, processes: int) -> Role:
    """How a worker of this workspace is started."""
    return _role(terminal, "worker", processes, "--observed")


def front_role(terminal: Terminal) -> Role:
    """How the data plane of this workspace is started: it owns the port, and there is one."""
    return _role(terminal, "server", 1, "--front")


def observer_role(terminal: Terminal) -> Role:
    """How what tells of the log is started: it loads no code of the workspace, and keeps the workers free for runs."""
    return _role(terminal, "observer", 1, "--observe")


def _role(terminal: Terminal, name: str, processes: int, *options: str) -> Role:
    from remit.cli.supervisor import Role

    place = str(terminal.place())
    command = [sys.executable, "-m", "remit", "worker", "--lifeline", *options, "--workspace", place]
    return Role(name, [*command, *(["--json"] if terminal.as_json else [])], processes)
