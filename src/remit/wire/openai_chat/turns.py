"""The turns of a chat: who speaks, what is asked of tools and what they answered.

Tool results stand in messages of their own here and together in one `tool` turn in the neutral form. A key that was
carried along never replaces one that is said here: what was checked is what is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.wire.fields import CLIENT
from remit.wire.messages import (
    Audio,
    Foreign,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from remit.wire.opaque import carried, own, rest
from remit.wire.openai_chat.parts import NAME, decode_content, decode_part, encode_part, joined, unsupported
from remit.wire.openai_chat.thoughts import REASONING_KEYS, decode_thoughts, own_thoughts, shown_to_client
from remit.wire.openai_chat.tool_calls import decode_call, encode_call

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remit.wire.fields import Reader

Json = Any

_SPOKEN = frozenset({"role", "content", "name"})
_RESULT = frozenset({"role", "content", "name", "tool_call_id"})
_ANSWER = frozenset({"role", "content", "name", "refusal", "audio", "tool_calls", "images", *REASONING_KEYS})


def decode_messages(body: Mapping[str, Json]) -> tuple[Message, ...]:
    """The conversation that a client sent."""
    if not body.get("messages"):
        raise CLIENT.wrong("messages", "is missing or empty; it has to be a list of messages")
    tools: dict[str, str] = {}
    turns: list[Message] = []
    results: list[Part] = []
    for at, block in CLIENT.blocks(body, "messages"):
        role = CLIENT.text(block, "role", at)
        speaker = None if results else _SPEAKERS.get(role)
        if speaker is not None and (words := _words_alone(block)) is not None:
            turns.append(Message(speaker, (Text(words),)))
            continue
        if role == "tool":
            results.append(_decode_result(block, at, tools))
            continue
        if results:
            turns.append(Message("tool", tuple(results)))
            results = []
        turn = _decode_turn(role, block, at)
        turns.append(turn)
        if role == "assistant":
            tools.update((call.id, call.name) for call in turn.tool_calls)
    if results:
        turns.append(Message("tool", tuple(results)))
    return tuple(turns)


def encode_messages(turns: Sequence[Message]) -> list[dict[str, Json]]:
    """The conversation for a provider."""
    messages: list[dict[str, Json]] = []
    for turn in turns:
        if turn.role == "tool":
            messages.extend(_encode_result(part) for part in turn.parts)
        elif turn.role == "assistant":
            messages.append(_encode_own_turn(turn))
        else:
            messages.append(_encode_spoken(turn))
    return messages


def decode_answer(block: Mapping[str, Json], at: str, reader: Reader, fallback: str = "") -> Message:
    """An assistant's turn, from a client's history or a provider's answer; `fallback` begins ids that are missing."""
    if (words := _words_alone(block)) is not None:
        return Message("assistant", (Text(words),))
    if block.get("function_call") is not None:
        raise reader.wrong(f"{at}.function_call", "is no longer in use", "Use tools and tool_calls.")
    parts = [*decode_thoughts(block), *decode_content(block, at, reader)]
    if refusal := reader.optional_text(block, "refusal", at):
        parts.append(Refusal(refusal))
    if (audio := reader.optional_mapping(block, "audio", at)) and (sound := decode_audio(audio)):
        parts.append(sound)
    parts += [decode_part(image, place, reader) for place, image in reader.blocks(block, "images", at)]
    for number, (place, call) in enumerate(reader.blocks(block, "tool_calls", at)):
        parts.append(decode_call(call, place, reader, f"{fallback}_{number}" if fallback else ""))
    keys = {key: value for key, value in rest(block, _ANSWER).items() if value not in _EMPTY}
    return Message("assistant", tuple(parts), reader.optional_text(block, "name", at), carried(NAME, keys))


def encode_answer(turn: Message) -> dict[str, Json]:
    """An assistant's turn for a client: one text, and what other dialects have to get back is carried along."""
    message: dict[str, Json] = {"role": "assistant", "content": None, "refusal": None}
    words = [part for part in turn.parts if isinstance(part, Text)]
    if words:
        message["content"] = "".join(part.text for part in words)
    if refusals := [part.text for part in turn.parts if isinstance(part, Refusal)]:
        message["refusal"] = "".join(refusals)
    foreign = [part.block for part in turn.parts if isinstance(part, Foreign) and part.dialect == NAME]
    if foreign:
        message["content"] = [*map(encode_part, words), *foreign]
    for part in turn.parts:
        if isinstance(part, Audio):
            message["audio"] = encode_audio(part)
    message |= shown_to_client([part for part in turn.parts if isinstance(part, Reasoning)])
    _add_shared(message, turn, to_client=True)
    return joined(message, own(turn.opaque, NAME))


def decode_audio(audio: Mapping[str, Json]) -> Audio | None:
    """Sound that a model made; a client's history names it by its id only."""
    data = audio.get("data")
    keys = rest(audio, frozenset({"data"}))
    return Audio(data if isinstance(data, str) else "", "", carried(NAME, keys)) if keys or data else None


def encode_audio(audio: Audio) -> dict[str, Json]:
    """Sound that a model made, for a client."""
    return {"id": "", "data": audio.data, "expires_at": 0, "transcript": ""} | own(audio.opaque, NAME)


# --- in ------------------------------------------------------------------------------------------------------


def _words_alone(block: Mapping[str, Json]) -> str | None:
    """The words of a turn that says nothing else, as most do; None for any other."""
    words = block.get("content")
    if type(words) is not str or not words:
        return None
    if len(block) > _OF_WORDS and any(block[key] not in _EMPTY for key in block if key not in _WORDS):
        return None
    return words


