"""One process of a workspace, a worker or the data plane or both: it serves until it is told to stop, drains, and
leaves.

The first signal asks it to finish what it is doing; the second means now. A worker that was started by a
supervisor also stops when that supervisor is gone, however it went: it holds the end of a pipe.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from remit.cli.announcing import Announcer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from remit.cli.terminal import Terminal
    from remit.control.platform import Platform
    from remit.control.settings import Settings

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_POLITE = 10
"""By so much an observer stands behind others who want a processor: a tenth of one is left to it."""


async def serve(
    terminal: Terminal,
    *,
    lifeline: bool = False,
    worker: bool = True,
    front: bool = False,
    observes: bool = True,
    release: str = "",
) -> None:
    """Execute runs, let other agents in, or both, until a stop signal or until the process at the other end of standard
    input is gone.
    """
    announcer = Announcer(terminal.as_json)
    stop = asyncio.Event()
    _speak_as_chosen(terminal)
    with stopping_by(stop.set):
        if lifeline:
            await _hold(stop)
        async with terminal.platform(worker=False, release=release) as platform:
            if worker:
                await platform.start_worker(observes=observes)
                flows = ", ".join(sorted(platform.flows)) or "no flows"
                of = f" of the release {platform.services.release[:12]}" if release else ""
                said = f"worker {platform.worker_id} (pid {os.getpid()}) serves {flows}{of}"
                announcer.say("ready", said, worker=platform.worker_id)
            else:
                await platform.start_front()
            async with _door(terminal, platform, announcer) if front else nullcontext():
                await stop.wait()
                announcer.say("draining", "finishing what is under way; a second signal leaves at once")
        announcer.say("stopped", "drained; nothing is lost")


async def observe(terminal: Terminal, roster: int = -1) -> None:
    """Keep what is told of the log near its end, until a stop signal or until standard input closes; no code of the
    workspace is loaded. Where processors are scarce, those who act come first.
    """
    from remit.cli.rostering import tell
    from remit.control.observing.wiring import observing

    os.nice(_POLITE)
    announcer = Announcer(terminal.as_json)
    stop = asyncio.Event()
    chosen = _speak_as_chosen(terminal)
    with stopping_by(stop.set):
        await _hold(stop)
        async with (
            terminal.office() as office,
            observing(office.ground, chosen.otel, [office.drifting.watch()]),
        ):
            announcer.say("observing", f"telling what happens (pid {os.getpid()})")
            watch = office.releasing.watched(chosen.releases)
            telling = asyncio.ensure_future(tell(office, roster)) if roster >= 0 else None
            await stop.wait()
            if telling is not None:
                telling.cancel()
            await watch.stop()


async def look_at(terminal: Terminal, roster: int = -1) -> None:
    """Open the workspace and say what it is, or what is wrong with it; and into `roster`, which releases are needed."""
    from remit.cli.rostering import Needs, write
    from remit.control import settings

    name = settings.load(terminal.place()).workspace.name
    async with terminal.platform() as platform:
        if roster >= 0:
            found = await platform.releasing.roster()
            write(roster, Needs(found.stable, found.others))
        said = f"workspace {name}, {len(platform.flows)} flows, {platform.url}"
        Announcer(terminal.as_json).say("open", said)


def _speak_as_chosen(terminal: Terminal) -> Settings:
    """How this process says what goes wrong, and to whom; gives all that was chosen."""
    from remit.cli.error_reports import report_errors
    from remit.cli.logs import structure_logs
    from remit.control import settings

    chosen = settings.load(terminal.place())
    if chosen.logs.format == "json":
        about = {
            "service.name": chosen.otel.service, "service.environment": chosen.workspace.environment,
            "labels.workspace": chosen.workspace.name, "labels.team": chosen.workspace.team,
        }  # fmt: skip
        structure_logs(about, debug=terminal.debug)
    report_errors(chosen)
    return chosen


@asynccontextmanager
async def _door(terminal: Terminal, platform: Platform, announcer: Announcer) -> AsyncGenerator[None]:
    """The port, while the block lasts."""
    from remit.control import settings
    from remit.server.serving import serving

    chosen = settings.load(terminal.place())
    async with serving(platform, chosen.server, chosen.worker.drain_seconds) as url:
        said = f"serving at {url} (pid {os.getpid()}); a key for an agent: remit key new --for-agent NAME"
        announcer.say("serving", said, url=url)
        yield


@contextmanager
def stopping_by(act: Callable[[], None]) -> Generator[None]:
    """Call `act` on the first stop signal and end the process on the second."""
    loop = asyncio.get_running_loop()
    asked = False

    def on_signal(number: int) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)  # as a kill would: what is acknowledged is safe, the rest is taken over
        asked = True
        act()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


async def _hold(stop: asyncio.Event) -> None:
    """Stop once standard input closes, which it does when the supervisor ends in any way."""

    class Lifeline(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
            stop.set()

    await asyncio.get_running_loop().connect_read_pipe(Lifeline, sys.stdin)
