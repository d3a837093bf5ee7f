"""The words of a talk with a model as content of guards, and the talk with other words. It knows no guard.

Looked at are words, what tools answered, and the arguments of tool calls. Pictures, sound and files are not, and the
thoughts of a model are shown to nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.errors import InvalidInput
from remit.policy.guard import Content, Found
from remit.wire import canonical
from remit.wire.messages import Message, Refusal, Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from remit.wire.messages import Part

Json = Any


def heard(messages: Iterable[Message]) -> Content:
    """What a model is sent that is not its own or its agent's author's: the words of users and tools."""
    spoken = [message for message in messages if message.role in {"user", "tool"}]
    return Content(None, tuple(text for message in spoken for text in _texts(message)))


def said(message: Message) -> Content:
    """What a model said: its words, and as the value the JSON that they are, if they are that."""
    value: Json = None
    if not message.tool_calls:
        try:
            value = canonical.parse(message.text)
        except InvalidInput:
            value = message.text
    return Content(value, tuple(_texts(message)))


def reworded(message: Message, texts: Sequence[str]) -> Message:
    """The message with these texts, in the order in which they are looked at."""
    left = iter(texts)
    return _with_texts(message, lambda _: next(left))


def hiding(messages: tuple[Message, ...], hide: Callable[[str], str]) -> tuple[Message, ...]:
    """The messages as they are sent, the author's own as they are."""
    return tuple(each if each.role == "system" else _with_texts(each, hide) for each in messages)


def answered(text: str) -> Message:
    """A message of the assistant with these words and nothing else."""
    return Message("assistant", (Text(text),))


def in_words(value: Json) -> str:
    """A static answer as a model would give it."""
    return value if isinstance(value, str) else canonical.encode(canonical.plain(value)).decode()


def _texts(message: Message) -> Iterator[Found]:
    for part in message.parts:
        match part:
            case Text() | Refusal():
                yield Found(message.role, part.text)
            case ToolCall():
                yield Found(f"{part.name}/arguments", part.arguments)
            case ToolResult():
                yield from (
                    Found(f"{part.name}/result", each.text) for each in part.parts if isinstance(each, Text)
                )
            case _:
                pass


def _with_texts(message: Message, by: Callable[[str], str]) -> Message:
    parts = tuple(_part(part, by) for part in message.parts)
    same = all(now is before for now, before in zip(parts, message.parts, strict=True))
    return message if same else msgspec.structs.replace(message, parts=parts)


def _part(part: Part, by: Callable[[str], str]) -> Part:
    match part:
        case Text() | Refusal():
            text = by(part.text)
            return part if text == part.text else msgspec.structs.replace(part, text=text)
        case ToolCall():
            arguments = by(part.arguments)
            return part if arguments == part.arguments else msgspec.structs.replace(part, arguments=arguments)
        case ToolResult():
            inner = tuple(_part(each, by) if isinstance(each, Text) else each for each in part.parts)
            same = all(now is before for now, before in zip(inner, part.parts, strict=True))
            return part if same else msgspec.structs.replace(part, parts=inner)
        case _:
            return part
