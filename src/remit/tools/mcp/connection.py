"""One connection to a server, owned by one task: the SDK's scopes are entered and left there and nowhere else.

Others only send requests through it. What the server asks back, reports or logs goes to the party whose call it
carries, if there is one that can take it, and is refused otherwise.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import anyio
import mcp_types
from mcp.client.client import Client
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter

from remit.tools.mcp.leniency import completed
from remit.tools.mcp.questions import Questions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractAsyncContextManager

    from mcp.client.subscriptions import ServerEvent

    from remit.tools.mcp.relaying import Relay

Json = Any
Heard = tuple[str, str]
"""What changed: `tools`, `prompts`, `resources` with "", or `resource` with its address."""

_MOST_PAGES = 100
_MOST_TOOLS = 1_000
_MOST_ROUNDS = 16
"""How often a server may ask back in one call."""
_SECONDS = 10.0
_LOG_LEVEL = "io.modelcontextprotocol/logLevel"
_RAW: TypeAdapter[dict[str, Json]] = TypeAdapter(dict[str, Any])
_CHANGES = {
    mcp_types.ToolListChangedNotification: "tools",
    mcp_types.PromptListChangedNotification: "prompts",
    mcp_types.ResourceListChangedNotification: "resources",
}


class _Message(mcp_types.Request[dict[str, Any], str]):
    """A request in the words of the wire."""


class Connection:
    """A server that is there."""

    def __init__(
        self, transport: AbstractAsyncContextManager[Any], mode: str, heard: Callable[[Heard], None],
        abilities: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self._transport = transport
        self._mode = mode
        self._heard = heard
        self._client: Client | None = None
        self._owner: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._group: anyio.abc.TaskGroup | None = None
        self._watched: dict[str, anyio.CancelScope] = {}
        self._log_level = ""
        self._questions = Questions(tuple(abilities))
        self.lost = False
        """Nothing more is to be expected of it."""

    async def open(self, seconds: float) -> None:
        """Connect, and agree on an era."""
        self._owner = asyncio.create_task(self._own())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._there)
        except BaseException:
            await self.close()
            raise

    @property
    def version(self) -> str:
        """The revision of the protocol that both agreed on."""
        return self._the_client.protocol_version or ""

    @property
    def modern(self) -> bool:
        """Whether it keeps no session: every request stands alone."""
        return self.version in MODERN_PROTOCOL_VERSIONS

    def offers(self, what: str) -> bool:
        """Whether the server says that it has `tools`, `resources`, `prompts`, `completions` or `logging`.

        A version that was pinned is used without asking: then nothing is known, and it may.
        """
        if self._mode not in {"auto", "legacy"}:
            return what != "logging"
        return getattr(self._the_client.server_capabilities, what, None) is not None

    async def list(self) -> list[dict[str, Json]]:
        """Every tool, as the server describes it."""
        found: list[dict[str, Json]] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._the_client.list_tools(cursor=cursor, cache_mode="bypass")
            found += [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in page.tools]
            cursor = page.next_cursor
            if cursor is None or len(found) > _MOST_TOOLS:
                break
        return found[: _MOST_TOOLS + 1]

    async def request(
        self, method: str, params: dict[str, Json], seconds: float, relay: Relay | None = None
    ) -> dict[str, Json]:
        """What the server answers to a request, once it has asked back what it wanted to know.

        Nothing is checked against the server's own schema: whoever reads the answer does that.
        """
        if relay is None:
            return await self._send(method, params, seconds, None)
        await self._set_log_level(relay)
        with self._questions.of(relay):
            sent = dict(params)
            if relay.answers and self.modern:
                sent["inputResponses"] = relay.answers
            if relay.state:
                sent["requestState"] = relay.state
            answer: dict[str, Json] = {}
            for _ in range(_MOST_ROUNDS):
                answer = await self._send(method, sent, seconds, relay)
                if answer.get("resultType") != "input_required":
                    break
                state = str(answer.get("requestState") or "")
                answers = await relay.ask(answer.get("inputRequests") or {}, state)
                sent = {**params, "inputResponses": answers} | ({"requestState": state} if state else {})
            return answer

    async def watch(self, uri: str) -> None:
        """Say when a resource changes."""
        if not self.modern:
            await self._send("resources/subscribe", {"uri": uri}, _SECONDS, None)
        elif uri not in self._watched and self._group is not None:
            await self._group.start(self._watch, uri)

    async def unwatch(self, uri: str) -> None:
        """Say it no more."""
        if not self.modern:
            await self._send("resources/unsubscribe", {"uri": uri}, _SECONDS, None)
        elif uri in self._watched:
            self._watched.pop(uri).cancel()

    async def close(self) -> None:
        """Leave; the process or the session ends."""
        self.lost = True
        self._leave.set()
        owner, self._owner = self._owner, None
        if owner is None:
            return
        if not self._there.done() or self._there.exception() is not None:
            owner.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await asyncio.shield(owner)

    @property
    def _the_client(self) -> Client:
        assert self._client is not None  # noqa: S101 - open came first
        return self._client

    async def _send(
        self, method: str, params: dict[str, Json], seconds: float, relay: Relay | None
    ) -> dict[str, Json]:
        if relay is not None and (relay.meta or relay.log_level):
            more = {_LOG_LEVEL: relay.log_level} if relay.log_level and self.modern else {}
            params = {**params, "_meta": {**relay.meta, **params.get("_meta", {}), **more}}
        progress = relay.progress if relay is not None else None
        request = _Message(method=method, params=params)
        session = self._the_client.session
        return await session.send_request(request, cast("Any", _RAW), seconds, progress_callback=progress)

    async def _set_log_level(self, relay: Relay) -> None:
        """In the era of sessions a level is set once, for all that follows."""
        level = relay.log_level
        if not level or level == self._log_level or self.modern or not self.offers("logging"):
            return
        self._log_level = level
        with suppress(Exception):  # whoever cannot be told how much to say says what it likes
            await self._send("logging/setLevel", {"level": level}, _SECONDS, None)

    async def _own(self) -> None:
        """From connecting to leaving."""
        try:
            client = Client(
                completed(self._transport, modern=self._mode in MODERN_PROTOCOL_VERSIONS), mode=self._mode,
                cache=None, message_handler=self._hear, **self._questions.callbacks(),
                client_info=mcp_types.Implementation(name="remit", version="1"),
            )  # fmt: skip
            async with client:
                self._client = client
                async with anyio.create_task_group() as group:
                    self._group = group
                    self._there.set_result(None)
                    if client.protocol_version in MODERN_PROTOCOL_VERSIONS:
                        group.start_soon(self._subscribe, client)
                    await self._leave.wait()
                    group.cancel_scope.cancel()
        except BaseException as wrong:
            self.lost = True
            if self._there.done():
                return  # it was there and is gone: the next call finds out
            if isinstance(wrong, asyncio.CancelledError):
                self._there.cancel()
                raise
            self._there.set_exception(wrong)
            self._there.exception()  # whoever opened it may be gone
        finally:
            self.lost = True

    async def _hear(self, message: object) -> None:
        """In the era of sessions a server says by itself what changed."""
        what = _CHANGES.get(cast("Any", type(message)))
        if what is not None:
            self._heard((what, ""))
        elif isinstance(message, mcp_types.ResourceUpdatedNotification) and not self.modern:
            self._heard(("resource", message.params.uri))
        await anyio.lowlevel.checkpoint()

    async def _subscribe(self, client: Client) -> None:
        """In the era without them it is asked to. One that cannot is looked at again from time to time anyhow."""
        tools, prompts, resources = (
            self._mode
            != "auto"  # a version that was pinned is used without asking, and then nothing is known
            or bool(getattr(getattr(client.server_capabilities, kind), "list_changed", False))
            for kind in ("tools", "prompts", "resources")
        )
        if not (tools or prompts or resources):
            return
        with suppress(Exception):
            async with client.listen(
                tools_list_changed=tools, prompts_list_changed=prompts, resources_list_changed=resources
            ) as events:
                async for event in events:
                    self._heard(_heard_of(event))

    async def _watch(
        self, uri: str, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        with anyio.CancelScope() as scope:
            self._watched[uri] = scope
            async with self._the_client.listen(resource_subscriptions=[uri]) as events:
                task_status.started()
                with suppress(Exception):
                    async for event in events:
                        self._heard(_heard_of(event))
        self._watched.pop(uri, None)


def _heard_of(event: ServerEvent) -> Heard:
    uri = str(getattr(event, "uri", ""))
    return ("resource", uri) if uri else (type(event).__name__.removesuffix("ListChanged").lower(), "")
