"""Event streams of the Messages API, read into the neutral form.

    message_start (content_block_start content_block_delta* content_block_stop)* message_delta+ message_stop

`ping` may stand anywhere; `error` ends it all. Usage in a `message_delta` is cumulative. An event nobody knows is
passed over, as the API asks of its readers; one that breaks the grammar is no answer.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta, Struct

from remit.domain.action_errors import MalformedAnswer
from remit.wire.anthropic.blocks_in import decode_block
from remit.wire.anthropic.errors import kind_and_status
from remit.wire.anthropic.names import NAME, Block
from remit.wire.anthropic.responses import decode_usage, extra_of, finish_of
from remit.wire.arguments import as_object
from remit.wire.fields import PROVIDER
from remit.wire.messages import (
    Failed,
    Finished,
    PartDone,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
)
from remit.wire.pieces import Pieces
from remit.wire.sse import Frame, FrameReader, plain_data


class Decoder:
    """One stream from a provider."""

    def __init__(self) -> None:
        self._reader = FrameReader()
        self._begun = False
        self._ended = False
        self._open: dict[int, _Open] = {}
        self._seen: set[int] = set()
        self._usage: Block = {}
        self._delta: Block = {}

    def words(self, frame: bytes) -> TextDelta | None:
        """What one whole frame says if that is nothing but more words of a block that is open."""
        if self._ended or not self._reader.idle:
            return None
        data = plain_data(frame, _HEAD)
        if data is None:
            return None
        try:
            found = _WORDS.decode(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return None
        opened = self._open.get(found.index)
        if opened is None:
            return None
        opened.words("text", found.delta.text)
        return TextDelta(found.index, found.delta.text)

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that are complete now."""
        events: list[StreamEvent] = []
        for frame in self._reader.feed(data):
            self._take(frame, events)
        return events

    def close(self) -> list[StreamEvent]:
        """The bytes have ended."""
        events: list[StreamEvent] = []
        try:
            for frame in self._reader.close():
                self._take(frame, events)
        except MalformedAnswer:
            pass  # the last frame was cut, which is what is said below
        if not self._ended:
            self._ended = True
            events.append(Failed("the stream ended before message_stop", "cut"))
        return events

    def _take(self, frame: Frame, events: list[StreamEvent]) -> None:
        if not frame.data or self._ended:
            return
        event = _json(frame.data)
        match event.get("type", frame.event):
            case "content_block_delta":
                self._block_delta(event, events)
            case "content_block_start":
                self._block_start(event, events)
            case "content_block_stop":
                self._block_stop(event, events)
            case "message_start":
                self._start(event, events)
            case "message_delta":
                self._message_delta(event)
            case "message_stop":
                self._stop(events)
            case "error":
                self._error(event, events)
            case _:
                pass

    def _start(self, event: Block, events: list[StreamEvent]) -> None:
        if self._begun:
            raise PROVIDER.wrong("message_start", "comes a second time")
        self._begun = True
        message = PROVIDER.mapping(event, "message", "message_start")
        self._usage = PROVIDER.optional_mapping(message, "usage", "message")
        usage = decode_usage(self._usage) if self._usage else None
        identity = PROVIDER.optional_text(message, "id", "message")
        events.append(Started(identity, PROVIDER.optional_text(message, "model", "message"), usage))

    def _block_start(self, event: Block, events: list[StreamEvent]) -> None:
        index = _index(event)
        if index in self._seen:
            raise PROVIDER.wrong("content_block_start", f"begins block {index} a second time")
        self._seen.add(index)
        block = PROVIDER.mapping(event, "content_block", "content_block_start")
        self._open[index] = _Open(block)
        match PROVIDER.text(block, "type", "content_block"):
            case "tool_use":
                identity, name = PROVIDER.text(block, "id"), PROVIDER.text(block, "name")
                events.append(ToolCallStarted(index, identity, name))
            case "text" if text := PROVIDER.optional_text(block, "text"):
                events.append(TextDelta(index, text))
            case "thinking" if text := PROVIDER.optional_text(block, "thinking"):
                events.append(ReasoningDelta(index, text))
            case _:
                pass

    def _block_delta(self, event: Block, events: list[StreamEvent]) -> None:
        index = _index(event)
        opened = self._open.get(index)
        if opened is None:
            raise PROVIDER.wrong("content_block_delta", f"goes on with block {index}, which is not open")
        delta = PROVIDER.mapping(event, "delta", "content_block_delta")
        match PROVIDER.text(delta, "type", "delta"):
            case "text_delta":
                events.append(TextDelta(index, opened.add("text", delta)))
            case "thinking_delta":
                events.append(ReasoningDelta(index, opened.add("thinking", delta)))
            case "input_json_delta":
                text = opened.add("partial_json", delta)
                if opened.is_call:
                    events.append(ToolCallDelta(index, text))
            case "signature_delta":
                opened.more["signature"] = PROVIDER.text(delta, "signature", "delta")
            case "citations_delta":
                opened.more.setdefault("citations", []).append(delta.get("citation"))
            case _:
                pass

    def _block_stop(self, event: Block, events: list[StreamEvent]) -> None:
        index = _index(event)
        opened = self._open.pop(index, None)
        if opened is None:
            raise PROVIDER.wrong("content_block_stop", f"ends block {index}, which is not open")
        events.append(opened.done(index))

    def _message_delta(self, event: Block) -> None:
        delta = PROVIDER.optional_mapping(event, "delta", "message_delta")
        usage = PROVIDER.optional_mapping(event, "usage", "message_delta")
        self._delta.update((key, value) for key, value in delta.items() if value is not None)
        self._usage = {**self._usage, **{key: value for key, value in usage.items() if value is not None}}

    def _stop(self, events: list[StreamEvent]) -> None:
        self._ended = True
        reason = PROVIDER.optional_text(self._delta, "stop_reason", "delta")
        usage = decode_usage(self._usage) if self._usage else None
        events.extend(opened.done(index) for index, opened in sorted(self._open.items()))
        extra = extra_of(reason, self._delta, _OF_DELTA, self._usage)
        events.append(Finished(finish_of(reason), usage, NAME, extra))

    def _error(self, event: Block, events: list[StreamEvent]) -> None:
        self._ended = True
        error = PROVIDER.optional_mapping(event, "error")
        kind, status = kind_and_status(error)
        message = error.get("message")
        events.append(Failed(message if isinstance(message, str) else "", kind, status))


