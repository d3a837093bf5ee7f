"""The conversation of one ask: what was said, in the neutral form that models are asked in.

It only grows. It is kept twice, cheaply: as messages for the next request, and as a `Conversation` whose digest the
journal takes; and it knows which messages no model has been sent yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from remit.domain.conversation import Conversation
from remit.models.bounds import Weight, weigh_messages
from remit.wire import canonical
from remit.wire.messages import Message, ModelRequest, OutputSchema, Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.agents.agent import Profile
    from remit.wire.attachment import Attachment


class Result(Struct, frozen=True, gc=False):
    """What came of one tool call, as the model is told."""

    call: ToolCall
    text: str
    failed: bool = False


class Talk(Struct, frozen=True):
    """What was said so far."""

    messages: tuple[Message, ...]
    conversation: Conversation
    new: tuple[Message, ...] = ()
    """What no model has been sent yet, apart from its own words."""
    weight: Weight = field(default_factory=Weight)
    """What the messages weigh, for reservations; counted as they come, never changed."""

    @classmethod
    def begin(cls, profile: Profile, question: Any, attached: Iterable[Attachment] = ()) -> Talk:
        """Instructions and the question, with what is attached to it."""
        text = question if isinstance(question, str) else canonical.encode(question).decode()
        asked = Message("user", (Text(text), *(each.part for each in attached)))
        return cls((), Conversation()).add(Message("system", (Text(profile.instructions),)), asked)

    @property
    def size(self) -> int:
        """The bytes that a model has to read, roughly."""
        return self.weight.text + self.weight.media * _MEDIUM

    def add(self, *messages: Message) -> Talk:
        """With these messages after it."""
        return Talk(
            (*self.messages, *messages), self.conversation.add(*messages), (*self.new, *messages),
            weigh_messages(messages, self.weight),
        )  # fmt: skip

    def said(self, message: Message) -> Talk:
        """A model was sent all of it and said this, which stands in the log already."""
        return Talk(
            (*self.messages, message), self.conversation.add(message), (),
            weigh_messages((message,), self.weight),
        )  # fmt: skip

    def heard(self, results: list[Result]) -> Talk:
        """What came of the calls that the model asked for."""
        parts = tuple(
            [ToolResult(each.call.id, each.call.name, (Text(each.text),), each.failed) for each in results]
        )
        return self.add(Message("tool", parts))

    def request(self, profile: Profile) -> ModelRequest:
        """The next request; the route chooses the model."""
        agent, shape = profile.agent, profile.shape
        return ModelRequest(
            model="", messages=self.messages, tools=profile.specs,
            output=OutputSchema(shape.name, shape.schema, shape.strict) if shape is not None else None,
            max_tokens=agent.limits.answer_tokens, temperature=agent.temperature, effort=agent.effort,
        )  # fmt: skip


_MEDIUM = 4500
"""What a picture or a sound counts as, roughly."""
