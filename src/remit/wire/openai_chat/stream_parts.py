"""The parts of a streamed chat message while they grow: kept in pieces, put together once."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, cast

from remit.wire.fields import PROVIDER
from remit.wire.messages import Audio, Reasoning, Refusal, StreamEvent, Text, ToolCall, ToolCallDelta
from remit.wire.messages import ToolCallStarted as Started
from remit.wire.opaque import carried, rest
from remit.wire.openai_chat.parts import NAME
from remit.wire.openai_chat.thoughts import REASONING_KEYS, thoughts_of
from remit.wire.openai_chat.tool_calls import arguments_text, call_opaque, is_custom
from remit.wire.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.messages import Part

Json = Any


class GrowingKeys:
    """Keys of a block that comes in deltas: texts and lists grow, anything else is replaced."""

    def __init__(self) -> None:
        self._found: dict[str, Json] = {}

    def add(self, more: Mapping[str, Json]) -> None:
        for key, value in more.items():
            before = self._found.get(key)
            if isinstance(value, str):
                if isinstance(before, Pieces):
                    before.append(value)
                else:
                    self._found[key] = Pieces(value)
            elif isinstance(value, list):
                items = cast("list[Json]", value)
                if isinstance(before, list):
                    cast("list[Json]", before).extend(items)
                else:
                    self._found[key] = list(items)
            elif value is not None:
                self._found[key] = value

    def whole(self) -> dict[str, Json]:
        return {key: str(found) if isinstance(found, Pieces) else found for key, found in self._found.items()}


class GrowingText:
    """Words, or the words of a refusal."""

    def __init__(self, index: int, kind: type[Text | Refusal]) -> None:
        self.index = index
        self.kind = kind
        self.pieces = Pieces()

    def part(self) -> Part:
        return self.kind(str(self.pieces))


class GrowingThoughts:
    """Reasoning, under each key that the provider uses."""

    def __init__(self, index: int) -> None:
        self.index = index
        self._texts = GrowingKeys()
        self._details: list[tuple[dict[str, Json], GrowingKeys]] = []

    def add(self, delta: Mapping[str, Json]) -> str:
        """Takes a delta and gives its words."""
        shown = {key: value for key in REASONING_KEYS if (value := delta.get(key))}
        details = shown.pop("reasoning_details", None)
        self._texts.add(shown)
        if isinstance(details, list):
            for detail in cast("list[Json]", details):
                self._add_detail(detail)
        return thoughts_of(shown if details is None else {**shown, "reasoning_details": details})

    def part(self) -> Part:
        block = self._texts.whole()
        if self._details:
            block["reasoning_details"] = [first | more.whole() for first, more in self._details]
        return Reasoning(thoughts_of(block), NAME, block)

    def _add_detail(self, detail: Json) -> None:
        """Pieces of one block become one block again: those that say the same of their type and index."""
        if not isinstance(detail, dict):
            return
        fixed = {key: value for key, value in cast("dict[str, Json]", detail).items() if key in _OF_DETAIL}
        last = self._details[-1] if self._details else None
        if last is None or any(last[0].get(key) != fixed.get(key) for key in ("type", "index")):
            last = (fixed, GrowingKeys())
            self._details.append(last)
        last[0].update(fixed)
        last[1].add(rest(cast("dict[str, Json]", detail), _OF_DETAIL))


class GrowingSound:
    """Audio and what is said in it."""

    def __init__(self, index: int) -> None:
        self.index = index
        self._data: list[str] = []
        self._words = Pieces()
        self._keys: dict[str, Json] = {}

    def add(self, delta: Mapping[str, Json]) -> None:
        if data := PROVIDER.optional_text(delta, "data", "delta.audio"):
            self._data.append(data)
        if words := PROVIDER.optional_text(delta, "transcript", "delta.audio"):
            self._words.append(words)
        left = rest(delta, _OF_SOUND)
        self._keys.update((key, value) for key, value in left.items() if value is not None)

    def part(self) -> Part:
        said = {"transcript": str(self._words)} if self._words else {}
        return Audio(_one_base64(self._data), "", carried(NAME, self._keys | said))


class GrowingCall:
    """A tool call; it is announced when its name and its id are known."""

    def __init__(self, index: int, number: int) -> None:
        self.index = index
        self.number = number
        self.id = self.name = ""
        self.done = False
        self._started = False
        self._opaque: dict[str, Json] = {}
        self._pieces = Pieces()
        self._waiting: list[str] = []

    @property
    def begun(self) -> bool:
        """Whether arguments came already."""
        return bool(self._pieces)

    def add(self, block: Mapping[str, Json]) -> list[StreamEvent]:
        """Takes a delta and gives what it says."""
        at = "delta.tool_calls"
        kind, argument = ("custom", "input") if is_custom(block) else ("function", "arguments")
        inner = PROVIDER.optional_mapping(block, kind, at)
        self.id = self.id or PROVIDER.optional_text(block, "id", at)
        self.name = self.name or PROVIDER.optional_text(inner, "name", at)
        for dialect, keys in (call_opaque(block) or {}).items():
            self._opaque[dialect] = self._opaque.get(dialect, {}) | keys
        if text := arguments_text(inner.get(argument)):
            self._pieces.append(text)
            self._waiting.append(text)
        return self._say() if self.id and self.name else []

    def end(self, fallback: str) -> list[StreamEvent]:
        """What could not be said before; a call that never got an id is called `fallback`."""
        self.done = True
        self.id = self.id or fallback
        return self._say()

    def part(self) -> Part:
        custom = self._opaque.get(NAME, {}).get("type") == "custom"
        whole = str(self._pieces) or ("" if custom else "{}")
        return ToolCall(self.id, self.name, whole, self._opaque or None)

    def _say(self) -> list[StreamEvent]:
        events: list[StreamEvent] = [] if self._started else [Started(self.index, self.id, self.name)]
        self._started = True
        if self._waiting:
            events.append(ToolCallDelta(self.index, "".join(self._waiting)))
            self._waiting = []
        return events


Growing = GrowingText | GrowingThoughts | GrowingSound | GrowingCall

_OF_DETAIL = frozenset({"type", "index", "id", "format"})
_OF_SOUND = frozenset({"data", "transcript"})


def _one_base64(pieces: list[str]) -> str:
    """One text out of pieces, each of which may have been padded for itself."""
    if not any(piece.endswith("=") for piece in pieces[:-1]):
        return "".join(pieces)
    try:
        return base64.b64encode(b"".join(base64.b64decode(piece) for piece in pieces)).decode()
    except binascii.Error:
        return "".join(pieces)
