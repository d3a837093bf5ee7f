"""One call of a client through the gate: begun, asked back, held for a person, taken up again, answered.

A client that keeps no connection gets its questions as an answer and comes back with a sealed state; one that stays
connected is asked on the stream of its call. What waits for a person waits without them, and is done once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from mcp.shared.exceptions import MCPError
from mcp_types import InputRequiredResult

from remit.control.fronting.outcomes import meet, waiting_for
from remit.control.fronting.upstreams import carry
from remit.domain.action_errors import UnknownTool
from remit.domain.errors import Infrastructure, RemitError, Unauthenticated
from remit.domain.event import object_of
from remit.domain.front_errors import OverLimit, Pending
from remit.server.mcp.answers import FAILED, INVALID, told
from remit.server.mcp.clients import SessionCall
from remit.server.mcp.states import spent, written
from remit.server.mcp.talks import Asked, Talk, Talks

if TYPE_CHECKING:
    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.upstreams import Relay
    from remit.control.platform import Platform
    from remit.server.mcp.clients import Client

Json = Any
Gave = tuple[Json, str]
"""What a call gave, and what is to be said beside it."""

AGREED = "agreed"
"""The question whether a person has agreed by now."""
_PROTOCOL = (UnknownTool, Unauthenticated, OverLimit, Infrastructure)
"""What is not for the model to deal with."""


class Calls:
    """The calls of all clients of this process."""

    def __init__(self, platform: Platform, patience: float) -> None:
        self._platform = platform
        self._patience = patience
        self._talks = Talks()

    async def call(
        self, client: Client, tool: str, arguments: dict[str, Json], params: Any = None, log_level: str = "",
        party: Relay | None = None,
    ) -> Gave | InputRequiredResult:  # fmt: skip
        """What a tool gives, or what the client has to say first. Raises what the call is refused with.

        `party` is whose connections serve the call, if not the client's.
        """
        if party is not None:
            return await self._done(client, tool, arguments, party, None)
        if client.modern:
            return await self._of_visitor(client, tool, arguments, params)
        call = SessionCall(client, **client.about(log_level))
        return await self._done(client, tool, arguments, call, None)

    def close(self) -> None:
        """The process leaves."""
        self._talks.close()

    async def _of_visitor(
        self, client: Client, tool: str, arguments: dict[str, Json], params: Any
    ) -> Gave | InputRequiredResult:
        answers = _answers_of(params)
        state = getattr(params, "request_state", None)
        if state is None:
            return await self._begun(client, tool, arguments, answers, "")
        found = await spent(self._platform.parts, state)
        if found.run:
            return await self._again(client, found.run, {"tool": tool, "arguments": arguments})
        talk = self._talks.take(found.talk, client.owner)
        if talk is None and not found.upstream:
            raise MCPError(
                INVALID, "The call that this requestState belongs to is gone; make it again.",
                {"reason": "unknown_request_state"},
            )  # fmt: skip
        if talk is None:  # another process asked; the server keeps nothing, so that any of us can go on
            return await self._begun(client, tool, arguments, answers, found.upstream)
        talk.answer(answers)
        return await self._round(client, talk)

    async def _begun(
        self, client: Client, tool: str, arguments: dict[str, Json], answers: dict[str, Json], upstream: str
    ) -> Gave | InputRequiredResult:
        talk = Talk(**client.about(), answers=answers, state=upstream)
        talk.begin(self._done(client, tool, arguments, talk, talk.gone))
        return await self._round(client, talk)

    async def _round(self, client: Client, talk: Talk) -> Gave | InputRequiredResult:
        try:
            return await talk.round(client)
        except Asked as asked:
            state = written(talk=self._talks.keep(talk), upstream=asked.state)
            return _required(asked.questions, state)
        except Pending as pending:
            return await self._held(client, pending.run)

    async def _again(self, client: Client, run: str, asked: dict[str, Json]) -> Gave | InputRequiredResult:
        try:
            came = await meet(self._platform.fronts, client.caller, run, asked, self._patience)
        except Pending:
            return await self._held(client, run)
        except RemitError as wrong:
            raise _refusal(wrong, None) from None
        return _gave(came)

    async def _held(self, client: Client, run: str) -> InputRequiredResult:
        """A person is asked; the user is told so where that is possible, and the client comes back either way."""
        said = await waiting_for(self._platform.parts, run)
        form: dict[str, Json] = {"type": "object", "properties": {}}
        params: dict[str, Json] = {"message": f"{said} Continue when it is decided.", "requestedSchema": form}
        questions: dict[str, Json] = {AGREED: {"method": "elicitation/create", "params": params}}
        return _required(questions if client.can("elicitation") else {}, written(run=run))

    async def _done(
        self,
        client: Client,
        tool: str,
        arguments: dict[str, Json],
        call: Relay,
        gone: asyncio.Future[None] | None,
    ) -> Gave:
        """The exchange."""
        fronts = self._platform.fronts

        async def work(exchange: Exchange) -> Gave:
            carry(call)
            return await exchange.call_tool(tool, arguments)

        asked = {"tool": tool, "arguments": arguments}
        try:
            found = await fronts.perform(
                client.caller, "tool", asked, work, gone=gone, patience=self._patience
            )
        except Pending as pending:
            if client.modern:
                raise
            said = await waiting_for(self._platform.parts, pending.run)
            raise Pending(said, "Make the same call again when it is decided.") from None
        except RemitError as wrong:
            raise _refusal(wrong, call) from None
        return _gave(found)


def _gave(found: Any) -> Gave:
    """What a call gave: carried here, or by itself while nobody was connected."""
    if isinstance(found, tuple):
        return cast("Gave", found)
    said = object_of(found)
    return said.get("result"), str(said.get("note") or "")


def _answers_of(params: Any) -> dict[str, Json]:
    given: dict[str, Any] = getattr(params, "input_responses", None) or {}
    return {
        name: said.model_dump(mode="json", by_alias=True, exclude_none=True) for name, said in given.items()
    }


def _required(questions: dict[str, Json], state: str) -> InputRequiredResult:
    said: dict[str, Json] = {"resultType": "input_required", "requestState": state}
    return InputRequiredResult.model_validate(said | ({"inputRequests": questions} if questions else {}))


def _refusal(wrong: RemitError, call: Relay | None) -> Exception:
    """What the protocol has an error for is one; the rest is for the model to read."""
    if call is not None and call.refusal is not None:
        return MCPError(int(call.refusal["code"]), told(wrong), call.refusal["data"])
    if isinstance(wrong, _PROTOCOL):
        return MCPError(INVALID if isinstance(wrong, UnknownTool) else FAILED, told(wrong))
    return wrong
