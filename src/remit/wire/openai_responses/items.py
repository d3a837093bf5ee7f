"""What a model gives, item by item: messages, thoughts, calls, and whatever its provider's own tools leave.

A part remembers the id and the state of its item. Parts that came from elsewhere get ids made here, which are taken
off again when they come back: no provider has ever heard of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.wire import carriage
from remit.wire.arguments import json_text
from remit.wire.messages import Foreign, Image, Message, Part, Reasoning, Refusal, Text, ToolCall
from remit.wire.opaque import carried, own, rest
from remit.wire.openai_responses.content import NAME, decode_content, encode_output, joined, unsupported
from remit.wire.sealed import seal, unseal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.fields import Reader

Json = Any

_MESSAGE = frozenset({"type", "role", "content"})
_CALL = frozenset({"type", "call_id", "name", "arguments", "input"})
_PICTURE = frozenset({"type", "result"})
_MADE = "_remit_"
_CUSTOM = "custom_tool_call"


def made_id(kind: str, stem: str, number: int) -> str:
    """An id for an item that has none: `msg`, `fc`, `rs` or `ig`, the answer that it belongs to, its place."""
    return f"{kind}{_MADE}{stem.removeprefix('resp_') or 'x'}_{number}"


# --- in ------------------------------------------------------------------------------------------------------


def decode_item(block: dict[str, Json], at: str, reader: Reader) -> list[Part]:
    """The parts of one item of an assistant's turn."""
    match block.get("type"):
        case "message" | None:
            return _decode_message(block, at, reader)
        case "function_call":
            return [_decode_call(block, "arguments", at, reader)]
        case "custom_tool_call":
            return [_decode_call(block, "input", at, reader)]
        case "reasoning":
            return [decode_reasoning(block, at, reader)]
        case "image_generation_call" if isinstance(block.get("result"), str):
            return [_decode_picture(block)]
        case _:
            return [Foreign(NAME, block)]


def decode_reasoning(block: dict[str, Json], at: str, reader: Reader) -> Reasoning:
    """A thought: the whole item is what has to go back."""
    told = [*reader.blocks(block, "summary", at), *reader.blocks(block, "content", at)]
    text = "\n\n".join(reader.optional_text(part, "text", place) for place, part in told)
    return unseal(block.get("encrypted_content"), text) or Reasoning(text, NAME, block)


def _decode_message(block: dict[str, Json], at: str, reader: Reader) -> list[Part]:
    item = _kept(rest(block, _MESSAGE))
    parts = decode_content(block, "content", at, reader)
    return [_of_item(part, item) for part in parts] if item else list(parts)


def _of_item(part: Part, item: dict[str, Json]) -> Part:
    match part:
        case Text(text=text, opaque=opaque):
            return Text(text, {NAME: own(opaque, NAME) | {"item": item}})
        case Refusal(text=text, opaque=opaque):
            return Refusal(text, {NAME: own(opaque, NAME) | {"item": item}})
        case _:
            return part


def _decode_call(block: dict[str, Json], argument: str, at: str, reader: Reader) -> ToolCall:
    keys = _kept(rest(block, _CALL))
    if argument == "input":
        keys["type"] = _CUSTOM
    said = block.get(argument)
    arguments = said if isinstance(said, str) else "" if said is None else json_text(said)
    return ToolCall(
        reader.text(block, "call_id", at),
        reader.text(block, "name", at),
        arguments or ("" if argument == "input" else "{}"),
        carriage.inward(keys, NAME),
    )


def _decode_picture(block: dict[str, Json]) -> Image:
    form = block.get("output_format")
    media_type = f"image/{form if isinstance(form, str) else 'png'}"
    return Image(media_type, block["result"], opaque=carried(NAME, _kept(rest(block, _PICTURE))))


def _kept(keys: dict[str, Json]) -> dict[str, Json]:
    """What is worth remembering of an item: not that it is complete, no nulls, no id that was made here."""
    return {
        key: value
        for key, value in keys.items()
        if value is not None
        and not (key == "status" and value == "completed")
        and not (key == "id" and isinstance(value, str) and _MADE in value)
    }


