"""An agent's memory: which scopes it is offered, by its declaration and by the rules, and the calls it makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.decisions import AccessRequest, Outcome
from remit.domain.event import object_of
from remit.domain.memory import SCOPES
from remit.gate.memory.passage import resolve
from remit.knowledge import offer
from remit.knowledge.memory import Memories

if TYPE_CHECKING:
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.gate import Gate
    from remit.gate.parts import GateParts
    from remit.knowledge.offer import Offered
    from remit.wire.messages import ToolCall

_ANY = "any"
"""Stands for the run, whose memory is its own whichever it is."""


def declared(scopes: frozenset[str]) -> Offered:
    """What an agent with these scopes may be offered at most."""
    ordered = tuple(scope for scope in SCOPES if scope in scopes)
    return dict.fromkeys(offer.NAMES, ordered) if ordered else {}


def visible(parts: GateParts, actor: Actor) -> Offered:
    """What this actor is offered: nothing that it would be refused, as with tools."""
    own = declared(actor.memory or frozenset())
    found = {
        name: tuple(scope for scope in scopes if _may(parts, actor, name, scope))
        for name, scopes in own.items()
    }
    return {name: scopes for name, scopes in found.items() if scopes}


def recorded(plain: Any) -> Offered:
    """What the log says was offered."""
    return {str(name): tuple(scopes) for name, scopes in object_of(plain).items()}


async def perform(
    gate: Gate, execution: Execution, actor: Actor, offered: Offered, call: ToolCall
) -> tuple[Any, str]:
    """One call of a model; gives what it is told, and what is to be said beside it."""
    return await offer.perform(Memories(gate, execution, actor), offered, call.name, call.arguments)


def _may(parts: GateParts, actor: Actor, operation: str, scope: str) -> bool:
    request = AccessRequest(
        actor.user, actor.team, actor.agent, "memory", resolve(scope, actor, _ANY),
        context={"operation": operation}, groups=parts.roles.of(actor.user), environment=parts.environment,
    )  # fmt: skip
    return parts.authority.decide(request, parts.clock.now()).outcome is not Outcome.DENY