class _Open:
    """A block that is being streamed."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.is_call = block.get("type") == "tool_use"
        self.more: Block = {}
        self._words: dict[str, Pieces] = {}

    def add(self, kind: str, delta: Block) -> str:
        """More words of the block."""
        text = PROVIDER.text(delta, kind, "delta")
        self.words(kind, text)
        return text

    def words(self, kind: str, text: str) -> None:
        """The same, known to be a text."""
        found = self._words.get(kind)
        if found is None:
            found = self._words[kind] = Pieces()
        found.append(text)

    def done(self, index: int) -> PartDone:
        """The part, as if its block had come whole; but the text of a call exactly as it came."""
        block = {**self.block, **self.more}
        arguments = str(self._words.pop("partial_json", ""))
        for kind, words in self._words.items():
            block[kind] = str(block.get(kind) or "") + str(words)
        if arguments and not self.is_call:
            block["input"] = as_object(arguments)
        part = decode_block(PROVIDER, block, f"content[{index}]")
        if arguments and isinstance(part, ToolCall):
            part = msgspec.structs.replace(part, arguments=arguments)
        return PartDone(index, part)


def _json(data: str) -> Block:
    try:
        event = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        event = None
    if isinstance(event, dict):
        return cast("Block", event)
    raise PROVIDER.wrong("an event of the stream", "is no JSON object")


def _index(event: Block) -> int:
    index = PROVIDER.integer(event, "index", "event")
    if index is None or index < 0:
        raise PROVIDER.wrong("event.index", "has to be the place of a block")
    return index


class _TextDelta(Struct, gc=False):
    type: Literal["text_delta"]
    text: str


class _Words(Struct, gc=False):
    """The event that nearly all of a stream is made of."""

    type: Literal["content_block_delta"]
    index: Annotated[int, Meta(ge=0)]
    delta: _TextDelta


_HEAD = b"event: content_block_delta\ndata: "
_WORDS = msgspec.json.Decoder(_Words)
_OF_DELTA = frozenset({"stop_reason"})
