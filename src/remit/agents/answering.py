"""Taking an answer: typed answers are converted, bad ones sent back within bounds, unsure ones handed on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from remit.agents.consulting import consult
from remit.domain.action_errors import Blocked, LowConfidence, MalformedAnswer, ModelRefused, OutputInvalid
from remit.domain.errors import InvalidInput
from remit.wire.messages import Message, Refusal, Text

if TYPE_CHECKING:
    from remit.agents.asked import Ask
    from remit.gate.model_passage import ModelAnswer

_log = logging.getLogger("remit.agents")


async def take(asked: Ask, reply: ModelAnswer) -> tuple[bool, Any]:
    """Whether this is the answer, and which; False sends the model back to work."""
    refusal = next((part.text for part in reply.message.parts if isinstance(part, Refusal)), "")
    if refusal or reply.finish == "filter":
        raise ModelRefused(
            f"{asked.profile.agent.name} was refused an answer: {refusal or 'filtered by the provider'}."
        )
    problem, value = _read(asked, reply)
    if not problem:
        return True, await _sure(asked, value)
    _count_repair(asked, problem, reply)
    asked.talk = asked.talk.add(Message("user", (Text(problem),)))
    return False, None


def _read(asked: Ask, reply: ModelAnswer) -> tuple[str, Any]:
    """What is wrong with an answer, in words for the model; or the answer."""
    text, shape = reply.message.text, asked.profile.shape
    if reply.withheld:
        return reply.withheld, None
    if reply.finish == "length":
        return "Your answer was cut off because it was too long. Answer again, shorter.", None
    if reply.finish == "tools":
        return "You said that you call a tool, and did not. Call one, or answer.", None
    if not text.strip():
        return "Your answer was empty. Answer the question.", None
    if shape is None:
        return "", text
    try:
        return "", shape.read(text)
    except InvalidInput as wrong:
        fix = "Answer again with one JSON object that fits the schema, and nothing else."
        return f"Your answer does not fit: {wrong.message} {fix}", None


def _count_repair(asked: Ask, problem: str, reply: ModelAnswer) -> None:
    agent = asked.profile.agent
    asked.repairs += 1
    if asked.repairs <= agent.limits.repairs:
        return
    tries = f"{agent.name} was sent back {agent.limits.repairs} times"
    if reply.withheld:
        raise Blocked(f"{tries}, and what it says is still kept back: {reply.withheld}")
    if reply.message.text.strip() and agent.output is not None:
        raise OutputInvalid(
            f"{tries}, and its answer still does not fit: {problem}", "Simplify the output type."
        )
    raise MalformedAnswer(f"{tries}, and still gave no answer: {problem}")


async def _sure(asked: Ask, value: Any) -> Any:
    """An answer that is certain enough, or what stands in for it."""
    fallback = asked.profile.agent.fallback
    if fallback is None:
        return value
    confidence = getattr(value, "confidence", None)
    if not isinstance(confidence, (int, float)) or confidence >= fallback.threshold:
        return value
    if fallback.human:
        return await _from_a_person(asked, value, fallback.human, fallback.within)
    if fallback.answer is not None:
        return fallback.answer
    raise LowConfidence(
        f"{asked.profile.agent.name} is {confidence:g} certain, and {fallback.threshold:g} is asked for.",
        "Give the agent a fallback: a group of people, or a static answer.",
    )


async def _from_a_person(asked: Ask, value: Any, group: str, within: str) -> Any:
    """What a person makes of an unsure answer, as the agent's type."""
    shape = asked.profile.shape
    return await consult(
        asked.run.execution, group, value, within=within, otherwise="escalate",
        shape=shape.shape if shape is not None else None,
    )  # fmt: skip
