"""Tool calls in a chat: functions with arguments, custom tools with free text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.wire import carriage
from remit.wire.arguments import json_text
from remit.wire.messages import ToolCall
from remit.wire.opaque import own
from remit.wire.openai_chat.parts import NAME, joined, spare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.fields import Reader

Json = Any

_CALL = frozenset({"index", "id", "type", "function", "custom"})
_IN_FUNCTION = frozenset({"name", "arguments"})
_IN_CUSTOM = frozenset({"name", "input"})


def decode_call(block: Mapping[str, Json], at: str, reader: Reader, fallback: str = "") -> ToolCall:
    """One call; a provider that gives it no id gets `fallback`."""
    identity = reader.optional_text(block, "id", at) or fallback
    if not identity:
        raise reader.wrong(f"{at}.id", "is missing; it has to be a text")
    kind, argument = ("custom", "input") if is_custom(block) else ("function", "arguments")
    inner = reader.mapping(block, kind, at)
    return ToolCall(
        identity,
        reader.text(inner, "name", f"{at}.{kind}"),
        arguments_text(inner.get(argument)) or ("" if kind == "custom" else "{}"),
        call_opaque(block),
    )


def encode_call(call: ToolCall, *, to_client: bool) -> dict[str, Json]:
    """One call."""
    keys = own(call.opaque, NAME)
    if keys.get("type") == "custom":
        block: dict[str, Json] = {
            "id": call.id,
            "type": "custom",
            "custom": {"name": call.name, "input": call.arguments},
        }
    else:
        block = {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
    if call.opaque:
        joined(block, keys)
        if to_client:
            joined(block, carriage.outward(call.opaque, NAME))
    return block


def is_custom(block: Mapping[str, Json]) -> bool:
    """Whether it is a call of a tool that takes free text."""
    return block.get("type") == "custom" or ("custom" in block and "function" not in block)


def call_opaque(block: Mapping[str, Json]) -> dict[str, Json] | None:
    """The `opaque` of a call: this dialect's own keys, and what another one had sent along through a client."""
    if is_custom(block):
        keys = {"type": "custom"} | spare(block, _CALL, "custom", _IN_CUSTOM)
    else:
        keys = spare(block, _CALL, "function", _IN_FUNCTION)
    return carriage.inward(keys, NAME)


def arguments_text(value: object) -> str:
    """Arguments as JSON text; some servers send the object itself."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)
