"""The conversation of one ask: what was said, in the neutral form that models are asked in.

It only grows. It is kept twice, cheaply: as messages for the next request, and as a `Conversation` whose digest the
journal takes; and it knows which messages no model has been sent yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.conversation import Conversation
from remit.models.bounds import Weight, weigh_messages
from remit.wire import canonical
from remit.wire.messages import (
    Message,
    ModelRequest,
    OutputSchema,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

if TYPE_CHECKING:
    from remit.agents.agent import Profile


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one tool call, as the model is told."""

    call: ToolCall
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said so far."""

    messages: tuple[Message, ...]
    conversation: Conversation
    new: tuple[Message, ...] = ()
    """What no model has been sent yet, apart from its own words."""
    size: int = 0
    """The bytes that a model has to read, roughly."""
    weight: Weight = field(default_factory=Weight)
    """What the messages weigh, for reservations; counted as they come, never changed."""

    @classmethod
    def begin(cls, profile: Profile, question: Any) -> Talk:
        """Instructions and the question."""
        text = question if isinstance(question, str) else canonical.encode(question).decode()
        return cls((), Conversation()).add(
            Message("system", (Text(profile.instructions),)), Message("user", (Text(text),))
        )

    def add(self, *messages: Message) -> Talk:
        """With these messages after it."""
        return Talk(
            (*self.messages, *messages), self.conversation.add(*messages), (*self.new, *messages),
            self.size + sum(map(size_of, messages)), weigh_messages(messages, self.weight),
        )  # fmt: skip

    def said(self, message: Message) -> Talk:
        """The model said this; it stands in the log already."""
        return _but_new(self.add(message), self.new)

    def heard(self, results: list[Result]) -> Talk:
        """What came of the calls that the model asked for."""
        parts = tuple(
            ToolResult(each.call.id, each.call.name, (Text(each.text),), each.failed) for each in results
        )
        return self.add(Message("tool", parts))

    def sent(self) -> Talk:
        """A model was sent all of it."""
        return _but_new(self, ())

    def request(self, profile: Profile) -> ModelRequest:
        """The next request; the route chooses the model."""
        agent, shape = profile.agent, profile.shape
        return ModelRequest(
            model="", messages=self.messages, tools=profile.specs,
            output=OutputSchema(shape.name, shape.schema, shape.strict) if shape is not None else None,
            max_tokens=agent.limits.answer_tokens, temperature=agent.temperature, effort=agent.effort,
        )  # fmt: skip


def _but_new(talk: Talk, new: tuple[Message, ...]) -> Talk:
    """The same talk, with this not sent yet; `replace` would cost as much as all the rest of a turn's bookkeeping."""
    return Talk(talk.messages, talk.conversation, new, talk.size, talk.weight)


_MEDIUM = 4500
"""What a picture or a sound counts as, roughly."""


def size_of(message: Message) -> int:
    """The bytes of a message that a model has to read, roughly."""
    size = 0
    for part in message.parts:
        match part:
            case Text() | Refusal() | Reasoning():
                size += len(part.text)
            case ToolCall():
                size += len(part.arguments) + len(part.name)
            case ToolResult():
                size += sum(len(inner.text) for inner in part.parts if isinstance(inner, Text))
            case _:
                size += _MEDIUM
    return size