# --- out -----------------------------------------------------------------------------------------------------


class ItemWriter:
    """Parts of an assistant's turn to items; `stem` makes the ids of one answer differ from those of the next."""

    def __init__(self, stem: str, *, to_client: bool) -> None:
        self._stem = stem
        self._to_client = to_client
        self._made = 0

    def items(self, turn: Message) -> list[dict[str, Json]]:
        """The items of a turn; texts of one message stand in one item again."""
        items: list[dict[str, Json]] = []
        last: Json = None
        for part in turn.parts:
            of = own(part.opaque, NAME).get("item") if isinstance(part, Text | Refusal) else None
            if of and of.get("id") and of == last and isinstance(part, Text | Refusal):
                items[-1]["content"].append(encode_output(part))
            elif (item := self.item(part)) is not None:
                items.append(item)
                last = of
        return items

    def item(self, part: Part, identity: str = "") -> dict[str, Json] | None:
        """The item of one part, under `identity` if it was announced so; None for what stays at home."""
        match part:
            case Text() | Refusal():
                return self._message(part, identity)
            case ToolCall():
                return self._call(part, identity)
            case Reasoning():
                return self._thought(part, identity)
            case Image() if part.data:
                keys = own(part.opaque, NAME)
                fixed = {"type": "image_generation_call", "id": identity or self._id("ig", keys)}
                return joined({**fixed, "status": "completed", "result": part.data}, keys)
            case Foreign(dialect=dialect, block=block):
                if dialect == NAME:
                    return block
                if self._to_client:
                    return None  # what a vendor's own tools did stays with the vendor; the words tell of it
            case _:
                pass
        raise unsupported(part, "in an assistant's turn")

    def _message(self, part: Text | Refusal, identity: str) -> dict[str, Json]:
        keys = own(part.opaque, NAME)
        item: dict[str, Json] = keys.get("item", {})
        plain = isinstance(part, Text) and not keys.keys() - {"item"} and "id" not in item
        if plain and not self._to_client:
            return joined({"type": "message", "role": "assistant", "content": part.text}, item)
        message: dict[str, Json] = {
            "type": "message",
            "id": identity or self._id("msg", item),
            "role": "assistant",
            "status": item.get("status", "completed"),
            "content": [encode_output(part)],
        }
        return joined(message, item)

    def _call(self, call: ToolCall, identity: str) -> dict[str, Json]:
        keys = own(call.opaque, NAME)
        custom = keys.get("type") == _CUSTOM
        item: dict[str, Json] = {
            "type": _CUSTOM if custom else "function_call",
            "call_id": call.id,
            "name": call.name,
            "input" if custom else "arguments": call.arguments,
        }
        if identity or (self._to_client and not custom):
            item["id"] = identity or self._id("fc", keys)
            item["status"] = keys.get("status", "completed")
        if call.opaque:
            joined(item, keys)
            if self._to_client:
                joined(item, carriage.outward(call.opaque, NAME))
        return item

    def _thought(self, part: Reasoning, identity: str) -> dict[str, Json] | None:
        """A thought of another dialect's model goes to a client sealed, and to no provider."""
        block = part.opaque or {}
        if part.dialect == NAME and block and identity in ("", block.get("id")):
            return {"summary": [], **block, "type": "reasoning", "id": self._id("rs", block)}
        if part.dialect != NAME and not self._to_client:
            return None
        summary = [{"type": "summary_text", "text": part.text}] if part.text else []
        item: dict[str, Json] = {
            "type": "reasoning",
            "id": identity or self._id("rs", {}),
            "summary": summary,
        }
        return {**item, "encrypted_content": seal(part)} if block else item

    def _id(self, kind: str, keys: Mapping[str, Json]) -> str:
        if found := keys.get("id"):
            return found
        self._made += 1
        return made_id(kind, self._stem, self._made)
