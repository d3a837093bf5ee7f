"""What a model's provider may not read: it is not asked, or it is asked without it, as an operator chose for its class.

What is left out is the result of a tool that this very conversation called, and only while no model has seen it: what a
model that did has said since may hold it, and then nobody else is asked. Recalled, inherited and summarised content is
never left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.decisions import Outcome, Reason
from remit.wire.messages import Message, Text, ToolResult

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from remit.domain.decisions import Decision
    from remit.gate.provenance import Bound
    from remit.models.plan import Candidate
    from remit.models.provider import ModelCall, Provider
    from remit.wire.messages import ModelRequest, ModelResponse, StreamEvent

REFUSE, REDACT = "refuse", "redact"
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Unread:
    """What a provider may not read of a conversation."""

    why: str = ""
    """Why it may not be asked at all; empty if it may."""
    tools: frozenset[str] = frozenset()
    """The tools whose results are left out of what it is told."""


def unread_by(
    bounds: tuple[Bound, ...], provider: str, request: ModelRequest, rules: Mapping[str, str]
) -> Unread:
    """What a provider may not be told of what is in sight, and whether it can be asked without that."""
    reader, left_out = f"provider:{provider}", dict[str, None]()
    for bound in bounds:
        if bound.run.absent:
            continue
        ledger, context = bound.run.ledger, bound.context
        visible = ledger.visible(context)
        if visible.may_see(reader):
            continue
        why = f"{reader} may not read what {', '.join(visible.sources[-2:]) or 'was recalled'} gave"
        hidden = ledger.hidden_from(reader, context)
        if hidden is None:
            return Unread(why)
        for tool, data_class in hidden:
            if rules.get(data_class or EVERY, rules.get(EVERY, REFUSE)) != REDACT:
                return Unread(why)
            left_out[tool] = None
        if any(_results(request, tool) < sum(each == tool for each, _ in hidden) for tool in left_out):
            return Unread(why)  # some of it is no result of a tool any more: a summary may hold it
    return Unread(tools=frozenset(left_out))


def no_reader(decision: Decision, why: str) -> Decision:
    """A model of a provider that may not read what is in sight is no model for this."""
    remedies = (
        "Use a route with a provider that may read it.",
        "Declare the provider as a reader of the tool.",
    )
    return replace(
        decision, outcome=Outcome.DENY, reasons=(Reason("contract:not_a_reader", "", why, remedies=remedies),)
    )


def heard(bounds: tuple[Bound, ...], provider: str) -> None:
    """A model of this provider has answered: whatever it may read, its words may hold."""
    for bound in bounds:
        bound.run.ledger.answered(f"provider:{provider}", bound.context)


def without(candidate: Candidate, tools: frozenset[str]) -> Candidate:
    """A candidate that is told the conversation without the results of these tools."""
    return replace(candidate, provider=_Without(candidate.provider, tools))


class _Without:
    """A provider behind something that takes away."""

    def __init__(self, provider: Provider, tools: frozenset[str]) -> None:
        self._provider = provider
        self._tools = tools

    @property
    def name(self) -> str:
        return self._provider.name

    @property
    def dialect(self) -> str:
        return self._provider.dialect

    @property
    def simulated(self) -> bool:
        return self._provider.simulated

    async def complete(self, call: ModelCall) -> ModelResponse:
        return await self._provider.complete(self._less(call))

    def stream(self, call: ModelCall) -> AsyncIterator[StreamEvent]:
        return self._provider.stream(self._less(call))

    async def close(self) -> None:
        """The provider is the desk's to close."""

    def _less(self, call: ModelCall) -> ModelCall:
        messages = tuple(_withheld(each, self._tools, self.name) for each in call.request.messages)
        return msgspec.structs.replace(call, request=msgspec.structs.replace(call.request, messages=messages))


def _withheld(message: Message, tools: frozenset[str], provider: str) -> Message:
    if not any(isinstance(part, ToolResult) and part.name in tools for part in message.parts):
        return message
    parts: list[Any] = [
        msgspec.structs.replace(part, parts=(Text(_placeholder(part.name, provider)),), opaque=None)
        if isinstance(part, ToolResult) and part.name in tools
        else part
        for part in message.parts
    ]
    return msgspec.structs.replace(message, parts=tuple(parts))


def _placeholder(tool: str, provider: str) -> str:
    return f"[withheld: {provider} may not read what {tool} answered; go on without it]"


def _results(request: ModelRequest, tool: str) -> int:
    return sum(
        isinstance(part, ToolResult) and part.name == tool and not part.failed
        for message in request.messages
        for part in message.parts
    )
