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
    alone: bool = False
    """Whether the one before it has to be gone first: it owns something that there is once, such as the port."""
    optional: bool = False
    """Whether the others go on without it, if it refuses to start."""


@dataclass(eq=False, slots=True)
class _Slot:
    """One process that is kept alive."""

    role: Role
    name: str
    over: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Supervisor:
    """Keeps the processes of some roles alive until it is stopped."""

    roles: Sequence[Role]
    announcer: Announcer
    patience: float = 30.0
    """Seconds that children have to drain before they are killed."""
    passing: tuple[int, ...] = ()
    """Files that children inherit."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _alive: set[Process] = field(default_factory=set["Process"])
    _asked: set[int] = field(default_factory=set[int])
    _slots: dict[tuple[object, ...], _Slot] = field(default_factory=dict[tuple[object, ...], _Slot])
    _group: asyncio.TaskGroup | None = None
    _verdict: int = DONE

    async def run(self) -> int:
        """Supervise until stopped; the exit code."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self.change(self.roles)
            group.create_task(self._take_down())
        return self._verdict

    def stop(self) -> None:
        """Ask every child to finish."""
        self._stop.set()
        for slot in self._slots.values():
            slot.over.set()

    def change(self, roles: Sequence[Role]) -> None:
        """From now on keep these alive: what is new starts, what is not among them finishes what it is doing."""
        if self._group is None or self._stop.is_set():
            return
        wanted = [(role, n) for role in roles for n in range(role.processes)]
        gone = [self._slots.pop(key) for key in list(self._slots) if key not in wanted]
        for slot in gone:
            slot.over.set()
        for role, number in wanted:
            if (role, number) not in self._slots:
                before = [
                    slot.task for slot in gone if role.alone and slot.role.name == role.name and slot.task
                ]
                slot = self._slots[role, number] = _Slot(role, f"{role.name} {number + 1}")
                slot.task = self._group.create_task(self._keep(slot, before))

    async def _keep(self, slot: _Slot, before: Sequence[asyncio.Task[None]] = ()) -> None:
        role, name, failures = slot.role, slot.name, 0
        if before:
            await asyncio.wait(before)
        while not slot.over.is_set():
            child = await self._start(role, name)
            begun = asyncio.get_running_loop().time()
            code = await self._ended(slot, child)
            self._alive.discard(child)
            if slot.over.is_set():
                return
            if code == BAD_USAGE:
                self._give_up(slot, code)
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
                await asyncio.wait_for(slot.over.wait(), pause)

    async def _ended(self, slot: _Slot, child: Process) -> int:
        """Wait for its end; one that is not wanted any more, and does not leave, is killed."""
        ending, over = asyncio.ensure_future(child.wait()), asyncio.ensure_future(slot.over.wait())
        try:
            await asyncio.wait({ending, over}, return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                self._ask_to_leave(child)
                await asyncio.wait({ending}, timeout=self.patience)
                _signal(child, signal.SIGKILL)
            return await ending
        finally:
            over.cancel()

    async def _start(self, role: Role, name: str) -> Process:
        child = await asyncio.create_subprocess_exec(
            *role.command, stdin=asyncio.subprocess.PIPE, start_new_session=True, pass_fds=self.passing
        )
        self._alive.add(child)
        self._asked.discard(child.pid)
        self.announcer.say("started", f"{name} started (pid {child.pid})", name=name, pid=child.pid)
        return child

    async def _take_down(self) -> None:
        await self._stop.wait()
        self.announcer.say("stopping", "waiting for every process to finish what it is doing")
        for child in list(self._alive):
            self._ask_to_leave(child)
        waits = [asyncio.ensure_future(child.wait()) for child in self._alive]
        if not waits:
            return
        _, late = await asyncio.wait(waits, timeout=self.patience)
        if late:
            self.announcer.say("killing", f"{len(late)} did not finish in {self.patience:g} s and are killed")
            for child in list(self._alive):
                _signal(child, signal.SIGKILL)
            await asyncio.wait(late)

    def _ask_to_leave(self, child: Process) -> None:
        """Once: a second signal means now."""
        if child.pid not in self._asked:
            self._asked.add(child.pid)
            _signal(child, signal.SIGTERM)

    def _give_up(self, slot: _Slot, code: int) -> None:
        """What a child refuses because of its input it will refuse every time."""
        self.announcer.say("refused", f"{slot.name} refused to start; see above", name=slot.name, code=code)
        if slot.role.optional:
            return
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
