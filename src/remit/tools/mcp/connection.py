"""One connection to a server, owned by one task: the SDK's scopes are entered and left there and nowhere else.

Others only send requests through it. It serves the server nothing: no sampling, no elicitation, no roots.
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

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

Json = Any

_MOST_PAGES = 100
_MOST_TOOLS = 1_000
_KEY = "remit/idempotency-key"
_Result = mcp_types.CallToolResult | mcp_types.InputRequiredResult
_RESULT: TypeAdapter[_Result] = TypeAdapter(_Result)


class Connection:
    """A server that is there."""

    def __init__(
        self, transport: AbstractAsyncContextManager[Any], mode: str, changed: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._mode = mode
        self._changed = changed
        self._client: Client | None = None
        self._owner: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
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

    async def call(self, name: str, arguments: dict[str, Json], key: str, seconds: float) -> _Result:
        """Call a tool. What it answers is checked by whoever reads it, not by the server's own schema."""
        meta = cast("Any", {_KEY: key}) if key else None
        request = mcp_types.CallToolRequest(
            params=mcp_types.CallToolRequestParams(name=name, arguments=arguments, _meta=meta)
        )
        return await self._the_client.session.send_request(request, _RESULT, seconds)

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

    async def _own(self) -> None:
        """From connecting to leaving."""
        try:
            client = Client(
                self._transport, mode=self._mode, cache=None, message_handler=self._hear,
                client_info=mcp_types.Implementation(name="remit", version="1"),
            )  # fmt: skip
            async with client:
                self._client = client
                self._there.set_result(None)
                async with anyio.create_task_group() as group:
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
        """In the era of sessions a server says by itself that its list changed."""
        if isinstance(message, mcp_types.ToolListChangedNotification):
            self._changed()
        await anyio.lowlevel.checkpoint()

    async def _subscribe(self, client: Client) -> None:
        """In the era without them it is asked to. One that cannot is looked at again from time to time anyhow."""
        tools = client.server_capabilities.tools
        if self._mode == "auto" and (tools is None or not tools.list_changed):
            return  # a version that was pinned is used without asking, and then nothing is known
        with suppress(Exception):
            async with client.listen(tools_list_changed=True) as events:
                async for _ in events:
                    self._changed()
