"""Asking somebody else about content, as a durable step: a model of a route, or a service over HTTP.

What they say is a finding, and never an order: the words of a judge reach no tool. Whoever cannot be asked has not let
anything by: that is said in the report, and the guard says what follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BudgetExhausted, ModelFailed
from remit.domain.errors import InvalidInput, Refused, StepFailed, TimedOut
from remit.domain.event import object_of
from remit.domain.halt_errors import Halted
from remit.domain.on_use import on_use
from remit.engine.stepping import perform
from remit.gate.containment.watched import Watched
from remit.gate.model_passage import ModelAnswer, ModelPassage
from remit.gate.screening.model_route import judging, read_verdict
from remit.gate.screening.screen import Report
from remit.gate.steps import MODEL
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.domain.guards import Guard
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.gate.screening import http
    from remit.policy.guard import Content, Finding
else:
    http = on_use("remit.gate.screening.http")

Json = Any
_UNJUDGED = (Refused, StepFailed, TimedOut, ModelFailed, InvalidInput)
"""What it comes to when nobody could judge."""


async def ask_outside(
    parts: GateParts, execution: Execution, actor: Actor, guard: Guard, at: str, content: Content
) -> Report:
    """What a model or a service says; a replay reads it from the log."""
    if not any(text.strip() for _, text in content.texts):
        return Report()
    try:
        if guard.check == "http":
            return Report(await _service(parts, execution, actor, guard, at, content))
        return Report(await _model(parts, execution, actor, guard, at, content))
    except (BudgetExhausted, Halted):
        raise  # nobody goes on without a budget or under a halt, least of all unjudged
    except _UNJUDGED as wrong:
        return Report(failed=wrong.message.rstrip("."))


async def _service(
    parts: GateParts, execution: Execution, actor: Actor, guard: Guard, at: str, content: Content
) -> tuple[Finding, ...]:
    passage = http.ServicePassage(parts, actor, guard, at, content)
    identity: Json = [
        [guard.name, at, canonical.digest(canonical.plain([text for _, text in content.texts]))],
        {},
    ]
    plain = await perform(execution, http.SERVICE, (), {}, Watched(passage), identity)
    return http.read_answer(object_of(plain), content)


async def _model(
    parts: GateParts, execution: Execution, actor: Actor, guard: Guard, at: str, content: Content
) -> tuple[Finding, ...]:
    asked = judging(guard, at, content)
    plain = await perform(
        execution, MODEL, (), {}, Watched(ModelPassage(parts, actor, asked)), asked.identity()
    )
    return read_verdict(ModelAnswer.of(plain).message.text)
