"""The herald of a worker: sees tasks that stand elsewhere than somebody was told, and lets each be told by a run of its
own, whose one call passes the gate like any other: it is decided, journaled, and made again if it fails. It is told
at least once, and the number of the notification says which one it is.
"""

from __future__ import annotations

import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any

import aiohttp

from remit.control.running import starting
from remit.control.runs.inspection import find
from remit.control.tasking.hooks import egress_of, hook_of
from remit.control.tasking.views import task_of
from remit.domain.beside import Beside
from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.effects import Backoff, Effect
from remit.domain.errors import RemitError, Retry, Shredded, ToolFailed
from remit.domain.tools import Performed, ResultLabel, ToolManifest
from remit.engine.flow import Flow
from remit.store.database import Commit, Conflict, Op
from remit.tools.reading import ReadOnly
from remit.tools.tool import Tool
from remit.wire.a2a import status_update

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.control.tasking.hooks import Hook
    from remit.control.tasking.served import Served
    from remit.tools.binding import ToolContext
    from remit.tools.egress import Egress

Json = Any
FLOW = "remit.notify"
TOOL = "notify_task"
_EVERY_SECONDS = 0.5
_MOST = 200
_SECONDS = 15.0
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_log = logging.getLogger("remit.tasks")


def introduce(parts: Parts, served: Served) -> None:
    """Let this workspace have the flow that tells, and its tool."""
    tool = _tool(parts, egress_of(served))

    async def notify(run: Any, task: str, hook: str, status: Json) -> Json:
        """Tell somebody where their task stands."""
        return await run.call(tool, task=task, hook=hook, status=status)

    parts.flows[FLOW] = Flow(notify, FLOW, "", "UTC")


class Herald(Beside):
    """Looks until it is stopped. Several may do so at once: each change is told by one of them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def look(self) -> int:
        """Start a run for everybody who has to be told something; gives how many."""
        rows = await self._parts.ground.database.fetch("tasks.untold", _MOST)
        return sum([await self._tell(*row) for row in rows])

    async def go_on(self) -> None:
        """Look, and look again when something has changed."""
        ground = self._parts.ground
        while True:
            try:
                await self.look()
            except RemitError as wrong:
                _log.warning("nobody could be told of tasks: %s", wrong.message)
            except Exception as wrong:  # noqa: BLE001 - one slip must not leave everybody untold
                _log.warning("nobody could be told of tasks: %s", wrong)
            await ground.database.wait_for_change(_EVERY_SECONDS)
            await sleep_until(ground.clock, ground.clock.now() + int(_EVERY_SECONDS * MICROSECONDS) // 5)

    async def _tell(self, run: str, hook: str, told: str, seen: str) -> bool:
        """Tell it, unless it only went from one way of working to another, or somebody else does."""
        ground = self._parts.ground
        task = await task_of(ground, await find(ground.database, run))
        said = Op("tasks.told", (run, hook, seen, task.state.value, told), one=True)
        with contextlib.suppress(Conflict):
            if task.state.value == told:
                await ground.database.submit(Commit(ops=[said]))
                return False
            await starting.submit(
                self._parts, FLOW, {"task": run, "hook": hook, "status": status_update(task)},
                origin=run, beside=lambda _: (said,),
            )  # fmt: skip
            return True
        return False


class HookBinding(ReadOnly):
    """Behind the tool that tells: it finds the address and what goes with it itself, so that neither is an argument."""

    def __init__(self, parts: Parts, egress: Egress) -> None:
        self._parts = parts
        self._egress = egress

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Post it."""
        try:
            hook = await hook_of(self._parts, str(arguments["task"]), str(arguments["hook"]))
        except (RemitError, Shredded) as wrong:
            raise ToolFailed(f"nobody is told there any more: {wrong}") from None
        status = await self._post(hook, {"statusUpdate": arguments["status"]}, context.key)
        return Performed({"status": status})

    async def _post(self, hook: Hook, told: Json, number: str) -> int:
        url = self._egress.check(hook.url)
        headers = {
            "Content-Type": "application/a2a+json",
            "User-Agent": "Remit",
            "X-A2A-Notification-Id": number,
        }
        if hook.token:
            headers["X-A2A-Notification-Token"] = hook.token
        if hook.credentials:
            headers["Authorization"] = f"{hook.scheme or 'Bearer'} {hook.credentials}"
        session = aiohttp.ClientSession(
            connector=self._egress.connector(url), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
            timeout=aiohttp.ClientTimeout(total=_SECONDS),
        )  # fmt: skip
        try:
            async with (
                session,
                session.post(
                    url, data=json.dumps(told).encode(), headers=headers, allow_redirects=False
                ) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as wrong:
            raise Retry(f"{url.host} could not be told ({type(wrong).__name__}).") from None
        if status in _BUSY:
            raise Retry(f"{url.host} answered {status}.")
        if not 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls success
            raise ToolFailed(f"{url.host} did not take it ({status}).")
        return status


def _tool(parts: Parts, egress: Egress) -> Tool:
    manifest = ToolManifest(
        name=TOOL,
        description="Tells whoever gave a task where it stands, at the address that they left.",
        parameters={
            "type": "object",
            "properties": {"task": {"type": "string"}, "hook": {"type": "string"}, "status": {"type": "object"}},
            "required": ["task", "hook", "status"],
            "additionalProperties": False,
        },
        effect=Effect.WRITE, keyed=True, label=ResultLabel(source="notification"),
        timeout=_SECONDS * 2, retry=Backoff(attempts=6), source="builtin",
    )  # fmt: skip
    return Tool(manifest, HookBinding(parts, egress), "remit.toml [a2a] push")
