"""Streams of `streamGenerateContent?alt=sse`, read into the neutral form.

Every frame is a whole `GenerateContentResponse` with the next piece of its contents. Pieces of text follow each other
and are one part, but a piece with a thought signature is a part of its own, since the signature counts only there.
Calls come whole. Some models give every frame a finish reason, so the answer is finished when the bytes end.
"""

from __future__ import annotations

from typing import cast

import msgspec

from remit.domain.action_errors import MalformedAnswer
from remit.wire.fields import PROVIDER
from remit.wire.gemini.errors import kind_of_error
from remit.wire.gemini.names import NAME, Block
from remit.wire.gemini.responses import decode_parts, extra_of, finish_of, is_blocked
from remit.wire.gemini.usage import decode_usage
from remit.wire.messages import (
    Failed,
    Finished,
    Part,
    PartDone,
    Reasoning,
    ReasoningDelta,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
)
from remit.wire.sse import Frame, FrameReader


class Decoder:
    """One stream from a provider."""

    def __init__(self) -> None:
        self._reader = _Reader()
        self._begun = False
        self._ended = False
        self._identity = ""
        self._index = 0
        self._calls = 0
        self._words: list[str] = []
        self._thinks: bool | None = None
        self._usage: Block = {}
        self._candidate: Block = {}
        self._body: Block = {}

    def words(self, frame: bytes) -> None:
        """Every frame is a whole answer here, so each has to be fed."""
        del frame

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that are complete now."""
        events: list[StreamEvent] = []
        for frame in self._reader.feed(data):
            self._take(frame, events)
        return events

    def close(self) -> list[StreamEvent]:
        """The bytes have ended: so has the answer, if a reason was given."""
        events: list[StreamEvent] = []
        try:
            for frame in self._reader.close():
                self._take(frame, events)
        except MalformedAnswer:
            pass  # the last frame was cut; without its reason the answer is, too
        if not self._ended:
            self._end(events)
        return events

    def _take(self, frame: Frame, events: list[StreamEvent]) -> None:
        if not frame.data or self._ended:
            return
        body = _json(frame.data)
        if isinstance(body.get("error"), dict):
            self._fail(body, events)
            return
        self._begin(body, events)
        candidates = [block for _, block in PROVIDER.blocks(body, "candidates")]
        first: Block = {}
        candidate = next((block for block in candidates if not block.get("index")), first)
        for part in decode_parts(candidate, self._identity, self._calls):
            self._say(part, events)
        self._usage |= PROVIDER.optional_mapping(body, "usageMetadata")
        self._candidate |= {key: value for key, value in candidate.items() if key != "content"}
        self._body |= {key: value for key, value in body.items() if key != "candidates"}

    def _begin(self, body: Block, events: list[StreamEvent]) -> None:
        if self._begun:
            return
        self._begun = True
        self._identity = PROVIDER.optional_text(body, "responseId")
        model = PROVIDER.optional_text(body, "modelVersion")
        usage = PROVIDER.optional_mapping(body, "usageMetadata")
        events.append(Started(self._identity, model, decode_usage(usage)))

    def _say(self, part: Part, events: list[StreamEvent]) -> None:
        match part:
            case Text(text=text, opaque=None):
                self._more(text, events, thinks=False)
            case Reasoning(text=text, dialect=dialect, opaque=opaque) if (
                dialect == NAME and opaque is not None and opaque.keys() <= _PLAIN_THOUGHT
            ):
                self._more(text, events, thinks=True)
            case _:
                self._whole(part, events)

    def _more(self, text: str, events: list[StreamEvent], *, thinks: bool) -> None:
        if not text:
            return
        if self._thinks is not thinks:
            self._end_words(events)
            self._thinks = thinks
        self._words.append(text)
        events.append(ReasoningDelta(self._index, text) if thinks else TextDelta(self._index, text))

    def _whole(self, part: Part, events: list[StreamEvent]) -> None:
        self._end_words(events)
        match part:
            case Text(text=text) if text:
                events.append(TextDelta(self._index, text))
            case Reasoning(text=text) if text:
                events.append(ReasoningDelta(self._index, text))
            case ToolCall():
                self._calls += 1
            case _:
                pass
        events.append(PartDone(self._index, part))
        self._index += 1

    def _end_words(self, events: list[StreamEvent]) -> None:
        if self._thinks is None:
            return
        text = "".join(self._words)
        part = Reasoning(text, NAME, {"text": text, "thought": True}) if self._thinks else Text(text)
        events.append(PartDone(self._index, part))
        self._index, self._words, self._thinks = self._index + 1, [], None

    def _end(self, events: list[StreamEvent]) -> None:
        self._ended = True
        reason = PROVIDER.optional_text(self._candidate, "finishReason", "candidates[0]")
        blocked = is_blocked(self._body) and not self._candidate
        if not reason and not blocked:
            if (error := self._reader.stray_error()) is not None:
                self._fail(error, events)
            else:
                events.append(Failed("the stream ended before a finishReason", "cut"))
            return
        self._end_words(events)
        called = self._calls > 0
        extra = extra_of(self._body, self._candidate, self._usage, [], called=called)
        finish = "filter" if blocked else finish_of(reason, called=called)
        events.append(Finished(finish, decode_usage(self._usage), NAME, extra))

    def _fail(self, body: Block, events: list[StreamEvent]) -> None:
        self._ended = True
        kind, status, message = kind_of_error(body)
        events.append(Failed(message, kind, status))


class _Reader(FrameReader):
    """Keeps what is no field of a frame: an error in the midst of a stream comes as bare JSON over several lines."""

    def __init__(self) -> None:
        super().__init__()
        self._stray: list[bytes] = []
        self._left = _LARGEST_STRAY

    def _take(self, line: bytes) -> None:
        name = line.removeprefix(_BYTE_ORDER_MARK).partition(b":")[0]
        if name not in _FIELDS and len(line) < self._left:
            self._left -= len(line)
            self._stray.append(line)
            return
        super()._take(line)

    def stray_error(self) -> Block | None:
        """The error that was written between the frames, if one was."""
        text = b"\n".join(self._stray).strip().removeprefix(b"[").removesuffix(b"]").strip(b" \r\n,")
        try:
            body = _json(text.decode("utf-8", "replace"))
        except MalformedAnswer:
            return None
        return body if isinstance(body.get("error"), dict) else None


def _json(data: str) -> Block:
    try:
        body = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return cast("Block", body)
    raise PROVIDER.wrong("a frame of the stream", "is no JSON object")


_LARGEST_STRAY = 1 << 16
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELDS = frozenset({b"data", b"event", b"id", b"retry", b""})
_PLAIN_THOUGHT = frozenset({"text", "thought"})
