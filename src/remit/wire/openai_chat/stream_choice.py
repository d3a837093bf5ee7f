"""One choice of a chat stream, put together from its deltas.

Neutral parts come one after the other, so a part is done when the next one begins. Tool calls may go on after that
(some providers interleave them); then the part is said whole once more at the end. Servers leave out indexes and ids,
send them late or send the same for every call; a call is told from the next by what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.wire.fields import PROVIDER
from remit.wire.messages import PartDone, ReasoningDelta, Refusal, Text, TextDelta
from remit.wire.opaque import rest
from remit.wire.openai_chat.parts import decode_content, decode_part
from remit.wire.openai_chat.stream_parts import (
    Growing,
    GrowingCall,
    GrowingKeys,
    GrowingSound,
    GrowingText,
    GrowingThoughts,
)
from remit.wire.openai_chat.thoughts import REASONING_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.messages import Part, StreamEvent

Json = Any

_PLAIN = frozenset({"role", "content"})
_DELTA = frozenset({"role", "content", "refusal", "audio", "tool_calls", "images", *REASONING_KEYS})


class ChoiceStream:
    """What one choice has said so far. `answer` begins the ids of calls to which the provider gives none."""

    def __init__(self, answer: str = "") -> None:
        self.finish_reason = ""
        self.logprobs = GrowingKeys()
        self.beside = GrowingKeys()
        """Keys of the message that the neutral form has no place for."""
        self.calls: list[GrowingCall] = []
        self._answer = answer or "call"
        self._next = 0
        self._open: Growing | None = None
        self._reopened: list[GrowingCall] = []
        self._by_index: dict[int, GrowingCall] = {}

    @property
    def open_text(self) -> GrowingText | None:
        """The text that is being said; more words go on with it."""
        growing = self._open
        return growing if isinstance(growing, GrowingText) and growing.kind is Text else None

    def take(self, choice: Mapping[str, Json]) -> list[StreamEvent]:
        """The events of one delta; nearly all of them are a few words."""
        events: list[StreamEvent] = []
        delta = PROVIDER.optional_mapping(choice, "delta", "choices")
        more = delta.keys() - _PLAIN
        if more:
            self._take_thoughts(delta, events)
        if delta.get("content"):
            self._take_content(delta, events)
        if more:
            self._take_rest(delta, events)
        if logprobs := choice.get("logprobs") and PROVIDER.mapping(choice, "logprobs", "choices"):
            self.logprobs.add(logprobs)
        if choice.get("finish_reason"):
            self.finish_reason = PROVIDER.text(choice, "finish_reason", "choices")
        return events

    def finish(self) -> list[StreamEvent]:
        """The parts that are not done yet."""
        events: list[StreamEvent] = []
        self._close(events)
        events.extend(PartDone(call.index, call.part()) for call in self._reopened)
        return events

    def _take_rest(self, delta: Mapping[str, Json], events: list[StreamEvent]) -> None:
        if refusal := PROVIDER.optional_text(delta, "refusal", "delta"):
            self._text(Refusal, events).pieces.append(refusal)
        if audio := PROVIDER.optional_mapping(delta, "audio", "delta"):
            self._sound(events).add(audio)
        for at, image in PROVIDER.blocks(delta, "images", "delta"):
            self._whole(decode_part(image, at, PROVIDER), events)
        for _, block in PROVIDER.blocks(delta, "tool_calls", "delta"):
            events += self._call(block, events).add(block)
        self.beside.add(rest(delta, _DELTA))

    def _take_thoughts(self, delta: Mapping[str, Json], events: list[StreamEvent]) -> None:
        if not any(delta.get(key) for key in REASONING_KEYS):
            return
        thoughts = self._open
        if not isinstance(thoughts, GrowingThoughts):
            thoughts = GrowingThoughts(self._next)
            self._begin(thoughts, events)
        if words := thoughts.add(delta):
            events.append(ReasoningDelta(thoughts.index, words))

    def _take_content(self, delta: Mapping[str, Json], events: list[StreamEvent]) -> None:
        for part in decode_content(delta, "delta", PROVIDER):
            if not isinstance(part, Text):
                self._whole(part, events)
            elif part.text:
                text = self._text(Text, events)
                text.pieces.append(part.text)
                events.append(TextDelta(text.index, part.text))

    def _text(self, kind: type[Text | Refusal], events: list[StreamEvent]) -> GrowingText:
        text = self._open
        if not isinstance(text, GrowingText) or text.kind is not kind:
            text = GrowingText(self._next, kind)
            self._begin(text, events)
        return text

    def _sound(self, events: list[StreamEvent]) -> GrowingSound:
        sound = self._open
        if not isinstance(sound, GrowingSound):
            sound = GrowingSound(self._next)
            self._begin(sound, events)
        return sound

    def _whole(self, part: Part, events: list[StreamEvent]) -> None:
        self._close(events)
        events.append(PartDone(self._next, part))
        self._next += 1

    def _call(self, block: Mapping[str, Json], events: list[StreamEvent]) -> GrowingCall:
        """The call that a delta belongs to: by its index, by its id, or else the last one."""
        identity = PROVIDER.optional_text(block, "id", "delta.tool_calls")
        index = PROVIDER.integer(block, "index", "delta.tool_calls")
        if index is None:
            call = self._call_without_index(block, identity)
        else:
            call = self._by_index.get(index)
            if call is not None and identity and call.id and call.id != identity:
                call = None  # every call has the index 0 there: only the id tells them apart
        if call is None:
            call = GrowingCall(self._next, len(self.calls))
            self._begin(call, events)
            self.calls.append(call)
        elif call.done and call not in self._reopened:
            self._reopened.append(call)
        if index is not None:
            self._by_index[index] = call
        return call

    def _call_without_index(self, block: Mapping[str, Json], identity: str) -> GrowingCall | None:
        if identity:
            return next((call for call in self.calls if call.id == identity), None)
        last = self.calls[-1] if self.calls else None
        inner = block.get("function")
        named = isinstance(inner, dict) and cast("dict[str, Json]", inner).get("name")
        return None if last is None or (named and last.begun) else last

    def _begin(self, growing: Growing, events: list[StreamEvent]) -> None:
        self._close(events)
        self._open = growing
        self._next += 1

    def _close(self, events: list[StreamEvent]) -> None:
        growing, self._open = self._open, None
        if growing is None:
            return
        if isinstance(growing, GrowingCall):
            events += growing.end(f"{self._answer}_{growing.number}")
        events.append(PartDone(growing.index, growing.part()))
