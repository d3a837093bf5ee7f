"""A tool of a server as a binding: it sends the call and says precisely what is known of it afterwards.

What a server refused did not take place. What broke off under way, or ended in an error of the server's own, may
have: a read is tried again, of a write nobody knows. For a party that a front speaks for, the answer stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.errors import Retry, StepFailed, ToolFailed
from remit.domain.tools import Performed
from remit.tools.mcp.answers import plain_answer, whole_answer
from remit.tools.mcp.relaying import Unanswered, relay
from remit.tools.mcp.server import reason
from remit.tools.reading import ReadOnly

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest
    from remit.tools.binding import ToolContext
    from remit.tools.mcp.offers import Offer
    from remit.tools.mcp.relaying import Relay
    from remit.tools.mcp.server import Held, Server

Json = Any

NOT_DONE = frozenset({-32601, -32602, -32002, -32020, -32021, -32022, -32031})
"""Errors by which a server says that it did not even begin. -32600 and -32700 are not among them: the SDK also says so
of an answer that it cannot read."""
_SESSION_GONE, _BUSY, _UNREACHABLE = -32028, -32029, -32030
"""Codes of ours, put in by the line to the server."""
_CLOSED = -32000
_FALLBACK = 60.0
_KEY = "remit/idempotency-key"


class _SessionGone(Retry):
    """The session ended before the call began."""


class McpBinding(ReadOnly):
    """Behind one tool of one server. MCP has no way to look at what a write changed, so nothing can be taken back."""

    def __init__(self, server: Server, offer: Offer, manifest: ToolManifest) -> None:
        self.server = server
        self.listed = offer.listed
        """What the server says about it; the manifest is made of that, and pinned by its digest."""
        self._name = offer.name
        self._manifest = manifest

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Call it. A server that was started anew has forgotten the session, and did nothing: it is called again."""
        try:
            return await self._perform(arguments, context)
        except _SessionGone:
            return await self._perform(arguments, context)

    async def _perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        party = relay.get()
        secrets = await given_secrets(self._manifest, context)
        async with self.server.connected(secrets, party) as held:
            self.server.check(held, self._name, self._manifest)
            result = await self._send(held, arguments, context, party)
        if result.get("resultType") == "input_required":
            raise ToolFailed(
                f"{self._manifest.name} wants to ask something back before it goes on, and that is not served."
            )
        name = self._manifest.name
        return Performed(plain_answer(result, name) if party is None else whole_answer(result, name))

    async def _send(
        self, held: Held, arguments: dict[str, Json], context: ToolContext, party: Relay | None
    ) -> dict[str, Json]:
        params: dict[str, Json] = {"name": self._name, "arguments": arguments}
        if context.key:
            params["_meta"] = {_KEY: context.key}
        try:
            return await held.connection.request("tools/call", params, context.seconds or _FALLBACK, party)
        except Unanswered as wrong:
            raise ToolFailed(f"{self._manifest.name} asked back, and had no answer: {wrong}") from None
        except Exception as wrong:  # noqa: BLE001 - whatever the SDK raises, the question is what took place
            raise await self._failure(held, wrong, party) from None

    async def close(self) -> None:
        """The server is shared; closing it twice does nothing."""
        await self.server.close()

    async def _failure(self, held: Held, wrong: Exception, party: Relay | None) -> Exception:
        """What is known when no result came."""
        code = getattr(wrong, "code", None)
        if party is not None and code in NOT_DONE:
            party.refusal = {"code": code, "data": getattr(wrong, "data", None)}
        said = f"{self._manifest.name}: {reason(wrong)}"
        if code == _SESSION_GONE:
            await self.server.drop(held)
            return _SessionGone(f"{said}; the server has forgotten the session.")
        if code in {_BUSY, _UNREACHABLE}:
            return Retry(said)
        if code in NOT_DONE:
            held.looked_at = 0.0  # it may not know the tool any more: look before the next call
            return ToolFailed(said)
        if code == _CLOSED:
            held.looked_at = 0.0  # the next call looks first, and so finds out whether this was the end of it
        if self._manifest.effect.acts:
            return StepFailed(f"{said}; it may have been done.")
        return Retry(said)


async def given_secrets(manifest: ToolManifest, context: ToolContext) -> dict[str, str]:
    """The secrets that a manifest names, minted for this call."""
    return {
        name: await context.secret(name) if context.secret is not None else "" for name in manifest.secrets
    }
