"""A provider behind HTTP: encode in its dialect, post, decode; every failure becomes the error that names it.

The same for every kind; what differs stands in its endpoint. It keeps no key beyond the call that brought it, and
takes the key's text out of whatever the provider says.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import MalformedAnswer, ModelFailed
from remit.domain.value import value
from remit.models import failures
from remit.models.providers.passing import Passing, feed
from remit.models.redaction import SHORTEST, secrets_of, without
from remit.models.transport import NoReply
from remit.wire.messages import Failed, Finished, Started, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    from remit.models.endpoint import Endpoint
    from remit.models.provider import ModelCall
    from remit.models.providers.passing import Said
    from remit.models.transport import Outgoing, Reply, Transport
    from remit.wire.messages import ModelResponse, StreamEvent

_LARGEST_REFUSAL = 1 << 16
_OK, _REDIRECT = 2, 3
_NO_STREAM = ("text/html", "application/json", "application/xhtml+xml")


class OverHttp:
    """One provider."""

    def __init__(self, endpoint: Endpoint, transport: Transport) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._largest = endpoint.spec.largest_answer

    @property
    def name(self) -> str:
        """Its name in models.toml."""
        return self._endpoint.spec.name

    @property
    def dialect(self) -> str:
        """The dialect it speaks."""
        return self._endpoint.dialect.name

    @property
    def simulated(self) -> bool:
        """Its answers are real."""
        return False

    def hands_on(self, dialect: str, *, stream: bool) -> bool:
        """Whether what a client wrote in this dialect can be sent as it is, and the answer handed on as it comes."""
        return dialect == self.dialect and (not stream or self._endpoint.frames_events)

    async def complete(self, call: ModelCall) -> ModelResponse:
        """The whole answer; raises a `ModelFailed`."""
        exchange = await self._prepare(call, stream=False)
        failure: ModelFailed
        try:
            async with self._transport.post(exchange.request, call.deadlines, stream=False) as reply:
                if reply.status // 100 != _OK:
                    raise await self._refusal(reply, exchange)
                return self._answer(await reply.read(self._largest), reply, exchange)
        except NoReply as wrong:
            failure = failures.from_silence(wrong, self.name)
        raise failure

    async def stream(self, call: ModelCall) -> AsyncIterator[StreamEvent]:
        """The answer as it comes; raises before the first event, or ends with `Failed` after it."""
        exchange = await self._prepare(call, stream=True)
        begun, failure = False, None
        try:
            async with self._transport.post(exchange.request, call.deadlines, stream=True) as reply:
                await self._check_stream(reply, exchange)
                async with aclosing(self._events(reply)) as events:
                    async for event in events:
                        said = exchange.discreet(event)
                        if isinstance(said, Failed) and not begun:
                            raise failures.from_event(said, self.name)
                        begun = True
                        yield said
        except NoReply as wrong:
            failure = wrong
        if failure is not None and begun:
            yield Failed(failure.detail, "timeout" if failure.where in _SILENCES else "cut")
        elif failure is not None:
            raise failures.from_silence(failure, self.name)

    async def forward(self, call: ModelCall, fields: dict[str, Any]) -> Forwarded:
        """The whole answer to a body that a client wrote in this dialect, as the bytes that came."""
        exchange = await self._prepare(call, stream=False, fields=fields)
        failure: ModelFailed
        try:
            async with self._transport.post(exchange.request, call.deadlines, stream=False) as reply:
                if reply.status // 100 != _OK:
                    raise await self._refusal(reply, exchange)
                body = await reply.read(self._largest)
                return Forwarded(self._answer(body, reply, exchange), body, reply.headers)
        except NoReply as wrong:
            failure = failures.from_silence(wrong, self.name)
        raise failure

    async def frames(
        self, call: ModelCall, fields: dict[str, Any], opened: Callable[[Mapping[str, str]], None]
    ) -> AsyncGenerator[tuple[bytes, Said]]:
        """The stream that answers such a body: whole frames as they came, and what they say. `opened` is told the
        headers. Raises before the first frame that says something, or ends with `Failed` after it.
        """
        exchange = await self._prepare(call, stream=True, fields=fields)
        begun, failure = False, None
        try:
            async with self._transport.post(exchange.request, call.deadlines, stream=True) as reply:
                await self._check_stream(reply, exchange)
                opened(reply.headers)
                passing = Passing(self._endpoint.decoder(), self._largest)
                while not passing.over:
                    for frames, said in passing.take(await reply.next()):
                        if isinstance(said, TextDelta):
                            begun = True
                            yield frames, said
                            continue
                        events = [exchange.discreet(event) for event in said]
                        for event in events:
                            if isinstance(event, Failed) and not begun:
                                raise failures.from_event(event, self.name)
                            begun = begun or not isinstance(event, Started)
                        yield frames, events
                if passing.ended:
                    await reply.drain()
        except NoReply as wrong:
            failure = wrong
        if failure is not None and begun:
            yield b"", [Failed(failure.detail, "timeout" if failure.where in _SILENCES else "cut")]
        elif failure is not None:
            raise failures.from_silence(failure, self.name)

    def counts(self, dialect: str) -> bool:
        """Whether it counts the tokens of what a client wrote in this dialect."""
        return dialect == self.dialect and self._endpoint.counts()

    async def aside(
        self, call: ModelCall, what: str, body: dict[str, Any]
    ) -> tuple[dict[str, Any], bytes, Mapping[str, str]]:
        """What it says to something else than a talk, as JSON and as the bytes that came."""
        exchange = _Exchange(call, await self._endpoint.aside(call, what, body))
        failure: ModelFailed
        try:
            async with self._transport.post(exchange.request, call.deadlines, stream=False) as reply:
                if reply.status // 100 != _OK:
                    raise await self._refusal(reply, exchange)
                raw = await reply.read(self._largest)
                return self._json(raw, reply), raw, reply.headers
        except NoReply as wrong:
            failure = failures.from_silence(wrong, self.name)
        raise failure

    async def close(self) -> None:
        """Let go of connections."""
        await self._endpoint.close()
        await self._transport.close()

    async def _prepare(
        self, call: ModelCall, *, stream: bool, fields: dict[str, Any] | None = None
    ) -> _Exchange:
        request = call.request
        if request.stream is not stream:
            request = msgspec.structs.replace(request, stream=stream)
            call = msgspec.structs.replace(call, request=request)
        body = self._endpoint.dialect.encode_request(request) if fields is None else dict(fields)
        for name in self._endpoint.spec.drop:
            body.pop(name, None)
        return _Exchange(call, await self._endpoint.outgoing(call, body))

    def _answer(self, raw: bytes, reply: Reply, exchange: _Exchange) -> ModelResponse:
        body = self._json(raw, reply)
        try:
            return self._endpoint.dialect.decode_response(body)
        except MalformedAnswer as wrong:
            what = exchange.without_keys(wrong.message)
        raise failures.malformed(self.name, what, reply.status)

    def _json(self, raw: bytes, reply: Reply) -> dict[str, Any]:
        try:
            return msgspec.json.decode(raw, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            pass
        found = (
            "nothing" if not raw.strip() else f"{_media_type(reply) or 'something'} that is no JSON object"
        )
        raise failures.malformed(self.name, f"it said {reply.status} and sent {found}", reply.status)

    async def _check_stream(self, reply: Reply, exchange: _Exchange) -> None:
        """What is no stream is refused before anything of it is read as one."""
        if reply.status // 100 != _OK:
            raise await self._refusal(reply, exchange)
        if _media_type(reply) in _NO_STREAM:
            raise failures.malformed(
                self.name,
                f"it said {reply.status} and sent {_media_type(reply)} instead of a stream",
                reply.status,
            )

    async def _events(self, reply: Reply) -> AsyncGenerator[StreamEvent]:
        """The events of the stream up to its end; a stream that is none ends with `Failed`."""
        decoder, unread = self._endpoint.decoder(), 0
        while chunk := await reply.next():
            if (words := decoder.words(chunk)) is not None:
                unread = 0
                yield words
                continue
            unread += len(chunk)
            for event in feed(decoder, chunk):
                yield event
                unread = 0
                if isinstance(event, Finished | Failed):
                    await reply.drain()
                    return
            if unread > self._largest:
                yield Failed(f"it sent {unread} bytes that say nothing", "malformed")
                return
        for event in decoder.close():
            yield event

    async def _refusal(self, reply: Reply, exchange: _Exchange) -> ModelFailed:
        if reply.status // 100 == _REDIRECT:
            return failures.redirected(self.name, reply.status)
        try:
            body = await reply.read(_LARGEST_REFUSAL)
        except NoReply:
            body = b""  # the status says enough
        error = self._endpoint.refusal(reply.status, reply.headers, body)
        discreet = msgspec.structs.replace(error, message=exchange.without_keys(error.message))
        return failures.from_refusal(discreet, self.name)


@value
class Forwarded:
    """An answer that came whole: what it says, and the bytes that say it."""

    response: ModelResponse
    body: bytes
    headers: Mapping[str, str]


@value
class _Exchange:
    """One call and the request it became, which together know every key that may be repeated to us."""

    call: ModelCall
    request: Outgoing

    def without_keys(self, text: str) -> str:
        """What the provider said, without the key it was opened with, nor a token that the key bought."""
        shown = (self.request.headers.get(name, "").removeprefix("Bearer ") for name in _OPENING)
        return without(
            text, (*secrets_of(self.call.credential), *(key for key in shown if len(key) >= SHORTEST))
        )

    def discreet(self, event: StreamEvent) -> StreamEvent:
        """The event; a failure without keys."""
        if not isinstance(event, Failed):
            return event
        return Failed(self.without_keys(event.message), event.kind, event.status)


_OPENING = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
_SILENCES = frozenset({"first_byte", "idle", "total"})


def _media_type(reply: Reply) -> str:
    return reply.headers.get("content-type", "").partition(";")[0].strip().lower()
