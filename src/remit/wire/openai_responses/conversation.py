"""The input of a request: turns to items and back. What a model gave in a row is one turn; so are results of tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.wire.fields import CLIENT
from remit.wire.messages import Foreign, Message, Part, Reasoning, Text, ToolCall, ToolResult
from remit.wire.opaque import carried, own, rest
from remit.wire.openai_responses.content import NAME, decode_content, encode_content, joined, unsupported
from remit.wire.openai_responses.items import ItemWriter, decode_item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = Any

_SPOKEN = frozenset({"type", "role", "content"})
_RESULT = frozenset({"type", "call_id", "output"})
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output"})
_CUSTOM, _CUSTOM_RESULT = "custom_tool_call", "custom_tool_call_output"


def decode_conversation(body: Mapping[str, Json]) -> tuple[Message, ...]:
    """`instructions` and `input` of a request."""
    turns: list[Message] = []
    if instructions := CLIENT.optional_text(body, "instructions"):
        turns.append(Message("system", (Text(instructions),)))
    said = body.get("input")
    if isinstance(said, str):
        return (*turns, Message("user", (Text(said),) if said else ()))
    _Gathering(turns).take(body)
    return tuple(turns)


def encode_conversation(
    body: dict[str, Json], turns: Sequence[Message], *, stateless: bool, elsewhere: bool
) -> None:
    """The same, for a provider. Where it keeps no state, it cannot know a thought that is only an id; where the
    conversation is `elsewhere`, there may be nothing to say here.
    """
    if turns and _is_instructions(turns[0]):
        body["instructions"] = turns[0].text
        turns = turns[1:]
    items: list[dict[str, Json]] = []
    writer = ItemWriter("input", to_client=False)
    custom: set[str] = set()
    for turn in turns:
        if turn.role == "tool":
            items.extend(_encode_result(part, custom) for part in turn.parts)
        elif turn.role == "assistant":
            items.extend(writer.items(_without_bare_thoughts(turn) if stateless else turn))
            custom.update(call.id for call in turn.tool_calls if _is_custom(call))
        else:
            items.append(_encode_spoken(turn))
    if items or not elsewhere:
        body["input"] = items


# --- in ------------------------------------------------------------------------------------------------------


class _Gathering:
    """Items in the order in which they came, gathered into turns."""

    def __init__(self, turns: list[Message]) -> None:
        self._turns = turns
        self._tools: dict[str, str] = {}
        self._role = ""
        self._parts: list[Part] = []

    def take(self, body: Mapping[str, Json]) -> None:
        for at, block in CLIENT.blocks(body, "input"):
            kind = CLIENT.optional_text(block, "type", at)
            role = CLIENT.optional_text(block, "role", at)
            if kind in ("message", "") and role in ("user", "system", "developer"):
                self._end()
                self._turns.append(self._spoken(block, role, at))
            elif kind in _RESULTS:
                self._add("tool", [self._result(block, kind, at)])
            elif kind == "message" or role == "assistant":
                if role != "assistant":
                    raise CLIENT.wrong(f"{at}.role", "has to be user, system, developer or assistant")
                self._add("assistant", decode_item(block, at, CLIENT))
            elif kind:
                self._other(block, kind, at)
            else:
                raise CLIENT.wrong(at, "has neither a type nor a role")
        self._end()

    def _other(self, block: dict[str, Json], kind: str, at: str) -> None:
        if kind.endswith("_output") or kind == "mcp_approval_response":
            self._add("tool", [Foreign(NAME, block)])
            return
        parts = decode_item(block, at, CLIENT)
        self._tools.update((part.id, part.name) for part in parts if isinstance(part, ToolCall))
        self._add("assistant", parts)

    def _add(self, role: str, parts: list[Part]) -> None:
        if role != self._role:
            self._end()
            self._role = role
        self._parts += parts

    def _end(self) -> None:
        if self._role:
            role = "tool" if self._role == "tool" else "assistant"
            self._turns.append(Message(role, tuple(self._parts)))
        self._role, self._parts = "", []

    def _spoken(self, block: dict[str, Json], role: str, at: str) -> Message:
        keys = {key: value for key, value in rest(block, _SPOKEN).items() if value is not None}
        parts = decode_content(block, "content", at, CLIENT)
        if role == "user":
            return Message("user", parts, opaque=carried(NAME, keys))
        turn = Message("system", parts, opaque=carried(NAME, keys))
        if role == "developer" or (not self._turns and _is_instructions(turn)):
            keys["role"] = role  # as instructions it would not be part of the stored conversation
        return Message("system", parts, opaque=carried(NAME, keys))

    def _result(self, block: dict[str, Json], kind: str, at: str) -> ToolResult:
        identity = CLIENT.text(block, "call_id", at)
        keys = {key: value for key, value in rest(block, _RESULT).items() if value is not None}
        if keys.get("status") == "completed":
            del keys["status"]
        if kind == _CUSTOM_RESULT:
            keys["type"] = kind
        return ToolResult(
            identity,
            self._tools.get(identity, ""),
            cast("Any", decode_content(block, "output", at, CLIENT)),
            opaque=carried(NAME, keys),
        )


# --- out -----------------------------------------------------------------------------------------------------


def _is_instructions(turn: Message) -> bool:
    return (
        turn.role == "system"
        and len(turn.parts) == 1
        and isinstance(turn.parts[0], Text)
        and bool(turn.parts[0].text)
        and not own(turn.parts[0].opaque, NAME)
        and not own(turn.opaque, NAME)
    )


def _encode_spoken(turn: Message) -> dict[str, Json]:
    keys = own(turn.opaque, NAME) if turn.opaque else {}
    role: str = turn.role
    if role == "system" and keys.get("role") == "developer":
        role = "developer"
    message = {
        "type": "message",
        "role": role,
        "content": encode_content(turn.parts, f"in a {turn.role} turn"),
    }
    return joined(message, keys) if keys else message


def _encode_result(part: Part, custom: set[str]) -> dict[str, Json]:
    if isinstance(part, Foreign) and part.dialect == NAME:
        return part.block
    if not isinstance(part, ToolResult):
        raise unsupported(part, "among the results of tools")
    keys = own(part.opaque, NAME) if part.opaque else {}
    is_custom = part.id in custom or keys.get("type") == _CUSTOM_RESULT
    item: dict[str, Json] = {
        "type": _CUSTOM_RESULT if is_custom else "function_call_output",
        "call_id": part.id,
        "output": encode_content(part.parts, "in the result of a tool"),
    }
    return joined(item, keys) if keys else item


def _is_custom(call: ToolCall) -> bool:
    return own(call.opaque, NAME).get("type") == _CUSTOM


def _without_bare_thoughts(turn: Message) -> Message:
    kept = tuple(
        part
        for part in turn.parts
        if not (isinstance(part, Reasoning) and not (part.opaque or {}).get("encrypted_content"))
    )
    return turn if len(kept) == len(turn.parts) else Message(turn.role, kept, turn.name, turn.opaque)
