"""The parent of the processes of a workspace: starts them, replaces the dead, and takes them down in good
order. A child that dies is started again after a pause that grows while it keeps dying. Children run in
sessions of their own, so that Ctrl-C reaches the supervisor alone and nobody is signalled twice. It knows
commands and processes, not what they do.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.cli.errors import BAD_USAGE, DONE

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Sequence

    from remit.cli.announcing import Announcer

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of process to keep alive."""

    name: str
    command: Sequence[str]
    processes: int = 1


@dataclass(slots=True)
class Supervisor:
    """Keeps the processes of some roles alive until it is stopped."""

    roles: Sequence[Role]
    announcer: Announcer
    patience: float = 30.0
    """Seconds that children have to drain before they are killed."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _alive: set[Process] = field(default_factory=set["Process"])
    _verdict: int = DONE

    async def run(self) -> int:
        """Supervise until stopped; the exit code."""
        slots = [(role, n + 1) for role in self.roles for n in range(role.processes)]
        async with asyncio.TaskGroup() as group:
            for role, number in slots:
                group.create_task(self._keep(role, f"{role.name} {number}"))
            group.create_task(self._take_down())
        return self._verdict

    def stop(self) -> None:
        """Ask every child to finish."""
        self._stop.set()

    async def _keep(self, role: Role, name: str) -> None:
        failures = 0
        while not self._stop.is_set():
            child = await self._start(role, name)
            begun = asyncio.get_running_loop().time()
            code = await child.wait()
            self._alive.discard(child)
            if self._stop.is_set():
                return
            if code == BAD_USAGE:
                self._give_up(name, code)
                return
            steady = asyncio.get_running_loop().time() - begun > _STEADY_SECONDS
            failures = 0 if steady else failures + 1
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (failures - 1)) if failures else 0.0
            self.announcer.say(
                "died",
                f"{name} {_end(code)}; another starts in {pause:g} s",
                name=name,
                pid=child.pid,
                code=code,
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)

    async def _start(self, role: Role, name: str) -> Process:
        child = await asyncio.create_subprocess_exec(
            *role.command, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        self._alive.add(child)
        self.announcer.say("started", f"{name} started (pid {child.pid})", name=name, pid=child.pid)
        return child

    async def _take_down(self) -> None:
        await self._stop.wait()
        self.announcer.say("stopping", "waiting for every process to finish what it is doing")
        for child in list(self._alive):
            _signal(child, signal.SIGTERM)
        waits = [asyncio.ensure_future(child.wait()) for child in self._alive]
        if not waits:
            return
        _, late = await asyncio.wait(waits, timeout=self.patience)
        if late:
            self.announcer.say("killing", f"{len(late)} did not finish in {self.patience:g} s and are killed")
            for child in list(self._alive):
                _signal(child, signal.SIGKILL)
            await asyncio.wait(late)

    def _give_up(self, name: str, code: int) -> None:
        """What a child refuses because of its input it will refuse every time."""
        self.announcer.say("refused", f"{name} refused to start; see above", name=name, code=code)
        self._verdict = code
        self.stop()


def _signal(child: Process, number: signal.Signals) -> None:
    """By its own pid, and only while it has not been waited for."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, number)


def _end(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return "ended" if code == 0 else f"ended with {code}"
