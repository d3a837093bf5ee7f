"""The front of AG-UI: `POST /agui/AGENT` runs an agent and streams what it does, `GET /agui/RUN` streams a run that is
there already. A front end that leaves ends nothing: the run goes on, and can be looked at again.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from remit.control.fronting.refusals import said_outside
from remit.domain.errors import BadInput, Infrastructure, RemitError, Unauthenticated
from remit.domain.front_errors import OverLimit
from remit.domain.task_errors import UnknownTask
from remit.server.agui.asked import read
from remit.server.agui.events import Telling
from remit.server.faults import RequestFault
from remit.server.request import JSON, Request
from remit.server.visiting import Visit, visit
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from remit.control.platform import Platform
    from remit.control.tasking.following import News
    from remit.domain.fronting import Caller
    from remit.domain.tasks import Task
    from remit.server.agui.asked import Asked
    from remit.server.request import ASGIApp, Receive, Send

PREFIX = "/agui/"
_STREAM = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_ALIVE_SECONDS = 10.0


def endpoints(platform: Platform) -> dict[str, ASGIApp]:
    """What is served: nothing, unless an agent is named for it."""
    return {PREFIX: _Front(platform).serve} if platform.tasks.served.agui else {}


class _Front:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._desk = platform.tasks

    async def serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        request: Request = scope.get("remit.request") or Request(scope, receive, send, "agui")
        named = request.path.removeprefix(PREFIX)
        try:
            async with visit(self._platform, request.headers) as guest:
                await self._let_in(request, guest, named)
        except RemitError as wrong:
            if not request.begun:
                body = {"error": {"code": wrong.code, "message": said_outside(wrong)}}
                await request.reply(_status(wrong), [JSON], canonical.encode(body))

    async def _let_in(self, request: Request, guest: Visit, named: str) -> None:
        if request.method == "POST" and named in self._desk.served.agui:
            await self._run(request, guest, named, read(await request.body()))
        elif request.method == "GET" and named.startswith("r-"):
            task = await self._mine(guest.caller, named)
            await self._stream(request, guest, task, Telling(task.context, task.id, task.id))
        else:
            raise UnknownTask(
                f'nothing is run as "{named[:100]}" here.', "Agents: agui.agents in remit.toml."
            )

    async def _run(self, request: Request, guest: Visit, agent: str, asked: Asked) -> None:
        """Start it, or let it go on with the answers, and stream what follows."""
        caller = guest.caller
        self._desk.check(caller, agent)
        after = 0
        if asked.task:
            after = await self._desk.told(caller, asked.task)
            task = await self._mine(caller, asked.task, agent)
            if asked.answers:
                task = await self._desk.decide(caller, task.id, asked.answers)
            if asked.said:
                task = await self._desk.say(caller, task.id, asked.said, message=asked.run)
        else:
            task = await self._desk.give(caller, agent, asked.said, message=asked.run, context=asked.thread)
        telling = Telling(asked.thread, asked.run, task.id)
        await self._stream(request, guest, task, telling, asked.tools, after=after)

    async def _mine(self, caller: Caller, task: str, agent: str | None = None) -> Task:
        """A task of this caller, of an agent that is served here."""
        found = await self._desk.find(caller, task, agent)
        if found.agent not in self._desk.served.agui:
            raise UnknownTask(f'there is no run "{task}" of yours here.')
        return found

    async def _stream(
        self, request: Request, guest: Visit, task: Task, telling: Telling, ignored: tuple[str, ...] = (), *,
        after: int = 0,
    ) -> None:  # fmt: skip
        """Every event until the end, or until the front end leaves; a sign of life where nothing happens."""
        await request.begin(200, _STREAM)
        left = asyncio.get_running_loop().create_future()
        request.watch(lambda: None if left.done() else left.set_result(None))
        try:
            for event in telling.begin(ignored):
                await request.write(_frame(event))
            async with aclosing(self._desk.follow(guest.caller, task.id, after=after)) as news:
                await self._send(request, guest, telling, news, left)
        except RemitError as wrong:
            told = {"type": "RUN_ERROR", "message": said_outside(wrong), "code": wrong.code}
            await request.write(_frame(told))
        finally:
            request.unwatch()
        if not left.done():
            await request.finish()

    async def _send(
        self,
        request: Request,
        guest: Visit,
        telling: Telling,
        news: AsyncIterator[News],
        left: asyncio.Future[None],
    ) -> None:
        while not telling.over:
            coming = asyncio.ensure_future(anext(news, None))
            try:
                while not coming.done() and not left.done():
                    await asyncio.wait(
                        {coming, left}, timeout=_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )
                    if not coming.done() and not left.done():
                        await request.write(b": alive\n\n")
            finally:
                if not coming.done():
                    coming.cancel()
                    with suppress(asyncio.CancelledError):
                        await coming
            if left.done():
                return
            await guest.check()
            each = coming.result()
            if each is None:
                return
            for event in telling.tell(each):
                await request.write(_frame(event))


def _frame(event: dict[str, Any]) -> bytes:
    return b"data: " + canonical.encode(event) + b"\n\n"


def _status(wrong: RemitError) -> int:
    match wrong:
        case RequestFault():
            return wrong.status
        case Unauthenticated():
            return 401
        case OverLimit():
            return 429
        case UnknownTask():
            return 404
        case BadInput():
            return 400
        case Infrastructure():
            return 503
        case _:
            return 403
