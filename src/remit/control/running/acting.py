"""Plugging together what runs act through: policy, tools, models, secrets and budgets, behind the one gate.

Each part reads its own file of the workspace. A workspace whose policy cannot be read does not start.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from remit.agents.agent_flow import flow_of
from remit.agents.belongings import guards_of, handles_of
from remit.agents.house import House
from remit.control.authority.policy_in_force import (
    FOLDER,
    NO_DEMANDS,
    PolicyDemands,
    archive_of,
    at_start,
    cast_shadow,
    over_release,
    reviews_of,
)
from remit.control.running.hushing import hush
from remit.gate.budgeting.budgets import BudgetBook
from remit.gate.budgeting.settings import accounts_in, text_of
from remit.gate.containment.board import HaltBoard
from remit.gate.containment.recall import recalling
from remit.gate.flag_board import FlagBoard
from remit.gate.foreseeing import Foreseeing
from remit.gate.gate import Gate
from remit.gate.guards.book import GuardBook
from remit.gate.guards.settings import read_guards
from remit.gate.models import ModelDesk
from remit.gate.parts import GateParts
from remit.gate.rates import Rates
from remit.gate.roles import Roles
from remit.gate.secrets.secrets_file import read_secrets
from remit.gate.secrets.vault import Vault
from remit.gate.sourcing import open_tools, reopening
from remit.gate.streams import Streams
from remit.gate.undoing import Undoing
from remit.knowledge.forgetting import forgetting
from remit.models import configuration
from remit.models.health import HealthBook
from remit.policy.authority import Authority
from remit.policy.world import World
from remit.quality.judging.flow import judging
from remit.quality.judging.reading import agents_of_judges
from remit.tools.acceptance import Acceptance
from remit.tools.registry import Registry

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.workspace.code import Code
    from remit.domain.budgets import Account
    from remit.engine.flow import Flow
    from remit.engine.lease import Lease

_logger = logging.getLogger("remit.tools")


async def build_house(
    ground: Ground,
    code: Code,
    lease: Lease,
    environment: str,
    largest_result: int,
    policy: PolicyDemands = NO_DEMANDS,
    budgets: str | None = None,
) -> House:
    """Everything that agents and tools of a workspace need, ready to act; `budgets` is what is in force of them."""
    root, clock, team = ground.workspace, ground.clock, ground.principal.team
    home = code.released.home if code.released is not None else root
    vault = Vault(read_secrets(root, environment), root, clock)
    await vault.learn()
    registry = Registry()
    registry.add(*code.tools, *handles_of(code.agents.values(), code.flows))
    away = [left.why for left in await open_tools(root, registry, vault)]
    for why in away:
        _logger.warning("%s", why)
    acceptance = Acceptance(ground.database, ground.keys, clock, team)
    await acceptance.boot(registry)
    models = configuration.load(home, environment=environment)
    guards = read_guards(home, code.agents)
    missing = await vault.learn([
        *(name for tool in registry for name in tool.manifest.secrets),
        *(spec.secret for spec in models.providers.values() if spec.needs_key),
        *(guard.secret for guard in guards_of(guards, code.agents.values()) if guard.secret),
    ])  # fmt: skip

    judges = agents_of_judges(home, code.judges)

    def world() -> World:
        tools = acceptance.remembered() | {tool.name: tool.manifest for tool in registry}
        return World(
            team, tools, frozenset(code.agents) | judges,
            models=frozenset(card.name for card in models.catalog),
        )  # fmt: skip

    roles, flags = await _looked_at(ground, team)
    authority = await _authority(ground, code, world(), policy)
    parts = GateParts(
        clock, registry, acceptance, authority, world,
        BudgetBook(ground.database, clock, lambda: lease.worker, lambda: lease.holds), vault,
        ModelDesk(models, HealthBook(clock), vault, clock, home), Rates(clock), Streams(), ground.keys,
        environment, _accounts(ground, code, budgets),
        largest_result=largest_result,
        refresh=reopening(root, registry, vault), roles=roles, halts=HaltBoard(ground.database, ground.log, clock),
        guards=GuardBook(guards, environment), flags=flags,
    )  # fmt: skip
    parts.standing.unconfirmed = reviews_of(ground, policy.overdue)
    await parts.standing.rest_on(archive_of(ground), ground.database, team)
    parts.standing.shadow = cast_shadow(ground, parts, policy.shadow)
    house = House(Gate(parts), home, code.agents)
    house.away, house.missing = away, missing
    house.contracted = any(flow.contract is not None for flow in code.flows)
    house.closing.append(hush(vault.redactor))
    house.flows += [*_own_flows(parts, ground, code), house.gate.sending.flow]
    return house


async def _looked_at(ground: Ground, team: str) -> tuple[Roles, FlagBoard]:
    """Who people are and how flags stand, before anything acts."""
    roles, flags = Roles(ground.database, team), FlagBoard(ground.database, team)
    await roles.look(ground.clock.boot())
    await flags.look()
    return roles, flags


async def _authority(ground: Ground, code: Code, world: World, policy: PolicyDemands) -> Authority:
    """The rules that this process goes by. A release brings none into force: those of now hold over its code, too, and
    those that it was made with bind its runs beside them (S21).
    """
    if code.released is not None:
        return await over_release(ground, world)
    return Authority.of(await at_start(ground, world, policy.protect), world, ground.workspace / FOLDER)


def _accounts(ground: Ground, code: Code, in_force: str | None) -> dict[str, Account]:
    written = text_of(ground.workspace) if in_force is None else in_force
    former = code.released is not None or (in_force is not None and in_force != text_of(ground.workspace))
    flows = [flow.name for flow in code.flows]
    return accounts_in(written, ground.principal.team, code.agents, flows, former=former)


def _own_flows(parts: GateParts, ground: Ground, code: Code) -> list[Flow]:
    """The flows that nobody wrote: those that take back, and one for each agent that has none of its name."""
    undoing = Undoing(parts, ground.log)
    ours = [
        undoing.flow(), recalling(undoing.take_back), Foreseeing(parts, ground.log).flow(), forgetting(), judging(),
    ]  # fmt: skip
    taken = {flow.name for flow in code.flows}
    return [*ours, *(flow_of(agent) for agent in code.agents.values() if agent.name not in taken)]
