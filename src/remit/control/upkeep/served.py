"""Whether anybody could answer an agent, by all that is known before it is asked: the constraints of its route, what
its requests need of a model, and the keys that are there. It asks nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import NoRoute
from remit.domain.clock import SystemClock
from remit.models.health import HealthBook
from remit.models.router import Router
from remit.models.routes import Need

if TYPE_CHECKING:
    from collections.abc import Collection

    from remit.agents.agent import Agent
    from remit.models.configuration import Configuration


def check_served(agent: Agent, models: Configuration, missing: Collection[str] = ()) -> None:
    """Raise `NoRoute` with the constraint that binds, if no model may serve this agent; `missing` are secrets."""
    route, clock = models.route(agent.route), SystemClock()
    decision = Router(models.catalog, models.book, HealthBook(clock)).choose(route, _need(agent), clock.now())
    closed = {name: _key(models, name, missing) for name in decision.order}
    if all(closed.values()):
        raise NoRoute(
            f"no model of the route {route.name} can serve it, for want of a key: "
            + "; ".join(f"{name}: {why}" for name, why in closed.items())
            + ".",
            "Set the variable of that name, or say in secrets.toml where it is kept.",
        )


def _need(agent: Agent) -> Need:
    """What the shortest of its requests needs."""
    calls = bool(agent.tools or agent.delegates or agent.memory)
    return Need(frozenset({"tools"} if calls else ()), max_tokens=agent.limits.answer_tokens)


def _key(models: Configuration, model: str, missing: Collection[str]) -> str:
    """Which key its provider lacks."""
    spec = models.providers[models.catalog.card(model).provider]
    if not spec.needs_key or spec.secret not in missing:
        return ""
    return f'its provider {spec.name} is opened by the secret "{spec.secret}", which is not there'
