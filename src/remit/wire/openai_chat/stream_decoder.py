"""A chat stream coming in: chunks to neutral events.

Why the answer ended, its usage and late tool calls arrive in any order after the words, so `Finished` waits for
`[DONE]`, or for the end of the bytes if a reason to finish was given. Without a reason or a `[DONE]` it was cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from remit.domain.action_errors import MalformedAnswer
from remit.wire.assembly import assemble
from remit.wire.fields import PROVIDER
from remit.wire.messages import Failed, Finished, Message, Started, TextDelta
from remit.wire.opaque import carried, rest
from remit.wire.openai_chat.errors import failure
from remit.wire.openai_chat.parts import NAME
from remit.wire.openai_chat.responses import answer_extra, finish_of
from remit.wire.openai_chat.stream_choice import ChoiceStream
from remit.wire.openai_chat.stream_words import words_of
from remit.wire.openai_chat.turns import encode_answer
from remit.wire.openai_chat.usage import CHAT
from remit.wire.sse import FrameReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.messages import StreamEvent
    from remit.wire.sse import Frame

Json = Any

_CHUNK = frozenset({"id", "object", "created", "model", "choices", "usage", "obfuscation"})
_DONE = "[DONE]"
_DECODER = msgspec.json.Decoder()


class ChatStreamDecoder:
    """Bytes of one answer in, neutral events out."""

    def __init__(self) -> None:
        self._frames = FrameReader()
        self._over = False
        self._id = ""
        self._model = ""
        self._started = False
        self._first = ChoiceStream()
        self._others: dict[int, tuple[ChoiceStream, list[StreamEvent]]] = {}
        self._usage: dict[str, Json] | None = None
        self._top: dict[str, Json] = {}

    def words(self, frame: bytes) -> TextDelta | None:
        """What one whole frame says if that is nothing but more of the text that is open."""
        text = self._first.open_text
        if text is None or self._over or not self._frames.idle:
            return None
        found = words_of(frame)
        if found is None:
            return None
        if found.system_fingerprint is not None:
            self._top["system_fingerprint"] = found.system_fingerprint
        if found.service_tier is not None:
            self._top["service_tier"] = found.service_tier
        said = found.choices[0].delta.content
        text.pieces.append(said)
        return TextDelta(text.index, said)

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
        """The bytes have ended. Half a frame is no frame: whether the answer is whole, others have to say."""
        if self._over:
            return []
        events = self._take_all([frame for frame in self._frames.close() if _is_whole(frame)])
        if self._over:
            return events
        if self._first.finish_reason:
            return events + self._finish()
        return events + self._fail(Failed("The stream was cut before the answer was complete.", "cut"))

    def _take_all(self, frames: list[Frame]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for frame in frames:
            if self._over:
                break
            if not frame.data:
                continue  # a comment that keeps the connection alive
            if frame.data.startswith(_DONE):
                events += self._done()
                continue
            try:
                events += self._take(frame)
            except MalformedAnswer as wrong:
                events += self._fail(Failed(wrong.message, "malformed"))
        return events

    def _take(self, frame: Frame) -> list[StreamEvent]:
        try:
            chunk = _DECODER.decode(frame.data)
        except (msgspec.DecodeError, RecursionError):
            raise MalformedAnswer("the stream sent data that is not JSON.") from None
        if not isinstance(chunk, dict):
            raise MalformedAnswer("the stream sent data that is no object.")
        chunk = cast("dict[str, Json]", chunk)
        failed = failure({"error": chunk} if frame.event == "error" and "error" not in chunk else chunk)
        return self._fail(failed) if failed is not None else self._take_chunk(chunk)

    def _take_chunk(self, chunk: Mapping[str, Json]) -> list[StreamEvent]:
        self._id = self._id or PROVIDER.optional_text(chunk, "id")
        self._model = self._model or PROVIDER.optional_text(chunk, "model")
        if chunk.get("usage"):
            self._usage = PROVIDER.mapping(chunk, "usage")
        if chunk.keys() - _CHUNK:
            self._top.update((key, value) for key, value in rest(chunk, _CHUNK).items() if value is not None)
        events: list[StreamEvent] = []
        for _, choice in PROVIDER.blocks(chunk, "choices"):
            if not self._started:
                events.append(self._start())
            events += self._take_choice(choice)
        return events

    def _take_choice(self, choice: Mapping[str, Json]) -> list[StreamEvent]:
        index = PROVIDER.integer(choice, "index", "choices") or 0
        if not index:
            return self._first.take(choice)
        other, said = self._others.setdefault(index, (ChoiceStream(f"{self._id}_{index}"), []))
        said += other.take(choice)
        return []

    def _start(self) -> Started:
        """Servers send chunks without choices first (filter results, pings): the answer begins with a choice."""
        self._started = True
        self._first = ChoiceStream(self._id)
        return Started(self._id, self._model)

    def _done(self) -> list[StreamEvent]:
        if not self._started:
            return self._fail(Failed("The stream ended without an answer in it.", "malformed"))
        return self._finish()

    def _finish(self) -> list[StreamEvent]:
        self._over = True
        first = self._first
        extra = answer_extra(
            self._top,
            first.logprobs.whole(),
            [_choice(index, *other) for index, other in sorted(self._others.items())],
            CHAT.spare(self._usage),
        )
        if beside := first.beside.whole():
            extra["message"] = beside
        events = first.finish()
        try:
            usage = CHAT.decode(self._usage, PROVIDER)
        except MalformedAnswer as wrong:
            return events + self._fail(Failed(wrong.message, "malformed"))
        finish = finish_of(first.finish_reason, calls=bool(first.calls))
        return [*events, Finished(finish, usage, NAME, extra)]

    def _fail(self, failed: Failed) -> list[StreamEvent]:
        self._over = True
        return [failed]


def _choice(index: int, choice: ChoiceStream, said: list[StreamEvent]) -> dict[str, Json]:
    """A further choice as a whole one, the form in which answers carry it."""
    turn = assemble([*said, *choice.finish()]).message
    turn = Message(turn.role, turn.parts, opaque=carried(NAME, choice.beside.whole()))
    return {
        "index": index,
        "message": encode_answer(turn),
        "finish_reason": choice.finish_reason or None,
        "logprobs": choice.logprobs.whole() or None,
    }


def _is_whole(frame: Frame) -> bool:
    """Whether what stood at the very end was a frame, or the beginning of one."""
    if frame.data.startswith(_DONE):
        return True
    try:
        _DECODER.decode(frame.data)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
