"""A conversation as Gemini's `contents` and `systemInstruction`, both ways.

Who answered which call is said by ids here, but may have come without: then a result belongs to the first call of the
same tool that has none yet. The results of parallel calls go back together, in the order of the calls.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from remit.domain.action_errors import Unsupported
from remit.wire.fields import CLIENT
from remit.wire.gemini.names import NAME, SKIP_SIGNATURE, Block, Json, camel, is_made, made_id
from remit.wire.gemini.parts import decode_part, encode_sent
from remit.wire.gemini.results import encode_result
from remit.wire.messages import Message, Part, ToolCall, ToolResult
from remit.wire.opaque import carried, own, rest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


# --- from a client --------------------------------------------------------------------------------------------


def decode_talk(body: Mapping[str, Json]) -> Iterator[Message]:
    """The turns of a client's body."""
    if body.get("systemInstruction") is not None:
        system = camel(CLIENT.mapping(body, "systemInstruction"))
        parts = [part for _, part in _decode_parts(system, "systemInstruction", -1)]
        yield Message("system", tuple(parts), opaque=carried(NAME, rest(system, _PARTS)))
    if body.get("contents") is None:
        raise CLIENT.wrong("contents", "is missing; it has to be a list")
    waiting: list[ToolCall] = []
    for index, (place, block) in enumerate(CLIENT.blocks(body, "contents")):
        content = camel(block)
        parts = [_answered(part, waiting, index, n) for n, part in _decode_parts(content, place, index)]
        opaque = carried(NAME, rest(content, _OF_CONTENT))
        match CLIENT.optional_text(content, "role", place):
            case "model":
                waiting.extend(part for part in parts if isinstance(part, ToolCall))
                yield Message("assistant", tuple(parts), opaque=opaque)
            case "" | "user" | "function" | "tool":
                yield from _user_turns(parts, opaque)
            case _:
                raise CLIENT.wrong(f"{place}.role", "has to be user or model")


def _decode_parts(content: Block, at: str, index: int) -> Iterator[tuple[int, Part]]:
    for number, (place, block) in enumerate(CLIENT.blocks(content, "parts", at)):
        yield number, decode_part(CLIENT, block, place, index, number)


def _answered(part: Part, waiting: list[ToolCall], index: int, number: int) -> Part:
    """A result with the id of the call that it answers; every other part as it is."""
    if not isinstance(part, ToolResult):
        return part
    for place, call in enumerate(waiting):
        if part.id == call.id or (not part.id and part.name == call.name):
            del waiting[place]
            return part if part.id else msgspec.structs.replace(part, id=call.id)
    return part if part.id else msgspec.structs.replace(part, id=made_id(index, number, part.name))


def _user_turns(parts: list[Part], opaque: dict[str, Json] | None) -> Iterator[Message]:
    """One content may hold results of tools and words of the user; here they are turns of their own."""
    start = 0
    for end in range(1, len(parts) + 1):
        results = isinstance(parts[start], ToolResult)
        if end == len(parts) or isinstance(parts[end], ToolResult) != results:
            yield Message("tool" if results else "user", tuple(parts[start:end]), opaque=opaque)
            start, opaque = end, None
    if not parts:
        yield Message("user", (), opaque=opaque)


# --- to a provider --------------------------------------------------------------------------------------------


def encode_talk(messages: Iterable[Message], *, skip_signatures: bool) -> tuple[Block | None, list[Block]]:
    """The system instruction, and the contents. System text in the midst of a talk goes to the top, for there is no
    other place; with `skip_signatures`, calls that another provider's model made are marked as such.
    """
    talk = _Talk(skip_signatures=skip_signatures)
    for message in messages:
        talk.add(message)
    talk.answer()
    return talk.system, talk.contents


class _Talk:
    """What has been said so far, in Gemini's form."""

    def __init__(self, *, skip_signatures: bool) -> None:
        self.system: Block | None = None
        self.contents: list[Block] = []
        self._skip = skip_signatures
        self._calls: dict[str, tuple[int, str]] = {}
        self._results: list[Part] = []
        self._opaque: Block = {}

    def add(self, message: Message) -> None:
        """One more turn."""
        if message.role == "tool":
            self._results += message.parts
            self._opaque |= own(message.opaque, NAME)
            return
        self.answer()
        parts = [found for part in message.parts if (found := encode_sent(part)) is not None]
        if not parts:
            return
        mine = own(message.opaque, NAME)
        if message.role == "system":
            before: list[Block] = [] if self.system is None else self.system["parts"]
            self.system = {"parts": before + parts, **mine}
            return
        if message.role == "assistant":
            self._note_calls(message, parts)
        self.contents.append({"role": _SPOKEN[message.role], "parts": parts, **mine})

    def answer(self) -> None:
        """The results that came since the last turn, together."""
        if not self._results:
            return
        if any(isinstance(part, ToolResult) and is_made(part.id) for part in self._results):
            self._results.sort(key=self._order)
        found = (
            self._answer(part) if isinstance(part, ToolResult) else encode_sent(part)
            for part in self._results
        )
        parts = [part for part in found if part is not None]
        self.contents.append({"role": "user", "parts": parts, **self._opaque})
        self._results, self._opaque = [], {}

    def _answer(self, part: ToolResult) -> Block:
        return encode_result(part, part.name or self._called(part))

    def _order(self, part: Part) -> int:
        return self._calls.get(part.id, _LAST)[0] if isinstance(part, ToolResult) else _LAST[0]

    def _note_calls(self, message: Message, parts: list[Block]) -> None:
        calls = message.tool_calls
        for call in calls:
            self._calls[call.id] = (len(self._calls), call.name)
        if calls and self._skip:
            first = next(part for part in parts if "functionCall" in part)
            first.setdefault("thoughtSignature", SKIP_SIGNATURE)

    def _called(self, part: ToolResult) -> str:
        if part.id in self._calls:
            return self._calls[part.id][1]
        raise Unsupported(
            f"gemini has to be told which tool gave the result {part.id}, and the conversation does not say."
        )


def needs_signatures(model: str) -> bool:
    """Whether a model refuses calls without a thought signature: Gemini since its third generation."""
    name = model.rpartition("/")[2]
    found = _GENERATION.match(name)
    return name.startswith("gemini") and (found is None or int(found[1]) >= _SIGNING)


_SIGNING = 3
_GENERATION = re.compile(r"gemini-(\d{1,4})\b")
_LAST = (1 << 62, "")
_SPOKEN = {"user": "user", "assistant": "model"}
_PARTS = frozenset({"parts"})
_OF_CONTENT = frozenset({"parts", "role"})
