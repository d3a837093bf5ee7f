"""`remit up`: the workspace as a service."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from remit.cli.announcing import Announcer
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from remit.cli.rostering import Needs
    from remit.cli.supervisor import Role

_LONGEST_LINE = 65_536
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
    from remit.cli.rostering import listen
    from remit.cli.serving import stopping_by
    from remit.cli.supervisor import Supervisor
    from remit.control import settings

    chosen = settings.load(terminal.place())
    announcer = Announcer(terminal.as_json)
    hears, tells = os.pipe()
    looked = await _look(terminal, tells)
    if looked:
        return looked
    count = processes or chosen.worker.processes

    def change(needs: Needs) -> None:
        supervisor.change(_roles(terminal, needs, count, tells))

    first = _roles(terminal, await _first(hears), count, tells)
    supervisor = Supervisor(first, announcer, chosen.worker.drain_seconds + _AFTER_DRAIN, (tells,))
    listening = asyncio.ensure_future(listen(hears, change))
    with stopping_by(supervisor.stop):
        code = await supervisor.run()
    listening.cancel()
    announcer.say("stopped", "everything is down")
    return code


async def _first(hears: int) -> Needs:
    """What the process that looked has said."""
    from remit.cli.rostering import Needs, read

    line = await asyncio.to_thread(os.read, hears, _LONGEST_LINE)
    return read(line.splitlines()[-1]) if line else Needs()


def _roles(terminal: Terminal, needs: Needs, processes: int, tells: int) -> list[Role]:
    """What is to be alive: the server and the workers on what is stable, one worker for each other release."""
    return [
        front_role(terminal, needs.stable),
        worker_role(terminal, processes, needs.stable),
        *(release_role(terminal, each) for each in needs.others),
        observer_role(terminal, tells),
    ]


async def _look(terminal: Terminal, tells: int) -> int:
    """What is wrong is said once, before anything is started; by a process that ends, for this one stays small."""
    role = _role(terminal, "check", 1, "--look", "--roster", str(tells))
    looking = await asyncio.create_subprocess_exec(
        *role.command, stdin=asyncio.subprocess.DEVNULL, pass_fds=(tells,)
    )
    try:
        return await looking.wait()
    except asyncio.CancelledError:
        looking.terminate()
        await looking.wait()
        raise


def worker_role(terminal: Terminal, processes: int, release: str = "") -> Role:
    """How a worker of this workspace is started, on what is stable."""
    return _role(terminal, "worker", processes, "--observed", *_of(release))


def release_role(terminal: Terminal, release: str) -> Role:
    """How a worker of another release is started. If that cannot be, its runs wait, and everything else goes on."""
    role = _role(terminal, f"release {release[:12]}", 1, "--observed", *_of(release))
    return replace(role, optional=True)


def front_role(terminal: Terminal, release: str = "") -> Role:
    """How the data plane of this workspace is started: it owns the port, and there is one."""
    return replace(_role(terminal, "server", 1, "--front", *_of(release)), alone=True)


def observer_role(terminal: Terminal, tells: int) -> Role:
    """How what tells of the log is started: it loads no code of the workspace, and keeps the workers free for runs. It
    also says through this file which releases are needed.
    """
    return _role(terminal, "observer", 1, "--observe", "--roster", str(tells))


def _of(release: str) -> tuple[str, ...]:
    return ("--release", release) if release else ()


def _role(terminal: Terminal, name: str, processes: int, *options: str) -> Role:
    from remit.cli.supervisor import Role

    place = str(terminal.place())
    command = (sys.executable, "-m", "remit", "worker", "--lifeline", *options, "--workspace", place)
    return Role(name, (*command, *(["--json"] if terminal.as_json else [])), processes)