_WORDS = frozenset({"role", "content"})
_OF_WORDS = len(_WORDS)
_SPEAKERS: dict[str, Role] = {"user": "user", "system": "system", "assistant": "assistant"}


def _decode_turn(role: str, block: dict[str, Json], at: str) -> Message:
    match role:
        case "assistant":
            return decode_answer(block, at, CLIENT)
        case "user" | "system" | "developer":
            keys = rest(block, _SPOKEN)
            if role == "developer":
                keys["role"] = role
            return Message(
                "user" if role == "user" else "system",
                decode_content(block, at, CLIENT),
                CLIENT.optional_text(block, "name", at),
                carried(NAME, keys),
            )
        case _:
            raise CLIENT.wrong(
                f"{at}.role",
                f'is "{role[:40]}"; it has to be system, developer, user, assistant or tool',
                "Functions are called tools now." if role == "function" else "",
            )


def _decode_result(block: dict[str, Json], at: str, tools: Mapping[str, str]) -> ToolResult:
    identity = CLIENT.text(block, "tool_call_id", at)
    parts = decode_content(block, at, CLIENT)
    for number, part in enumerate(parts):
        if not isinstance(part, Text):
            raise CLIENT.wrong(
                f"{at}.content[{number}]", "is no text; the result of a tool can only be text in this dialect"
            )
    return ToolResult(
        identity,
        tools.get(identity) or CLIENT.optional_text(block, "name", at),
        cast("tuple[Text, ...]", parts),
        opaque=carried(NAME, rest(block, _RESULT)),
    )


_EMPTY: tuple[Json, ...] = (None, [], {}, "")
"""What providers send for `annotations` and the like when there is nothing to say."""


# --- out -----------------------------------------------------------------------------------------------------


def _encode_spoken(turn: Message) -> dict[str, Json]:
    """A system or user turn; nearly all of them are one plain text, and long conversations have hundreds."""
    parts = turn.parts
    message: dict[str, Json] = {"role": turn.role, "content": _words(parts)}
    if message["content"] is None:
        if turn.role == "system" and not all(isinstance(part, Text) for part in parts):
            raise unsupported(next(part for part in parts if not isinstance(part, Text)), "in a system turn")
        message["content"] = [_spoken_part(part) for part in parts]
    if turn.name:
        message["name"] = turn.name
    if turn.opaque:
        keys = own(turn.opaque, NAME)
        if turn.role == "system" and keys.get("role") == "developer":
            message["role"] = "developer"
        joined(message, keys)
    return message


def _spoken_part(part: Part) -> dict[str, Json]:
    if isinstance(part, Refusal):
        raise unsupported(part, "in a user's turn")
    return encode_part(part)


def _words(parts: Sequence[Part]) -> str | None:
    """The content as one text, where it is one."""
    if not parts:
        return ""
    only = parts[0]
    if len(parts) == 1 and type(only) is Text and not (only.opaque and own(only.opaque, NAME)):
        return only.text
    return None


def _encode_own_turn(turn: Message) -> dict[str, Json]:
    """An assistant's turn as history for a provider."""
    message: dict[str, Json] = {"role": "assistant"}
    spoken = [part for part in turn.parts if isinstance(part, Text | Refusal | Foreign)]
    refusal = spoken.pop() if spoken and _is_only_refusal(spoken) else None
    if spoken or not turn.tool_calls:
        words = _words(spoken)
        message["content"] = [encode_part(part) for part in spoken] if words is None else words
    else:
        message["content"] = None  # servers with older templates look for the key
    if refusal is not None:
        message["refusal"] = refusal.text if isinstance(refusal, Refusal) else None
    for part in turn.parts:
        if isinstance(part, Audio):
            message["audio"] = _audio_reference(part)
    _add_shared(message, turn, to_client=False)
    if turn.name:
        message["name"] = turn.name
    return joined(message, own(turn.opaque, NAME)) if turn.opaque else message


def _add_shared(message: dict[str, Json], turn: Message, *, to_client: bool) -> None:
    """Thoughts, pictures and tool calls, which look the same on both sides."""
    calls: list[dict[str, Json]] = []
    for part in turn.parts:
        match part:
            case ToolCall():
                calls.append(encode_call(part, to_client=to_client))
            case Reasoning(dialect=dialect) if dialect == NAME and not to_client:
                message.update(own_thoughts(part))
            case Image():
                message.setdefault("images", []).append(encode_part(part))
            case Reasoning() | Text() | Refusal() | Foreign() | Audio():
                pass  # another vendor's thoughts stay at home; the rest has its own place
            case _:
                raise unsupported(part, "in an assistant's turn")
    if calls:
        message["tool_calls"] = calls


def _is_only_refusal(spoken: Iterable[Part]) -> bool:
    """One refusal, at the end, goes into the field of its own."""
    *before, last = spoken
    return isinstance(last, Refusal) and not last.opaque and not any(isinstance(p, Refusal) for p in before)


def _audio_reference(audio: Audio) -> dict[str, Json]:
    identity = own(audio.opaque, NAME).get("id")
    if not identity:
        raise unsupported(audio, "in an assistant's turn")
    return {"id": identity}


def _encode_result(part: Part) -> dict[str, Json]:
    if not isinstance(part, ToolResult):
        raise unsupported(part, "among the results of tools")
    content: Json = _words(part.parts)
    if content is None:
        strange = next((inner for inner in part.parts if not isinstance(inner, Text)), None)
        if strange is not None:
            raise unsupported(strange, "in the result of a tool")
        content = [encode_part(inner) for inner in part.parts]
    message: dict[str, Json] = {"role": "tool", "tool_call_id": part.id, "content": content}
    return joined(message, own(part.opaque, NAME)) if part.opaque else message
