"""What changes, told to whoever wants to know: clients that listen, and those that stay connected.

A server's word that a list changed is passed on as a hint to look again; what a client then sees is what policy and
quarantine let it see. A resource is followed by the one who asked, over that session's own connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)

from remit.control.fronting.upstreams import hear
from remit.server.mcp.clients import Client

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.session import ServerSession
    from mcp.shared.subscriptions import ServerEvent
    from mcp_types import SubscriptionsListenRequestParams, SubscriptionsListenResult

    from remit.control.running.parts import Parts

    Context = ServerRequestContext[Any, Any]

_EVENTS: dict[str, ServerEvent] = {
    "tools": ToolsListChanged(), "prompts": PromptsListChanged(), "resources": ResourcesListChanged(),
}  # fmt: skip


class Changes:
    """Everybody who wants to know."""

    def __init__(self, parts: Parts) -> None:
        self._bus = InMemorySubscriptionBus()
        self._handler = ListenHandler(self._bus)
        self._sessions: dict[str, ServerSession] = {}
        self._followed: dict[str, set[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        hear(parts, self._hear)

    async def listen(
        self, context: Context, params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        """One client's stream of changes, for as long as it stays."""
        return await self._handler(context, params)

    def meet(self, context: Context, session: str) -> None:
        """A client that stays connected is told from now on."""
        self._sessions[session] = context.session

    def follow(self, context: Context, uri: str) -> None:
        """Tell this session when a resource changes."""
        self._followed.setdefault(Client(context).session, set()).add(uri)

    def unfollow(self, context: Context, uri: str) -> None:
        """Tell it no more."""
        self._followed.get(Client(context).session, set()).discard(uri)

    def forget(self, session: str) -> None:
        """A session is over."""
        self._followed.pop(session, None)
        self._sessions.pop(session, None)

    def close(self) -> None:
        """The process leaves: streams end in good order."""
        self._handler.close()
        for task in self._tasks:
            task.cancel()

    def _hear(self, heard: tuple[str, str], owner: str) -> None:
        kind, uri = heard
        event = _EVENTS.get(kind) or ResourceUpdated(uri)
        task = asyncio.get_running_loop().create_task(self._tell(event, owner))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, event: ServerEvent, owner: str) -> None:
        await self._bus.publish(event)
        for name, session in list(self._sessions.items()):
            match event:
                case ToolsListChanged():
                    await session.send_tool_list_changed()
                case PromptsListChanged():
                    await session.send_prompt_list_changed()
                case ResourcesListChanged():
                    await session.send_resource_list_changed()
                case ResourceUpdated(uri):
                    if owner == f"session:{name}" and uri in self._followed.get(name, ()):
                        await session.send_resource_updated(uri)
                case _:
                    pass
