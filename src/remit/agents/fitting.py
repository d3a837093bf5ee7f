"""Keeping a conversation within the model's window: old turns are summarised by the model, durably, once.

What is kept as it is: the instructions, the question and the latest turns, from a turn of the assistant on, so that
no tool result loses its call. The summary is a step of its own; a replay reads it from the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.agents.talk import Talk
from remit.domain.action_errors import ContextTooLong
from remit.domain.conversation import Conversation
from remit.gate.model_passage import ModelAsk
from remit.models.bounds import TYPICAL_BYTES_PER_TOKEN, Weight, weigh, weigh_messages
from remit.wire.messages import Message, ModelRequest, OutputSchema, Text, ToolResult

if TYPE_CHECKING:
    from remit.agents.asked import Ask

_FULL = 0.75
"""The share of the window that a conversation may fill before it is shortened."""
_SMALL = 0.125
"""The share that is never shortened."""
_KEEP = 0.4
"""The share of its room that the latest turns may fill afterwards."""
_FRAME = 512
"""Tokens that instructions and frames of a summary may take."""
_MEDIUM = 1500
"""Tokens of a picture, a sound or a file, roughly."""
_SUMMARY_TOKENS = 1500
"""The longest summary, where the agent's own answers may be as long."""
_OPENING = 2
"""Instructions and question."""
_TASK = (
    "Summarise the work so far for yourself, so that you can go on without having seen it: what was asked, what was "
    "found (exact ids, names, amounts), what was done, what is still open. No advice, no greeting."
)


async def fit(asked: Ask, talk: Talk) -> Talk:
    """The conversation, short enough for every model of the agent's route."""
    window = asked.run.house.gate.parts.models.window(asked.profile.agent.route)
    if window is None or _tokens(talk.weight) <= window * _SMALL:
        return talk
    room = _room(asked, window)
    if _tokens(talk.weight) <= room:
        return talk
    latest = _latest(talk.messages, int(room * _KEEP))
    old = talk.messages[_OPENING : len(talk.messages) - len(latest)]
    if not old and _tokens(talk.weight) <= window * _FULL:
        return talk  # another model of the route may have a larger window
    if not old:
        raise ContextTooLong(
            f"{asked.profile.agent.name} has more to read than the {window:,} tokens of its models take.",
            "Let its tools answer less, or use a route with a larger window.",
        )
    summary = await _summarise(asked, old, window)
    opening = talk.messages[:_OPENING]
    told = Message("user", (Text(f"What happened so far, in short:\n{summary}"),))
    return Talk((), Conversation()).add(*opening, told, *latest)


def _room(asked: Ask, window: int) -> int:
    """The tokens that a conversation may have: the window also holds the tools, the schema and the answer."""
    agent, shape = asked.profile.agent, asked.profile.shape
    output = OutputSchema(shape.name, shape.schema, shape.strict) if shape is not None else None
    beside = weigh(ModelRequest(model="", messages=(), tools=asked.profile.specs, output=output))
    left = window - agent.limits.answer_tokens - beside.estimate
    return max(int(window * _SMALL), min(int(window * _FULL), left))


def _tokens(weight: Weight) -> int:
    """About how many tokens it is, as a route sees it: a hundred short messages are more than their words."""
    return weight.text // TYPICAL_BYTES_PER_TOKEN + weight.frames + weight.media * _MEDIUM


async def _summarise(asked: Ask, old: tuple[Message, ...], window: int) -> str:
    # every model of its route says as much as the agent may
    words = min(_SUMMARY_TOKENS, asked.profile.agent.limits.answer_tokens)
    most = max(_FRAME, min(int(window * _FULL), window - words - _FRAME)) * TYPICAL_BYTES_PER_TOKEN
    text = "\n".join(_line(message) for message in old).encode()[-most:].decode(errors="ignore")
    talk = Talk((), Conversation()).add(Message("system", (Text(_TASK),)), Message("user", (Text(text),)))
    request = ModelRequest(model="", messages=talk.messages, max_tokens=words, temperature=0.0)
    shape = {"agent": asked.profile.agent.name, "digest": asked.profile.digest}
    ask = ModelAsk(asked.profile.agent.route, request, talk.conversation, shape, talk.new, "compact")
    reply = await asked.run.house.gate.ask_model(asked.run.execution, asked.actor, ask)
    return reply.message.text


def _latest(messages: tuple[Message, ...], most: int) -> tuple[Message, ...]:
    """As many of the last turns as fit, beginning with one of the assistant."""
    size, start = 0, len(messages)
    for index in range(len(messages) - 1, _OPENING - 1, -1):
        size += _tokens(weigh_messages((messages[index],)))
        if size > most:
            break
        if messages[index].role == "assistant":
            start = index
    return messages[start:]


def _line(message: Message) -> str:
    said = [message.text] if message.text else []
    said += [f"calls {call.name}({call.arguments})" for call in message.tool_calls]
    said += [
        f"{part.name} answered: {''.join(inner.text for inner in part.parts if isinstance(inner, Text))}"
        for part in message.parts
        if isinstance(part, ToolResult)
    ]
    return f"{message.role}: {' '.join(said)}"
