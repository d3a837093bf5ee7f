"""A model of a framework that is a route of ours: the framework's request in neutral form goes through the gate, as a
model call of an agent that policy, budgets and the log know by name. It knows no framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents.calling import told
from remit.domain.action_errors import BudgetExhausted
from remit.domain.conversation import Conversation
from remit.domain.errors import CircuitOpen, Refused, Rejected, StepFailed, TimedOut, UnresolvedEffect
from remit.gate.model_passage import ModelAsk
from remit.integrations.carrying import carrier
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.agents.run import Run
    from remit.gate.model_passage import ModelAnswer
    from remit.wire.messages import ModelRequest

Json = Any
_TOLD = (Refused, Rejected, StepFailed, TimedOut, CircuitOpen, UnresolvedEffect)


async def ask(route: str, request: ModelRequest, agent: str) -> ModelAnswer:
    """Ask a route in the name of an agent; a durable step, decided, paid and journaled like any other model call."""
    found = carrier()
    return await found.perform(lambda: _ask(found.run, route, request, agent))


async def call(name: str, arguments: str, agent: str) -> str:
    """Call a tool of the workspace in the name of an agent; what a model wrote, and what it is told."""
    found = carrier()
    return await found.perform(lambda: _call(found.run, name, arguments, agent))


async def _ask(run: Run, route: str, request: ModelRequest, agent: str) -> ModelAnswer:
    talk = Conversation(*request.messages)
    shape: dict[str, Json] = {
        "agent": agent,
        "tools": canonical.digest(
            canonical.plain([[t.name, t.description, t.parameters] for t in request.tools])
        ),
        "output": canonical.plain(request.output.schema) if request.output is not None else None,
    }
    asked = ModelAsk(route, request, talk, shape, request.messages)
    return await run.house.gate.ask_model(run.execution, _actor(run, agent), asked)


async def _call(run: Run, name: str, arguments: str, agent: str) -> str:
    try:
        value, note = await run.house.gate.call_text(run.execution, _actor(run, agent), name, arguments)
    except BudgetExhausted:
        raise
    except _TOLD as wrong:
        return told(wrong)
    text = value if isinstance(value, str) else canonical.encode(canonical.plain(value)).decode()
    return f"{text}\n({note})" if note else text


def _actor(run: Run, agent: str) -> Any:
    """The framework's agent acts for whoever started the run. Which tools it has, its author wrote down there; what
    it may do with them, policy says here.
    """
    tools = frozenset(run.house.gate.parts.registry.names)
    return run.actor.lets(agent, tools, None) if agent else run.actor
