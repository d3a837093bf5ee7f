"""What providers do beside talking: embed texts, and count the tokens of a request. Each is asked like any model call,
so that routes, health, deadlines and accounts are the same; what a provider does not have is refused, or bounded here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from remit.domain.action_errors import MalformedAnswer, ProviderRefused, Unsupported
from remit.models import failures
from remit.models.bounds import PER_MESSAGE, PER_REQUEST, WITH_TOOLS, weigh
from remit.models.provider import trouble_of
from remit.models.providers.over_http import OverHttp
from remit.models.providers.simulated import Simulated
from remit.models.simulation.embedding import vector_of
from remit.wire import embeddings
from remit.wire.anthropic import decode_count, encode_count
from remit.wire.messages import Message, ModelResponse, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from remit.models.provider import ModelCall, Provider
    from remit.wire.embeddings import EmbedWish
    from remit.wire.inbound import Inbound
    from remit.wire.messages import StreamEvent

What = Literal["embeddings", "count"]
_COUNTED = frozenset(
    {"model", "messages", "system", "tools", "tool_choice", "thinking", "mcp_servers", "context_management"}
)


class Tray(Protocol):
    """Where an answer is laid down."""

    def asks(self, model: str) -> None:
        """This model is asked now."""
        ...

    def opened(self, headers: Mapping[str, str], *, verbatim: bool) -> None:
        """It answers."""
        ...

    def came_whole(self, body: bytes) -> None:
        """Its answer, in the client's dialect."""
        ...


class Embedding:
    """A provider that is asked for vectors."""

    def __init__(self, model: str, provider: Provider, inbound: Inbound, wish: EmbedWish, tray: Tray) -> None:
        self._model = model
        self._provider = provider
        self._inbound = inbound
        self._wish = wish
        self._tray = tray
        self.name, self.dialect, self.simulated = provider.name, provider.dialect, provider.simulated

    async def complete(self, call: ModelCall) -> ModelResponse:
        """The vectors, laid down; what they used is told."""
        tray, wish, provider = self._tray, self._wish, self._provider
        tray.asks(self._model)
        if isinstance(provider, Simulated):
            vectors = [vector_of(each, wish.dimensions) for each in wish.inputs]
            return self._laid(vectors, None, call)
        if not isinstance(provider, OverHttp):
            raise Unsupported(f"provider {self.name} has no embeddings.", "Choose a route to one that has.")
        asked = (
            embeddings.gemini_body(wish, call.request.model)
            if self.dialect == "gemini"
            else embeddings.openai_body(self._inbound, call.request.model)
        )
        said, raw, headers = await provider.aside(call, "embeddings", asked)
        try:
            if self.dialect == "gemini":
                return self._laid(embeddings.gemini_answer(said, wish), None, call)
            vectors, tokens, as_asked = embeddings.openai_answer(said, wish)
        except MalformedAnswer as wrong:
            raise failures.malformed(self.name, wrong.message) from None
        if not as_asked or tokens is None:
            return self._laid(vectors, tokens, call)
        tray.opened(headers, verbatim=True)
        tray.came_whole(raw)
        return _told(str(said.get("model", "")) or call.request.model, tokens)

    def _laid(self, vectors: list[Any], tokens: int | None, call: ModelCall) -> ModelResponse:
        """In our own words. Where nobody counted, it is estimated."""
        used = tokens if tokens is not None else self._wish.tokens or weigh(call.request).estimate
        body = embeddings.answer(vectors, self._wish, call.request.model, used)
        self._tray.opened({}, verbatim=False)
        self._tray.came_whole(msgspec.json.encode(body))
        return _told(call.request.model, used)

    def stream(self, call: ModelCall) -> AsyncIterator[StreamEvent]:
        """There is nothing to stream."""
        raise AssertionError(call.path)  # an embedding is never asked for as a stream

    async def close(self) -> None:
        """The provider is everybody's."""


class Counting:
    """A provider that is asked how many tokens a request has: its own count, or a bound where it has none."""

    def __init__(self, model: str, provider: Provider, inbound: Inbound, tray: Tray) -> None:
        self._model = model
        self._provider = provider
        self._inbound = inbound
        self._tray = tray
        self.bounded = False
        """Whether what was told is only a bound."""
        self.name, self.dialect, self.simulated = provider.name, provider.dialect, provider.simulated

    async def complete(self, call: ModelCall) -> ModelResponse:
        """The number, laid down. Counting is free."""
        tray, provider = self._tray, self._provider
        tray.asks(self._model)
        counted = await self._counted(call, provider) if isinstance(provider, OverHttp) else None
        if counted is None:
            weight = weigh(call.request)
            tokens = (
                PER_REQUEST + weight.text + weight.frames * PER_MESSAGE + (WITH_TOOLS if weight.tools else 0)
            )
            tray.opened({"x-remit-count": "bound"}, verbatim=False)
        else:
            tokens, headers = counted
            tray.opened(headers, verbatim=False)
        tray.came_whole(msgspec.json.encode(encode_count(tokens)))
        return ModelResponse(call.request.model, Message("assistant"), "stop", Usage())

    async def _counted(self, call: ModelCall, provider: OverHttp) -> tuple[int, Mapping[str, str]] | None:
        """The provider's own count; None if it has none: not every server of a dialect counts in it."""
        if not provider.counts(self._inbound.dialect):
            return None
        fields = {name: value for name, value in self._inbound.fields.items() if name in _COUNTED}
        try:
            said, _, headers = await provider.aside(call, "count", {**fields, "model": call.request.model})
            return decode_count(said), headers
        except ProviderRefused as wrong:
            if trouble_of(wrong).kind != "not_found":
                raise
            return None
        except MalformedAnswer as wrong:
            raise failures.malformed(self.name, wrong.message) from None

    def stream(self, call: ModelCall) -> AsyncIterator[StreamEvent]:
        """There is nothing to stream."""
        raise AssertionError(call.path)  # a count is never asked for as a stream

    async def close(self) -> None:
        """The provider is everybody's."""


def _told(model: str, tokens: int) -> ModelResponse:
    return ModelResponse(model, Message("assistant"), "stop", Usage(input=tokens))
