"""A stream of the Responses API coming in: its events to neutral ones.

Every part is said whole when its item is done. What a server forgot to say in between is found in the last event,
which holds the whole answer; a stream without a last event was cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec
from msgspec import Struct

from remit.domain.action_errors import MalformedAnswer
from remit.wire.fields import PROVIDER
from remit.wire.messages import (
    Failed,
    Finished,
    PartDone,
    ReasoningDelta,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
)
from remit.wire.openai_chat.errors import failure
from remit.wire.openai_responses.content import NAME
from remit.wire.openai_responses.items import decode_item
from remit.wire.openai_responses.responses import extra_of, finish_of, usage_of
from remit.wire.pieces import Pieces
from remit.wire.sse import FrameReader, plain_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.wire.messages import StreamEvent
    from remit.wire.sse import Frame

Json = Any
Event = dict[str, Any]

_DECODER = msgspec.json.Decoder()
_CALLS = ("function_call", "custom_tool_call")


class ResponsesStreamDecoder:
    """Bytes of one answer in, neutral events out."""

    def __init__(self) -> None:
        self._frames = FrameReader()
        self._over = False
        self._started = False
        self._places: dict[tuple[int, int], int] = {}
        self._done: set[int] = set()
        self._texts: dict[int, Pieces] = {}
        """What was said of texts that are not done."""
        self._calls = False
        self._take_event: dict[str, Callable[[Event], list[StreamEvent]]] = {
            "response.created": self._begin,
            "response.queued": self._begin,
            "response.in_progress": self._begin,
            "response.output_item.added": self._item_added,
            "response.output_text.delta": self._text,
            "response.reasoning_summary_part.added": self._next_thought,
            "response.reasoning_summary_text.delta": self._thought,
            "response.reasoning_text.delta": self._thought,
            "response.function_call_arguments.delta": self._arguments,
            "response.custom_tool_call_input.delta": self._arguments,
            "response.output_item.done": self._item_done,
            "response.completed": self._finish,
            "response.incomplete": self._finish,
            "response.failed": self._fail_of_response,
            "error": self._fail_of_event,
        }

    def words(self, frame: bytes) -> TextDelta | None:
        """What one whole frame says if that is nothing but more of a text."""
        if self._over or not self._frames.idle:
            return None
        data = plain_data(frame, _HEAD)
        if data is None:
            return None
        try:
            found = _WORDS.decode(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return None
        if not found.delta:
            return None
        return self._said(found.output_index or 0, found.content_index or 0, found.delta)

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that are complete now; nothing after the end."""
        if self._over:
            return []
        try:
            frames = self._frames.feed(data)
        except MalformedAnswer as wrong:
            return self._fail(Failed(wrong.message, "malformed"))
        return self._take_all(frames)

    def close(self) -> list[StreamEvent]:
        """The bytes have ended; half a frame is no frame."""
        if self._over:
            return []
        events = self._take_all([frame for frame in self._frames.close() if _json_of(frame) is not None])
        if not self._over:
            events += self._fail(Failed("The stream was cut before the answer was complete.", "cut"))
        return events

    def _take_all(self, frames: list[Frame]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for frame in frames:
            if self._over:
                break
            if not frame.data or frame.data.startswith("[DONE]"):
                continue  # a comment, or a mark that other dialects end with
            try:
                events += self._take(frame)
            except MalformedAnswer as wrong:
                events += self._fail(Failed(wrong.message, "malformed"))
        return events

    def _take(self, frame: Frame) -> list[StreamEvent]:
        event = _json_of(frame)
        if event is None:
            raise MalformedAnswer("the stream sent data that is not JSON.")
        if not isinstance(event, dict):
            raise MalformedAnswer("the stream sent data that is no object.")
        event = cast("Event", event)
        kind = PROVIDER.optional_text(event, "type") or frame.event
        take = self._take_event.get(kind)
        if take is not None:
            return take(event)
        failed = failure(event)
        return [] if failed is None else self._fail(failed)

    # --- the answer -------------------------------------------------------------------------------------------

    def _begin(self, event: Event) -> list[StreamEvent]:
        if self._started:
            return []
        self._started = True
        answer = PROVIDER.optional_mapping(event, "response")
        return [Started(PROVIDER.optional_text(answer, "id"), PROVIDER.optional_text(answer, "model"))]

    def _finish(self, event: Event) -> list[StreamEvent]:
        events = self._begin(event)
        answer = PROVIDER.mapping(event, "response")
        for output, (at, item) in enumerate(PROVIDER.blocks(answer, "output", "response")):
            events += self._parts_done(item, output, at, again=False)
        events += [PartDone(index, Text(str(said))) for index, said in sorted(self._texts.items())]
        events.append(
            Finished(finish_of(answer, calls=self._calls), usage_of(answer), NAME, extra_of(answer))
        )
        self._over = True
        return events

    def _fail_of_response(self, event: Event) -> list[StreamEvent]:
        answer = PROVIDER.optional_mapping(event, "response")
        return self._fail(
            failure(answer) or Failed("The provider reported a failure without a word.", "server")
        )

    def _fail_of_event(self, event: Event) -> list[StreamEvent]:
        return self._fail(failure(event) or failure({"error": event}) or Failed("", "server"))

    def _fail(self, failed: Failed) -> list[StreamEvent]:
        self._over = True
        return [failed]

    # --- its parts --------------------------------------------------------------------------------------------

    def _item_added(self, event: Event) -> list[StreamEvent]:
        item = PROVIDER.optional_mapping(event, "item")
        output = _place(event, "output_index")
        index = self._index(output, 0)
        if item.get("type") not in _CALLS:
            return []
        return [
            ToolCallStarted(
                index, PROVIDER.text(item, "call_id", "item"), PROVIDER.text(item, "name", "item")
            )
        ]

    def _text(self, event: Event) -> list[StreamEvent]:
        output, content = _place(event, "output_index"), _place(event, "content_index")
        text = PROVIDER.text(event, "delta")
        return [self._said(output, content, text)] if text else []

    def _said(self, output: int, content: int, text: str) -> TextDelta:
        index = self._index(output, content)
        pieces = self._texts.get(index)
        if pieces is None:
            pieces = self._texts[index] = Pieces()
        pieces.append(text)
        return TextDelta(index, text)

    def _next_thought(self, event: Event) -> list[StreamEvent]:
        index = self._index(_place(event, "output_index"), 0)
        return [ReasoningDelta(index, "\n\n")] if _place(event, "summary_index") else []

    def _thought(self, event: Event) -> list[StreamEvent]:
        text = PROVIDER.text(event, "delta")
        return [ReasoningDelta(self._index(_place(event, "output_index"), 0), text)] if text else []

    def _arguments(self, event: Event) -> list[StreamEvent]:
        text = PROVIDER.text(event, "delta")
        return [ToolCallDelta(self._index(_place(event, "output_index"), 0), text)] if text else []

    def _item_done(self, event: Event) -> list[StreamEvent]:
        item = PROVIDER.mapping(event, "item")
        return self._parts_done(item, _place(event, "output_index"), "item", again=True)

    def _parts_done(self, item: Event, output: int, at: str, *, again: bool) -> list[StreamEvent]:
        """The parts of an item, whole; `again`: also those that were done before."""
        events: list[StreamEvent] = []
        for content, part in enumerate(decode_item(item, at, PROVIDER)):
            index = self._index(output, content)
            self._calls = self._calls or isinstance(part, ToolCall)
            if again or index not in self._done:
                self._done.add(index)
                self._texts.pop(index, None)
                events.append(PartDone(index, part))
        return events

    def _index(self, output: int, content: int) -> int:
        """The place of a part in the message, in the order in which parts are first heard of."""
        return self._places.setdefault((output, content), len(self._places))


class _Words(Struct, gc=False):
    """The event that nearly all of a stream is made of."""

    type: Literal["response.output_text.delta"]
    delta: str
    output_index: int | None = None
    content_index: int | None = None


_HEAD = b"event: response.output_text.delta\ndata: "
_WORDS = msgspec.json.Decoder(_Words)


def _place(event: Mapping[str, Json], key: str) -> int:
    return PROVIDER.integer(event, key) or 0


def _json_of(frame: Frame) -> Json:
    try:
        return _DECODER.decode(frame.data)
    except (msgspec.DecodeError, RecursionError):
        return None
