"""What of the settings a start would refuse, each asked of whoever would refuse it; all of it is found, not only the
first. It opens no database, no key and no anchor, and knows no setting's meaning itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.authority import policy_in_force
from remit.control.fronting.flow_tools import refuse_unserved
from remit.control.fronting.reaching import refuse_nowhere, refuse_unreachable
from remit.control.ground.ground import database_for
from remit.control.ground.root_keys import keeper_for, key_choice
from remit.control.replaying.golden import check_golden
from remit.control.running import containing, contracting
from remit.control.tasking.offering import refuse_strangers, refuse_without_library
from remit.domain.clock import SystemClock
from remit.domain.errors import RemitError
from remit.policy.authority import Authority
from remit.policy.data_classes import capture_rules, retention_days
from remit.store.anchors.opening import open_anchors
from remit.tools.egress import Egress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from remit.agents.agent import Agent
    from remit.control.sections import Settings
    from remit.models.configuration import Configuration
    from remit.policy.world import World


def refusals(
    root: Path, chosen: Settings, models: Configuration | None, world: World | None, agents: Iterable[Agent],
    flows: Iterable[str] = (),
) -> Iterator[RemitError]:  # fmt: skip
    """Every error with which these settings would stop a start."""
    asked = list(agents)
    names = {*flows, *(agent.name for agent in asked)}
    for ask in (*_questions(root, chosen, models, world, asked), *_fronts(chosen, names)):
        try:
            ask()
        except RemitError as wrong:
            yield wrong


def _fronts(chosen: Settings, names: set[str]) -> Iterator[Callable[[], object]]:
    a2a = chosen.a2a
    yield lambda: refuse_strangers((*a2a.agents, *chosen.agui.agents), names)
    yield lambda: refuse_without_library(a2a.agents)
    yield lambda: refuse_unserved(chosen.mcp.flows, names)
    yield lambda: refuse_unreachable(chosen.server.hosts, chosen.server.origins)
    yield lambda: refuse_nowhere("a2a.url", [a2a.url])
    yield lambda: refuse_nowhere("mcp.authorization_servers", chosen.mcp.authorization_servers)
    yield lambda: Egress(a2a.push, a2a.push_private)


def _questions(
    root: Path, chosen: Settings, models: Configuration | None, world: World | None, agents: Iterable[Agent]
) -> Iterator[Callable[[], object]]:
    environment, policy, outbox = chosen.workspace.environment, chosen.policy, chosen.outbox
    demands = contracting.demands_of(chosen.contracts)
    clock = SystemClock()
    yield lambda: keeper_for(root, key_choice(chosen), database_for(root, chosen.database, clock), clock)
    yield lambda: capture_rules(chosen.capture.classes, environment)
    yield lambda: retention_days(chosen.retention.classes)
    yield lambda: open_anchors(chosen.audit.anchors, root)
    yield lambda: check_golden(root)
    yield lambda: containing.holds_of(outbox.window, outbox.tools, environment)
    if chosen.breakers.action != "off":
        yield lambda: containing.action_of(chosen.breakers.action)
    yield lambda: contracting.floor_of(demands)
    yield lambda: contracting.unreadable_of(demands)
    yield lambda: policy_in_force.demands_two(policy.protect, environment)
    yield lambda: policy_in_force.denies_late(policy.overdue)
    if demands.propose and models is not None:
        yield lambda: models.route(demands.propose)
    if world is not None:
        yield lambda: contracting.refuse_uncontracted(agents, world.tools, demands.required, environment)
        if policy.shadow:
            yield lambda: Authority.load(policy_in_force.shadow_place(root, policy.shadow), world)
