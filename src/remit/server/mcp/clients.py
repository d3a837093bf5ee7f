"""The client of one request: whose key it has, what it declared that it can do, and how it is spoken to while it waits.

One in the era of sessions can be asked at once; one in the era without them is asked by the answer (`talks`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from remit.control.fronting.upstreams import Relay, Unanswered
from remit.domain.event import object_of

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from remit.domain.fronting import Caller

    Context = ServerRequestContext[Any, Any]

Json = Any

CALLER = "remit.caller"
"""Where the caller stands in the scope of a request."""

_SESSION = "mcp-session-id"
_TRACE = ("traceparent", "tracestate", "baggage")
_LOG_LEVEL = "io.modelcontextprotocol/logLevel"
_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
_KINDS: dict[str, tuple[type[Any], type[Any]]] = {
    "elicitation/create": (types.ElicitRequest, types.ElicitResult),
    "sampling/createMessage": (types.CreateMessageRequest, types.CreateMessageResult),
    "roots/list": (types.ListRootsRequest, types.ListRootsResult),
}


class Client:
    """Whoever sent a request."""

    def __init__(self, context: Context) -> None:
        self.context = context
        request: Any = context.request
        self.caller: Caller = request.scope[CALLER]
        self.modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
        self.session: str = "" if self.modern else request.headers.get(_SESSION, "")

    @property
    def owner(self) -> str:
        """Whose connections to servers serve it."""
        return f"session:{self.session}" if self.session else f"key:{self.caller.key}"

    def about(self, log_level: str = "") -> dict[str, Any]:
        """What a relay has to know of it."""
        abilities = self.context.session.client_capabilities
        declared = abilities.model_dump(mode="json", by_alias=True, exclude_none=True) if abilities else {}
        meta = object_of(self.context.meta)
        return {
            "owner": self.owner, "alone": self.modern, "abilities": declared,
            "log_level": str(meta.get(_LOG_LEVEL) or "") if self.modern else log_level,
            "meta": {name: meta[name] for name in _TRACE if isinstance(meta.get(name), str)},
        }  # fmt: skip

    def can(self, ability: str) -> bool:
        """Whether it declared that it can be asked."""
        abilities = self.context.session.client_capabilities
        return abilities is not None and getattr(abilities, ability) is not None

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Tell how far it is, if it wants to know."""
        await self.context.session.report_progress(progress, total, message)

    async def log(self, said: dict[str, Json], least: str = "") -> None:
        """Tell what a server logged, if it wants to know that much."""
        least = str(object_of(self.context.meta).get(_LOG_LEVEL) or "") if self.modern else least or "debug"
        if least not in _LEVELS or said.get("level") not in _LEVELS[_LEVELS.index(least) :]:
            return
        params = types.LoggingMessageNotificationParams.model_validate(said)
        await self.context.session.send_notification(
            types.LoggingMessageNotification(params=params), related_request_id=self.context.request_id
        )


class SessionCall(Relay):
    """One call of a client that stays connected."""

    def __init__(self, client: Client, **about: Any) -> None:
        super().__init__(**about)
        self._client = client

    async def ask(self, asked: dict[str, Json], state: str = "") -> dict[str, Json]:
        """Ask it all at once, on the stream of its call."""
        del state
        found: dict[str, Json] = {}
        wrong: list[Unanswered] = []

        async def one(name: str, request: Json) -> None:
            try:
                found[name] = await self._ask(request)
            except MCPError as refused:
                wrong.append(Unanswered(refused.error.message))

        if not asked:
            await anyio.sleep(0.1)  # the server only wants to be called again
        async with anyio.create_task_group() as group:
            for name, request in asked.items():
                group.start_soon(one, name, request)
        if wrong:
            raise wrong[0]
        return found

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """How far the server is."""
        await self._client.progress(progress, total, message)

    async def log(self, said: dict[str, Json]) -> None:
        """What the server logged."""
        await self._client.log(said, self.log_level)

    async def _ask(self, request: Json) -> Json:
        kind, result = _KINDS[request["method"]]
        context = self._client.context
        answer = await context.session.send_request(
            kind.model_validate(request),
            result,
            metadata=ServerMessageMetadata(related_request_id=context.request_id),
        )
        return answer.model_dump(mode="json", by_alias=True, exclude_none=True)
