"""A tool of a server as a binding: it sends the call and says precisely what is known of it afterwards.

What a server refused did not take place. What broke off under way, or ended in an error of the server's own, may
have: a read is tried again, of a write nobody knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.errors import Retry, StepFailed, ToolFailed
from remit.domain.tools import Performed
from remit.tools.mcp.answers import plain_answer
from remit.tools.mcp.server import reason
from remit.tools.reading import ReadOnly

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest
    from remit.tools.binding import ToolContext
    from remit.tools.mcp.server import Held, Server

Json = Any

_NOT_DONE = frozenset({-32601, -32602, -32002, -32020, -32021, -32022, -32031})
"""Errors by which a server says that it did not even begin. -32600 and -32700 are not among them: the SDK also says so
of an answer that it cannot read."""
_SESSION_GONE, _BUSY, _UNREACHABLE = -32028, -32029, -32030
"""Codes of ours, put in by the line to the server."""
_CLOSED = -32000
_FALLBACK = 60.0


class _SessionGone(Retry):
    """The session ended before the call began."""


class McpBinding(ReadOnly):
    """Behind one tool of one server. MCP has no way to look at what a write changed, so nothing can be taken back."""

    def __init__(self, server: Server, name: str, manifest: ToolManifest) -> None:
        self._server = server
        self._name = name
        self._manifest = manifest

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Call it. A server that was started anew has forgotten the session, and did nothing: it is called again."""
        try:
            return await self._perform(arguments, context)
        except _SessionGone:
            return await self._perform(arguments, context)

    async def _perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        secrets = {name: await _secret(name, context) for name in self._manifest.secrets}
        async with self._server.connected(secrets) as held:
            self._server.check(held, self._name, self._manifest)
            try:
                seconds = context.seconds or _FALLBACK
                result = await held.connection.call(self._name, arguments, context.key, seconds)
            except Exception as wrong:  # noqa: BLE001 - whatever the SDK raises, the question is what took place
                raise await self._failure(held, wrong) from None
        if result.result_type == "input_required":
            raise ToolFailed(
                f"{self._manifest.name} wants to ask something back before it goes on, and that is not served."
            )
        return Performed(plain_answer(result, self._manifest.name))

    async def close(self) -> None:
        """The server is shared; closing it twice does nothing."""
        await self._server.close()

    async def _failure(self, held: Held, wrong: Exception) -> Exception:
        """What is known when no result came."""
        code = getattr(wrong, "code", None)
        said = f"{self._manifest.name}: {reason(wrong)}"
        if code == _SESSION_GONE:
            await self._server.drop(held)
            return _SessionGone(f"{said}; the server has forgotten the session.")
        if code in {_BUSY, _UNREACHABLE}:
            return Retry(said)
        if code in _NOT_DONE:
            held.looked_at = 0.0  # it may not know the tool any more: look before the next call
            return ToolFailed(said)
        if code == _CLOSED:
            held.looked_at = 0.0  # the next call looks first, and so finds out whether this was the end of it
        if self._manifest.effect.acts:
            return StepFailed(f"{said}; it may have been done.")
        return Retry(said)


async def _secret(name: str, context: ToolContext) -> str:
    return await context.secret(name) if context.secret is not None else ""
