"""Keeping a conversation within the model's window: old turns are summarised by the model, durably, once.

What is kept as it is: the instructions, the question and the latest turns, from a turn of the assistant on, so that
no tool result loses its call. The summary is a step of its own; a replay reads it from the log.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.agents.talk import Talk, size_of
from remit.domain.action_errors import ContextTooLong
from remit.domain.conversation import Conversation
from remit.gate.model_passage import ModelAsk
from remit.wire.messages import Message, ModelRequest, Text, ToolResult

if TYPE_CHECKING:
    from remit.agents.asked import Ask

_BYTES_PER_TOKEN = 3
"""Cautious: few texts have fewer bytes to a token."""
_FULL = 0.75
"""The share of the window that a conversation may fill before it is shortened."""
_KEEP = 0.3
"""The share that the latest turns may fill afterwards."""
_OPENING = 2
"""Instructions and question."""
_TASK = (
    "Summarise the work so far for yourself, so that you can go on without having seen it: what was asked, what was "
    "found (exact ids, names, amounts), what was done, what is still open. No advice, no greeting."
)


async def fit(asked: Ask, talk: Talk) -> Talk:
    """The conversation, short enough for every model of the agent's route."""
    window = asked.run.house.gate.parts.models.window(asked.profile.agent.route)
    if window is None or talk.size <= window * _FULL * _BYTES_PER_TOKEN:
        return talk
    latest = _latest(talk.messages, int(window * _KEEP * _BYTES_PER_TOKEN))
    old = talk.messages[_OPENING : len(talk.messages) - len(latest)]
    if not old:
        raise ContextTooLong(
            f"{asked.profile.agent.name} has more to read than the {window:,} tokens of its models take.",
            "Let its tools answer less, or use a route with a larger window.",
        )
    summary = await _summarise(asked, old, int(window * _FULL * _BYTES_PER_TOKEN))
    opening = talk.messages[:_OPENING]
    told = Message("user", (Text(f"What happened so far, in short:\n{summary}"),))
    return Talk((), Conversation()).add(*opening, told, *latest)


async def _summarise(asked: Ask, old: tuple[Message, ...], most: int) -> str:
    text = "\n".join(_line(message) for message in old).encode()[-most:].decode(errors="ignore")
    talk = replace(Talk((), Conversation())).add(
        Message("system", (Text(_TASK),)), Message("user", (Text(text),))
    )
    request = ModelRequest(model="", messages=talk.messages, max_tokens=1500, temperature=0.0)
    shape = {"agent": asked.profile.agent.name, "digest": asked.profile.digest}
    ask = ModelAsk(asked.profile.agent.route, request, talk.conversation, shape, talk.new, "compact")
    reply = await asked.run.house.gate.ask_model(asked.run.execution, asked.actor, ask)
    return reply.message.text


def _latest(messages: tuple[Message, ...], most: int) -> tuple[Message, ...]:
    """As many of the last turns as fit, beginning with one of the assistant."""
    size, start = 0, len(messages)
    for index in range(len(messages) - 1, _OPENING - 1, -1):
        size += size_of(messages[index])
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
