"""A provider as a relay uses it: what a client sent goes out as it came where the provider speaks the client's dialect,
else in words of its own; and what comes back is handed to an outlet, piece by piece.

It decides nothing: which pieces are held, hidden or shown is the outlet's to say. It is asked like any provider, so
attempts, health and deadlines are those of every call.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from remit.models.failures import malformed
from remit.models.listening import listening
from remit.models.providers.over_http import OverHttp
from remit.wire.inbound import spliced
from remit.wire.messages import Failed, Finished, PartDone, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from remit.models.plan import Candidate
    from remit.models.provider import ModelCall, Provider
    from remit.wire.inbound import Inbound
    from remit.wire.messages import Finish, ModelResponse, StreamEvent


class Outlet(Protocol):
    """Where an answer goes."""

    def asks(self, model: str) -> None:
        """This model is asked now, by its name here."""
        ...

    def opened(self, headers: Mapping[str, str], *, verbatim: bool) -> None:
        """A provider answers, with these headers; its bytes are the client's own dialect, or not."""
        ...

    def came_whole(self, body: bytes) -> None:
        """The bytes of an answer that came at once, in the client's dialect."""
        ...

    async def frame(self, frame: bytes, events: list[StreamEvent]) -> None:
        """One frame in the client's dialect, and what it says; returns when there is room for more."""
        ...

    async def words(self, frames: bytes, said: TextDelta) -> None:
        """The same for whole frames that say nothing but these words."""
        ...

    async def event(self, event: StreamEvent) -> None:
        """One event that has to be put into the client's dialect."""
        ...


def direct(provider: Provider, inbound: Inbound) -> OverHttp | None:
    """The provider, where bytes can travel to it and back as they are."""
    over_http = isinstance(provider, OverHttp)
    return provider if over_http and provider.hands_on(inbound.dialect, stream=inbound.stream) else None


class Relayed:
    """One provider, for one relay."""

    def __init__(
        self, model: str, provider: Provider, inbound: Inbound, outlet: Outlet, limit: int | None
    ) -> None:
        self._model = model
        self._provider = provider
        self._inbound = inbound
        self._outlet = outlet
        self._limit = limit
        """The most tokens of an answer, where the client set no limit and a budget needs one."""
        self._direct = direct(provider, inbound)

    @property
    def name(self) -> str:
        """Its name in models.toml."""
        return self._provider.name

    @property
    def dialect(self) -> str:
        """The dialect it speaks."""
        return self._provider.dialect

    @property
    def simulated(self) -> bool:
        """Whether its answers are made up."""
        return self._provider.simulated

    @property
    def verbatim(self) -> bool:
        """Whether bytes travel as they are."""
        return self._direct is not None

    async def complete(self, call: ModelCall) -> ModelResponse:
        """The whole answer."""
        self._outlet.asks(self._model)
        if self._direct is None:
            response = await self._provider.complete(_ours(call))
            self._outlet.opened({}, verbatim=False)
            return self._whole(response)
        forwarded = await self._direct.forward(call, self._fields(call))
        self._whole(forwarded.response)
        self._outlet.opened(forwarded.headers, verbatim=True)
        self._outlet.came_whole(forwarded.body)
        return forwarded.response

    async def stream(self, call: ModelCall) -> AsyncGenerator[StreamEvent]:
        """The answer as it comes. Every event is given before its bytes are handed on: whoever asked knows by then
        that something is about to be shown.
        """
        outlet, said = self._outlet, False
        outlet.asks(self._model)
        if self._direct is None:
            outlet.opened({}, verbatim=False)
            async with listening(self._provider.stream(_ours(call))) as events:
                async for event in events:
                    yield self._honest(event, said=said)
                    await outlet.event(event)
                    said = said or isinstance(event, PartDone)
            return

        def opened(headers: Mapping[str, str]) -> None:
            outlet.opened(headers, verbatim=True)

        async with aclosing(self._direct.frames(call, self._fields(call), opened)) as frames:
            async for frame, says in frames:
                if isinstance(says, TextDelta):
                    yield says
                    await outlet.words(frame, says)
                    continue
                for event in says:
                    yield self._honest(event, said=said)
                    said = said or isinstance(event, PartDone)
                await outlet.frame(frame, says)

    async def close(self) -> None:
        """The provider is everybody's; whoever opened it closes it."""

    def _whole(self, response: ModelResponse) -> ModelResponse:
        """The answer, unless it is none: then that is no success, under whatever status it came."""
        if why := self._nothing(response.finish, response.extra, said=bool(response.message.parts)):
            raise malformed(self.name, why)
        return response

    def _honest(self, event: StreamEvent, *, said: bool) -> StreamEvent:
        """The event; the end of a stream that never came to one is a failure."""
        if isinstance(event, Finished) and (why := self._nothing(event.finish, event.extra, said=said)):
            return Failed(why, "cut")
        return event

    def _nothing(self, finish: Finish, extra: Mapping[str, Any], *, said: bool) -> str:
        """Why an answer is none; empty if it is one."""
        keeps_reasons = self.dialect == "anthropic"
        if finish == "unknown" and not (said and not keeps_reasons) and "stop_reason" not in extra:
            return "it ended without saying why"
        if not said and self.dialect == "openai_responses" and finish in {"stop", "tools"}:
            return "it completed without an answer"
        return ""

    def _fields(self, call: ModelCall) -> dict[str, Any]:
        """The client's body, with what Remit sets: the model, a limit, and that a stream tells what it used."""
        inbound = self._inbound
        changes: dict[str, Any] = {"model": call.request.model}
        if inbound.dialect == "openai_chat" and inbound.stream and not inbound.wants_usage:
            options: dict[str, Any] = inbound.request.extra.get("stream_options") or {}
            changes["stream_options"] = {**options, "include_usage": True}
        if self._limit is not None and inbound.request.max_tokens is None:
            changes[_LIMITS[inbound.dialect]] = self._limit
        return spliced(inbound.fields, changes)


def _ours(call: ModelCall) -> ModelCall:
    """A call in words of our own: what a client's headers say means something to its own dialect only."""
    return msgspec.structs.replace(call, headers={}) if call.headers else call


def relayed(candidate: Candidate, inbound: Inbound, outlet: Outlet, limit: int | None = None) -> Relayed:
    """The provider of a candidate, for one relay."""
    return Relayed(candidate.model, candidate.provider, inbound, outlet, limit)


_LIMITS = {
    "openai_chat": "max_completion_tokens",
    "openai_responses": "max_output_tokens",
    "anthropic": "max_tokens",
}
