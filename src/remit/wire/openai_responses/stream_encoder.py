"""A stream of the Responses API going out: `created`, the items one by one, and the whole answer once more at the end.

Every item keeps the id under which it was announced, every event has the next number. An item is announced before
its provider's own id is known; a thought then travels sealed under the announced one, so that nothing of it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import Unsupported
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
from remit.wire.opaque import own, rest
from remit.wire.openai_responses.content import NAME
from remit.wire.openai_responses.items import ItemWriter, made_id
from remit.wire.openai_responses.responses import answer_id, envelope, status_of
from remit.wire.sse import frame

if TYPE_CHECKING:
    from remit.wire.messages import Finish, Part, StreamEvent

Json = Any

_ENCODE = msgspec.json.Encoder().encode
_KINDS: dict[type[Part], str] = {Text: "msg", Refusal: "msg", ToolCall: "fc", Reasoning: "rs"}
_CODES = {
    "rate_limit": "rate_limit_exceeded",
    "quota": "rate_limit_exceeded",
    "overloaded": "rate_limit_exceeded",
    "invalid_request": "invalid_prompt",
    "context_length": "invalid_prompt",
    "content_filter": "invalid_prompt",
}


@dataclass(slots=True)
class _Item:
    """An item under way."""

    output: int
    id: str
    part: Part
    """As it was when it began."""
    pieces: list[str] = field(default_factory=list[str])
    done: dict[str, Json] | None = None

    def so_far(self) -> Part:
        words = "".join(self.pieces)
        match self.part:
            case ToolCall(id=identity, name=name):
                return ToolCall(identity, name, words or "{}")
            case Reasoning():
                return Reasoning(words)
            case _:
                return Text(words)


class ResponsesStreamEncoder:
    """Neutral events of one answer in, bytes of its stream out. Usage is always told."""

    def __init__(self, *, model: str, identity: str, at: int = 0, usage: bool = True) -> None:  # noqa: ARG002
        self._model = model
        self._id = identity
        self._at = at
        self._begun = self._over = False
        self._number = 0
        self._items: dict[int, _Item] = {}
        self._writer = ItemWriter("", to_client=True)

    def feed(self, event: StreamEvent) -> bytes:
        """The frames that say so; nothing after the end."""
        if self._over:
            return b""
        begun = b"" if self._begun else self._begin(event)
        return begun + self._say(event)

    def _say(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta(index=index, text=text):
                return self._more(index, Text(""), text)
            case ReasoningDelta(index=index, text=text):
                return self._more(index, Reasoning(), text)
            case ToolCallStarted(index=index, id=identity, name=name):
                return self._announce(index, ToolCall(identity, name, ""))
            case ToolCallDelta(index=index, text=text):
                return self._more(index, ToolCall(f"call_{index}", "", ""), text)
            case PartDone(index=index, part=part):
                return self._complete(index, part)
            case Finished():
                return self._finish(event)
            case Failed():
                return self._fail(event)
            case Started():
                return b""

    def _begin(self, event: StreamEvent) -> bytes:
        started = event if isinstance(event, Started) else Started()
        self._begun = True
        self._id = answer_id(self._id or started.id)
        self._model = self._model or started.model
        self._writer = ItemWriter(f"{self._id}_w", to_client=True)
        answer = envelope(self._id, self._model, self._at, status="in_progress")
        return self._event("response.created", response=answer) + self._event(
            "response.in_progress", response=answer
        )

    # --- an item ----------------------------------------------------------------------------------------------

    def _announce(self, index: int, part: Part) -> bytes:
        """The item of a part whose end is not known yet, empty."""
        output = len(self._items)
        item = self._items[index] = _Item(output, made_id(_KINDS[type(part)], self._id, output), part)
        block = self._writer.item(part, item.id) or {}
        block["status"] = "in_progress"
        if isinstance(part, Text):
            block["content"] = []
        said = self._event("response.output_item.added", output_index=output, item=block)
        match part:
            case Text():
                return said + self._content(
                    item, "added", {"type": "output_text", "text": "", "annotations": []}
                )
            case Reasoning():
                return said + self._summary(item, "part.added", part={"type": "summary_text", "text": ""})
            case _:
                return said

    def _more(self, index: int, empty: Part, text: str) -> bytes:
        begun = b"" if index in self._items else self._announce(index, empty)
        if not text:
            return begun
        item = self._items[index]
        item.pieces.append(text)
        return begun + self._delta(item, text)

    def _delta(self, item: _Item, text: str) -> bytes:
        match item.part:
            case Text():
                return self._event(
                    "response.output_text.delta",
                    item_id=item.id,
                    output_index=item.output,
                    content_index=0,
                    delta=text,
                    logprobs=_NO_LOGPROBS,
                )
            case Reasoning():
                return self._summary(item, "text.delta", delta=text)
            case _:
                return self._event(
                    "response.function_call_arguments.delta",
                    item_id=item.id,
                    output_index=item.output,
                    delta=text,
                )

    def _complete(self, index: int, part: Part) -> bytes:
        item = self._items.get(index)
        if item is None:
            return self._whole(index, part)
        if type(item.part) is not type(part):
            ended = b"" if item.done is not None else self._complete(index, item.so_far())
            self._items[-1 - len(self._items)] = self._items.pop(index)
            return ended + self._whole(index, part)
        block = self._block(_as_announced(part), item.id)
        if block is None:
            return b""
        item.done = block
        words = part.arguments if isinstance(part, ToolCall) else getattr(part, "text", "")
        said = "".join(item.pieces)
        left = words[len(said) :] if words.startswith(said) and (said or words != "{}") else ""
        return (self._more(index, part, left) if left else b"") + self._end(item, block, words)

    def _end(self, item: _Item, block: dict[str, Json], words: str) -> bytes:
        at: dict[str, Json] = {"item_id": item.id, "output_index": item.output}
        match item.part:
            case Text():
                content = block["content"][0]
                done = {"content_index": 0, "text": words, "logprobs": content.get("logprobs", _NO_LOGPROBS)}
                said = self._event("response.output_text.done", **at, **done)
                said += self._content(item, "done", content)
            case Reasoning():
                said = self._summary(item, "text.done", text=words)
                said += self._summary(item, "part.done", part={"type": "summary_text", "text": words})
            case ToolCall(name=name):
                said = self._event("response.function_call_arguments.done", **at, name=name, arguments=words)
            case _:
                said = b""
        return said + self._event("response.output_item.done", output_index=item.output, item=block)

    def _whole(self, index: int, part: Part) -> bytes:
        """A part of which nothing was said before: its item under its own id, unless that is taken."""
        block = self._block(part)
        if block is None:
            return b""
        output = len(self._items)
        if any(block.get("id") == item.id for item in self._items.values()):
            block = {**block, "id": made_id(_KINDS.get(type(part), "it"), self._id, output)}
        item = self._items[index] = _Item(output, str(block.get("id", "")), part, done=block)
        said = self._event("response.output_item.added", output_index=output, item=_emptied(block))
        if isinstance(part, Refusal):
            said += self._refused(item, part.text)
        elif isinstance(part, Text):
            said += self._content(item, "added", {"type": "output_text", "text": "", "annotations": []})
            return said + self._delta(item, part.text) + self._end(item, block, part.text)
        elif block["type"] == "function_call" and isinstance(part, ToolCall):
            return said + self._delta(item, part.arguments) + self._end(item, block, part.arguments)
        return said + self._event("response.output_item.done", output_index=output, item=block)

    def _block(self, part: Part, identity: str = "") -> dict[str, Json] | None:
        """The item of a part; None for what has no form, for nothing can be refused in the middle of an answer."""
        try:
            return self._writer.item(part, identity)
        except Unsupported:
            return None

    def _refused(self, item: _Item, words: str) -> bytes:
        at: dict[str, Json] = {"item_id": item.id, "output_index": item.output, "content_index": 0}
        return (
            self._content(item, "added", {"type": "refusal", "refusal": ""})
            + self._event("response.refusal.delta", **at, delta=words)
            + self._event("response.refusal.done", **at, refusal=words)
            + self._content(item, "done", {"type": "refusal", "refusal": words})
        )

    def _content(self, item: _Item, state: str, part: dict[str, Json]) -> bytes:
        return self._event(
            f"response.content_part.{state}",
            item_id=item.id,
            output_index=item.output,
            content_index=0,
            part=part,
        )

    def _summary(self, item: _Item, kind: str, **fields: Json) -> bytes:
        return self._event(
            f"response.reasoning_summary_{kind}",
            item_id=item.id,
            output_index=item.output,
            summary_index=0,
            **fields,
        )

    # --- the end ----------------------------------------------------------------------------------------------

    def _finish(self, finished: Finished) -> bytes:
        said = b"".join(
            self._complete(index, item.so_far())
            for index, item in list(self._items.items())
            if item.done is None
        )
        self._over = True
        return said + self._terminal(finished.finish, finished)

    def _terminal(self, finish: Finish, finished: Finished, error: dict[str, Json] | None = None) -> bytes:
        status = status_of(finish)
        extra = finished.extra if finished.dialect == NAME else {}
        answer = envelope(
            self._id,
            self._model,
            self._at,
            status=status,
            output=[
                item.done
                for item in sorted(self._items.values(), key=lambda item: item.output)
                if item.done is not None
            ],
            finish=finish,
            usage=finished.usage,
            extra=extra if error is None else {"error": error},
        )
        return self._event(f"response.{status}", response=answer)

    def _fail(self, failed: Failed) -> bytes:
        """In band and last; it carries what was complete by then."""
        self._over = True
        code = _CODES.get(failed.kind, "server_error")
        return self._terminal("error", Finished(), {"code": code, "message": failed.message or "It failed."})

    def _event(self, kind: str, **fields: Json) -> bytes:
        number, self._number = self._number, self._number + 1
        return frame(_ENCODE({"type": kind, "sequence_number": number, **fields}), kind)


_NO_LOGPROBS: list[Json] = []


def _as_announced(part: Part) -> Part:
    """A call of a custom tool was announced as a function's, for nothing said otherwise; it stays one."""
    if not isinstance(part, ToolCall) or "type" not in own(part.opaque, NAME):
        return part
    return ToolCall(part.id, part.name, part.arguments, rest(part.opaque or {}, frozenset({NAME})) or None)


def _emptied(block: dict[str, Json]) -> dict[str, Json]:
    """An item as it is announced: its content follows."""
    if block["type"] == "message":
        return {**block, "content": [], "status": "in_progress"}
    if block["type"] == "function_call":
        return {**block, "arguments": "", "status": "in_progress"}
    return block
