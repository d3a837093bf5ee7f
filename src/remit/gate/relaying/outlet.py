"""The way of one answer to a client: what is shown at once, what is held until it is known to be good, and how it ends.

Frames in the client's own dialect go on as the bytes that came; events of another are put into it. From the first frame
of a tool call on everything is held where such calls are looked at, and the end of every answer is held until it is
settled. What was shown is never shown again: before that an attempt may be forgotten, after it only be ended.
"""

from __future__ import annotations

import re
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import msgspec

from remit.gate.relaying.following import Following
from remit.gate.relaying.shadow import Shadow
from remit.wire.dialects import dialect as dialect_of
from remit.wire.envelopes import last_envelope, patched, patched_body
from remit.wire.messages import (
    Failed,
    Finished,
    PartDone,
    Reasoning,
    ReasoningDelta,
    Refusal,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.gate.relaying.asked import RelayAsk, Sink
    from remit.wire.dialect import StreamEncoder, WireError
    from remit.wire.messages import ModelResponse, StreamEvent, Usage

Json = Any

_ENDS = {
    "openai_chat": re.compile(rb'"finish_reason"\s*:\s*"'),
    "anthropic": re.compile(rb'"type"\s*:\s*"message_(?:delta|stop)"'),
    "openai_responses": re.compile(rb'"type"\s*:\s*"response\.(?:completed|incomplete|failed)"'),
}
_COUNTED = re.compile(rb'"usage"\s*:\s*\{')
_NO_CHOICE = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_SHOWN = ("x-ratelimit-", "anthropic-ratelimit-", "x-remit-count")


class ClientOutlet:
    """One answer on its way to one client."""

    def __init__(self, ask: RelayAsk, sink: Sink, identity: str, at: int, *, holds_tools: bool) -> None:
        self._ask = ask
        self._sink = sink
        self._inbound = ask.inbound
        self._dialect = dialect_of(ask.inbound.dialect)
        self._identity = identity
        self._at = at
        self._holds_tools = holds_tools
        self._ends = _ENDS.get(ask.inbound.dialect)
        self.begun = False
        """Whether the client was shown anything."""
        self.headers: dict[str, str] = {}
        self.body = b""
        """An answer that came whole, as it came."""
        self.waited = 0
        """Microseconds for which providers were waited for, until the first byte or the whole answer."""
        self._since = 0
        self._end = b""
        self._again()

    def _again(self) -> None:
        self.model = ""
        self.prompt: Usage | None = None
        """What the provider said at the beginning that it had read."""
        self.said = 0
        """Bytes of what came."""
        self.verbatim = False
        self._opening: list[bytes] = []
        self._held: list[bytes] = []
        self._held_events: list[StreamEvent] = []
        self._holding = False
        self._encoder: StreamEncoder | None = None
        self._started: Started | None = None
        self._index = -1
        self._following = Following(self._inbound.dialect)
        self._shadow = Shadow()

    # --- what a provider gives --------------------------------------------------------------------------

    def asks(self, model: str) -> None:
        """A model is asked now; whatever another gave before counts no more."""
        self._again()
        self.model = model
        self.body = b""
        self._since = perf_counter_ns()

    async def give_again(self, model: str, response: ModelResponse) -> None:
        """An answer that is there already: all of it is held until it is settled."""
        self.asks(model)
        self._holding = True
        self.headers = {"x-remit-cache": "hit"}
        if self._inbound.stream:
            for event in [Started(response.id, response.model), *parts_of(response)]:
                await self.event(event)

    def opened(self, headers: Mapping[str, str], *, verbatim: bool) -> None:
        """A provider answers."""
        self.verbatim = verbatim
        self.waited += (perf_counter_ns() - self._since) // 1000
        self.headers = {name: value for name, value in headers.items() if name.startswith(_SHOWN)}

    def came_whole(self, body: bytes) -> None:
        """An answer in the client's dialect, all of it."""
        self.body = body

    async def frame(self, frame: bytes, events: list[StreamEvent]) -> None:
        """One frame in the client's dialect."""
        says = self._take(events)
        if self._is_hidden(frame):
            return
        frame = self._patched(frame)
        self._holding = self._holding or says or (self._ends is not None and self._is_end(frame))
        if self._holding:
            self._held.append(frame)
        elif not self.begun and all(isinstance(event, Started) for event in events):
            self._note_shown(events)
            self._following.saw(frame)
            self._opening.append(frame)
        else:
            self._note_shown(events)
            self._following.saw(frame)
            await self._show(frame)

    async def words(self, frames: bytes, said: TextDelta) -> None:
        """Frames in the client's dialect that say nothing but these words: they end nothing, and count nothing."""
        self.said += len(said.text)
        self._index = max(self._index, said.index)
        if self._holding:
            self._held.append(frames)
            return
        if self._holds_tools:
            self._shadow.add(said)
        self._following.went_on(frames)
        if self.begun:
            await self._sink.write(frames)
        else:
            await self._show(frames)

    async def event(self, event: StreamEvent) -> None:
        """One event in the words of another dialect."""
        self._holding = self._take([event]) or self._holding or isinstance(event, Finished | Failed)
        if self._holding:
            self._held_events.append(event)
            return
        written = self._patched(self._writer().feed(event))
        if isinstance(event, Started):
            self._opening.append(written)
        elif written:
            await self._show(written)

    def _take(self, events: list[StreamEvent]) -> bool:
        """Note what events say; whether something among them is to be held."""
        holds = False
        for event in events:
            match event:
                case TextDelta(index=index, text=text) | ReasoningDelta(index=index, text=text):
                    self.said += len(text)
                    self._index = max(self._index, index)
                case ToolCallStarted(index=index) | ToolCallDelta(index=index):
                    self.said += len(event.text) if isinstance(event, ToolCallDelta) else len(event.name)
                    holds = holds or self._holds_tools
                case PartDone(index=index, part=part):
                    if isinstance(part, ToolCall):
                        holds = holds or self._holds_tools
                    elif isinstance(part, (Text, Reasoning)):
                        self._index = max(self._index, index)
                case Started(usage=usage):
                    self.prompt, self._started = usage, event
                case _:
                    pass
        return holds

    def _is_hidden(self, frame: bytes) -> bool:
        """A count that the client has not asked for, in a frame that says nothing else."""
        if self._inbound.wants_usage or not _COUNTED.search(frame):
            return False
        return _NO_CHOICE.search(frame) is not None

    def _is_end(self, frame: bytes) -> bool:
        """Whether it says how the answer ends. Of several choices one may end long before the others."""
        return (
            self._inbound.request.choices == 1
            and self._ends is not None
            and self._ends.search(frame) is not None
        )

    def _writer(self) -> StreamEncoder:
        if self._encoder is None:
            identity = "" if self.verbatim else self._identity
            named = self._started is not None and self._started.model
            self._encoder = self._dialect.stream_encoder(
                model="" if named else self.model,
                identity=identity,
                at=self._at,
                usage=self._inbound.wants_usage,
            )
            if self.verbatim and self._started is not None:
                self._encoder.feed(self._started)
            self._shadow.tell(self._encoder.feed)
        return self._encoder

    def _note_shown(self, events: list[StreamEvent]) -> None:
        """Where a refusal may have to follow what was shown, somebody has to know how far that came."""
        if self._holds_tools:
            for event in events:
                if event is not self._started:
                    self._shadow.add(event)

    async def _show(self, frames: bytes) -> None:
        if not self.begun:
            await self._begin()
            frames = b"".join((*self._opening, frames))
            self._opening.clear()
        await self._sink.write(frames)

    async def _begin(self) -> None:
        self.begun = True
        await self._sink.begin(self.headers, self.waited)

    # --- how it ends ------------------------------------------------------------------------------------

    def conclude(self, response: ModelResponse, refusal: str = "") -> None:
        """It has all come: put into words what the client does not have yet, a refusal where there is one."""
        if not self._inbound.stream:
            self.body = self._whole(response, anew=bool(refusal))
        elif refusal:
            said = self._writer().feed(PartDone(self._index + 1, Refusal(refusal)))
            said += self._writer().feed(Finished("stop", response.usage))
            self._end = self._patched(self._after(said))
        elif self.verbatim:
            self._end = b"".join(self._held)
        else:
            writer = self._writer()
            self._end = self._patched(b"".join([writer.feed(event) for event in self._held_events]))
        self._held.clear()
        self._held_events.clear()

    @property
    def envelope(self) -> dict[str, Json]:
        """The whole answer, in the words that the client gets; only responses say it at the end of a stream."""
        if not self._inbound.stream:
            return msgspec.json.decode(self.body)
        return last_envelope(self._end)

    async def release(self) -> None:
        """It is settled: the client may have the rest."""
        end, self._end = self._end, b""
        if end or not self.begun:
            await self._show(end)

    async def fail(self, error: WireError) -> None:
        """Say in the middle of a stream that it is over, and why."""
        writer = self._writer()
        said = writer.feed(Failed(error.message, error.kind, error.status))
        await self._show(self._after(said))

    def _after(self, frames: bytes) -> bytes:
        return self._following.after(frames) if self.verbatim else frames

    def _patched(self, frames: bytes) -> bytes:
        """What Remit does in the provider's place, said where the provider says otherwise."""
        ask = self._ask
        patch = ask.patch if self.verbatim else {**ask.echo, **ask.patch}
        return patched(frames, patch) if patch and frames else frames

    async def replay(self, response: ModelResponse, refusal: str = "") -> None:
        """A whole answer as the stream that says it, up to its end."""
        for event in [Started(response.id, response.model), *parts_of(response)]:
            await self.event(event)
        self.conclude(response, refusal)

    def _whole(self, response: ModelResponse, *, anew: bool) -> bytes:
        """The body of an answer that came at once; one that is another by now is written anew."""
        ask = self._ask
        if self.body and self.verbatim and not anew:
            return patched_body(self.body, ask.patch) if ask.patch else self.body
        identity = response.id if self.verbatim else self._identity
        named = msgspec.structs.replace(response, id=identity, model=response.model or self.model)
        body = self._dialect.encode_response(named, at=self._at)
        return msgspec.json.encode({**body, **ask.echo, **ask.patch})


def parts_of(response: ModelResponse) -> list[StreamEvent]:
    """The events that an answer amounts to, part by part."""
    parts = [PartDone(index, part) for index, part in enumerate(response.message.parts)]
    return [*parts, Finished(response.finish, response.usage, response.dialect, response.extra)]
