"""Plugging together what runs act through: policy, tools, models, secrets and budgets, behind the one gate.

Each part reads its own file of the workspace. A workspace whose policy cannot be read does not start.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from remit.agents.agent_flow import flow_of
from remit.agents.house import House, handles_of
from remit.control.hushing import hush
from remit.gate.budget_settings import read_budgets
from remit.gate.budgets import BudgetBook
from remit.gate.gate import Gate
from remit.gate.models import ModelDesk
from remit.gate.parts import GateParts
from remit.gate.rates import Rates
from remit.gate.secrets_file import read_secrets
from remit.gate.sourcing import open_tools, reopening
from remit.gate.streams import Streams
from remit.gate.undoing import Undoing
from remit.gate.vault import Vault
from remit.models import configuration
from remit.models.health import HealthBook
from remit.policy.authority import Authority
from remit.policy.world import World
from remit.tools.acceptance import Acceptance
from remit.tools.registry import Registry

if TYPE_CHECKING:
    from remit.control.ground import Ground
    from remit.control.workspace import Code
    from remit.engine.lease import Lease

_logger = logging.getLogger("remit.tools")


async def build_house(
    ground: Ground, code: Code, lease: Lease, environment: str, largest_result: int
) -> House:
    """Everything that agents and tools of a workspace need, ready to act."""
    root, clock, team = ground.workspace, ground.clock, ground.principal.team
    vault = Vault(read_secrets(root), root, clock)
    await vault.learn()
    registry = Registry()
    registry.add(*code.tools, *handles_of(code.agents.values()))
    for left in await open_tools(root, registry, vault):
        _logger.warning("%s", left.why)
    acceptance = Acceptance(ground.database, ground.keys, clock, team)
    await acceptance.boot(registry)
    models = configuration.load(root, environment=environment)
    await vault.learn([
        *(name for tool in registry for name in tool.manifest.secrets),
        *(spec.secret for spec in models.providers.values() if spec.secret),
    ])  # fmt: skip

    def world() -> World:
        tools = acceptance.remembered() | {tool.name: tool.manifest for tool in registry}
        return World(
            team, tools, frozenset(code.agents),
            models=frozenset(card.name for card in models.catalog),
        )  # fmt: skip

    parts = GateParts(
        clock, registry, acceptance, Authority.load(root / "policies", world()), world,
        BudgetBook(ground.database, clock, lambda: lease.worker, lambda: lease.holds), vault,
        ModelDesk(models, HealthBook(clock), vault, clock, root), Rates(clock), Streams(), ground.keys,
        environment, read_budgets(root, team, code.agents), largest_result=largest_result,
        refresh=reopening(root, registry, vault),
    )  # fmt: skip
    house = House(Gate(parts), root, code.agents)
    house.closing.append(hush(vault.redactor))
    taken = {flow.name for flow in code.flows}
    house.flows.append(Undoing(parts, ground.log).flow())
    house.flows.extend(flow_of(agent) for agent in code.agents.values() if agent.name not in taken)
    return house
