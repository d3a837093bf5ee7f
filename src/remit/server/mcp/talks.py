"""Calls that are under way while their client is away: one that keeps no connection is answered with the questions,
and comes back with what its user said, to the very call that asked. A call waits in the memory of this process.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Protocol

from remit.control.fronting.upstreams import Relay

if TYPE_CHECKING:
    from collections.abc import Awaitable

Json = Any

SECONDS = 600.0
"""How long a call waits for its client."""
_MOST = 1_000
_A_MOMENT = 0.02
"""What a server asks within it is asked together."""


class Line(Protocol):
    """The request that a client waits on now."""

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Tell how far it is."""
        ...

    async def log(self, said: dict[str, Json]) -> None:
        """Tell what the server logged."""
        ...


class Asked(Exception):
    """The client has to be asked before the call goes on."""

    def __init__(self, questions: dict[str, Json], state: str) -> None:
        super().__init__()
        self.questions = questions
        self.state = state
        """What a server that keeps nothing wants to have back, so that any process can go on."""


class Talk(Relay):
    """One call of a client that comes and goes."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when nobody will come back for it."""
        self._open: dict[str, tuple[Json, asyncio.Future[Json]]] = {}
        self._wake = asyncio.Event()
        self._line: Line | None = None
        self._task: asyncio.Task[Any] | None = None
        self._state = ""

    def begin(self, work: Awaitable[Any]) -> None:
        """Do it in a task of its own."""
        self._task = asyncio.ensure_future(work)
        self._task.add_done_callback(self._ended)

    async def round(self, line: Line) -> Any:
        """What it gives or raises; or `Asked`, and it waits for the answers. Who leaves here has given it up."""
        assert self._task is not None  # noqa: S101 - begun
        self._line = line
        try:
            while not self._task.done() and not self._open:
                self._wake.clear()
                await self._wake.wait()
            before = 0
            while not self._task.done() and len(self._open) > before:
                before = len(self._open)
                await asyncio.wait({self._task}, timeout=_A_MOMENT)
        except asyncio.CancelledError:
            self.leave()
            raise
        finally:
            self._line = None
        if self._task.done():
            return self._task.result()
        raise Asked({name: asked for name, (asked, _) in self._open.items() if name}, self._state)

    def answer(self, answers: dict[str, Json]) -> None:
        """What the client brought; what is missing is asked again."""
        for name, (_, future) in list(self._open.items()):
            if not name or name in answers:
                del self._open[name]
                if not future.done():
                    future.set_result(answers.get(name))

    def leave(self) -> None:
        """Nobody comes back: what is under way is cancelled."""
        if not self.gone.done():
            self.gone.set_result(None)
        for _, future in self._open.values():
            future.cancel()

    async def ask(self, asked: dict[str, Json], state: str = "") -> dict[str, Json]:
        """Ask the client, at its next answer. A server that asks nothing only wants to be called again."""
        self._state = state
        loop = asyncio.get_running_loop()
        waiting = {name: loop.create_future() for name in asked or {"": None}}
        self._open |= {name: (asked.get(name), future) for name, future in waiting.items()}
        self._wake.set()
        return {name: said for name, future in waiting.items() if (said := await future) is not None}

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """How far the server is, if somebody listens."""
        if self._line is not None:
            await self._line.progress(progress, total, message)

    async def log(self, said: dict[str, Json]) -> None:
        """What the server logged, if somebody listens."""
        if self._line is not None:
            await self._line.log(said)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()
        self._wake.set()


class Talks:
    """Those that wait for their clients, by what only the client's sealed state names."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Talk, asyncio.TimerHandle]] = {}

    def keep(self, talk: Talk) -> str:
        """Wait for its client; gives the name by which it is found once."""
        if len(self._waiting) >= _MOST:
            self._drop(next(iter(self._waiting)))
        name = secrets.token_urlsafe(16)
        timer = asyncio.get_running_loop().call_later(SECONDS, self._drop, name)
        self._waiting[name] = (talk, timer)
        return name

    def take(self, name: str, owner: str) -> Talk | None:
        """The call of this name, if its owner asks."""
        found = self._waiting.get(name)
        if found is None or found[0].owner != owner:
            return None
        del self._waiting[name]
        found[1].cancel()
        return found[0]

    def close(self) -> None:
        """The process leaves: none of them is come back to."""
        for name in list(self._waiting):
            self._drop(name)

    def _drop(self, name: str) -> None:
        talk, timer = self._waiting.pop(name)
        timer.cancel()
        talk.leave()
