"""Asking a remote agent, as a binding: the task is sent, its end is waited for, and what is known is said precisely.
What it asks back is an answer like any other; what it does nobody here can look at, so nothing can be taken back.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import Quarantined
from remit.domain.errors import Retry, StepFailed, ToolFailed
from remit.domain.event import object_of
from remit.domain.secret_names import RUN_TOKEN
from remit.domain.tools import Performed
from remit.tools.a2a.card import PATH, card_of
from remit.tools.a2a.line import Answered, Broken, call, get
from remit.tools.reading import ReadOnly

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest
    from remit.tools.a2a.card import Card
    from remit.tools.a2a.settings import RemoteSettings
    from remit.tools.binding import ToolContext

Json = Any
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 5.0
_OVER = frozenset({"TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_REJECTED"})
_WAITS = frozenset({"TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"})


class RemoteBinding(ReadOnly):
    """Behind the tool of one remote agent."""

    def __init__(self, settings: RemoteSettings, card: Card, manifest: ToolManifest) -> None:
        self._settings = settings
        self._card = card
        self._manifest = manifest
        self._looked = time.monotonic()

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Send the task, and wait until it has ended or waits for somebody."""
        headers, deadline = await self._headers(context), time.monotonic() + (context.seconds or 60.0)
        await self._same_card(headers)
        message: dict[str, Json] = {
            "messageId": context.key or f"{context.run}/{context.path}", "role": "ROLE_USER",
            "parts": [{"text": str(arguments["task"])}],
        }  # fmt: skip
        if of := str(arguments.get("of", "")):
            message["taskId"] = of
        sent = {"message": message, "configuration": {"returnImmediately": True}}
        task: dict[str, Json] = {}
        try:
            told = object_of(await self._call("SendMessage", sent, headers, deadline))
            if "message" in told:
                return Performed({"answer": _value([object_of(told["message"])])})
            task = object_of(told.get("task") or told)
            return self._told(await self._over(task, headers, deadline))
        except Answered as wrong:
            raise ToolFailed(f"{self._settings.name}: {wrong}") from None
        except (Broken, Retry) as wrong:
            raise self._unclear(wrong, begun=bool(task)) from None

    async def _over(self, task: dict[str, Json], headers: dict[str, str], deadline: float) -> dict[str, Json]:
        """The task once it has ended or waits for somebody."""
        pause = _FIRST_WAIT
        while _state(task) not in _OVER | _WAITS:
            if time.monotonic() + pause >= deadline:
                raise Broken("it was not done in time")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_WAIT)
            task = object_of(await self._call("GetTask", {"id": task.get("id")}, headers, deadline))
        return task

    async def _call(
        self, method: str, params: dict[str, Json], headers: dict[str, str], deadline: float
    ) -> Json:
        return await call(self._card.endpoint, method, params, headers, max(1.0, deadline - time.monotonic()))

    async def _headers(self, context: ToolContext) -> dict[str, str]:
        """What it is shown: its own secret, never one of ours; and a token that narrows what its key may do here."""
        found = {"Idempotency-Key": context.key} if context.key else {}
        for name in self._manifest.secrets if context.secret is not None else ():
            value = await cast("Any", context.secret)(name)
            if name.startswith(RUN_TOKEN):
                found["X-Remit-Run-Token"] = value
            else:
                found[self._settings.header] = f"{self._settings.prefix}{value}"
        return found

    async def _same_card(self, headers: dict[str, str]) -> None:
        """Look at the card again now and then: one that says something else is called by nobody."""
        if time.monotonic() - self._looked < self._settings.look_again:
            return
        now = card_of(await read_card(self._settings, headers), self._settings)
        if now.digest != self._card.digest:
            raise Quarantined(
                f"{self._settings.name} is not what was accepted: its card says something else since Remit started.",
                f"Start Remit anew, look at what changed, and accept it: remit tools {self._settings.name} --accept.",
            )
        self._looked = time.monotonic()

    def _unclear(self, wrong: Exception, *, begun: bool) -> Exception:
        """What is known when no end was seen."""
        said = f"{self._settings.name}: {wrong}"
        if isinstance(wrong, Retry) and not begun:
            return Retry(said)
        if self._manifest.effect.acts:
            return StepFailed(f"{said}; it may have been done.")
        return Retry(said)

    def _told(self, task: dict[str, Json]) -> Performed:
        state, identity = _state(task), str(task.get("id", ""))
        why = _value([object_of(object_of(task.get("status")).get("message"))])
        if state == "TASK_STATE_COMPLETED":
            answer = _value([object_of(each) for each in cast("list[Json]", task.get("artifacts") or [])])
            return Performed({"answer": answer if answer not in (None, "") else why, "task": identity})
        if state in _WAITS:
            return Performed({"asks": why, "task": identity, "state": "it waits for an answer"})
        raise ToolFailed(
            f"{self._settings.name} did not do it ({state.removeprefix('TASK_STATE_').lower()}): {why}"
        )


async def read_card(settings: RemoteSettings, headers: dict[str, str]) -> dict[str, Json]:
    """The card: below its address, or at the root of its host."""
    below = settings.url.rstrip("/") + PATH
    root = "://".join(settings.origin) + PATH
    try:
        return await get(below, headers, 15.0)
    except Answered:
        if root == below:
            raise
        return await get(root, headers, 15.0)


def _state(task: dict[str, Json]) -> str:
    return str(object_of(task.get("status")).get("state", ""))


def _value(of: list[dict[str, Json]]) -> Json:
    """Text as text, data as data; of files their names, kinds and sizes: nobody here could read them."""
    parts = [object_of(part) for each in of for part in cast("list[Json]", each.get("parts") or [])]
    if all("text" in part for part in parts):
        return "\n\n".join(str(part["text"]) for part in parts)
    found = [_part(part) for part in parts]
    return found[0] if len(found) == 1 else found


def _part(part: dict[str, Json]) -> Json:
    if "text" in part:
        return part["text"]
    if "data" in part:
        return part["data"]
    kind, name = str(part.get("mediaType", "")), str(part.get("filename", ""))
    size = {"bytes": len(str(part["raw"])) * 3 // 4} if "raw" in part else {"url": str(part.get("url", ""))}
    return {"file": name, "media_type": kind, **size}
