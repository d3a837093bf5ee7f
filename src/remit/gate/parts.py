"""What the gate holds, and nobody else: tools that can act, models that can be asked, secrets, authority, budgets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.domain.budgets import Account
    from remit.domain.clock import Clock
    from remit.gate.actor import Actor
    from remit.gate.budgets import BudgetBook
    from remit.gate.models import ModelDesk
    from remit.gate.rates import Rates
    from remit.gate.streams import Streams
    from remit.gate.vault import Vault
    from remit.policy.authority import Authority
    from remit.policy.world import World
    from remit.store.keys import KeyRing
    from remit.tools.acceptance import Acceptance
    from remit.tools.registry import Registry
    from remit.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class GateParts:
    """Everything behind the gate."""

    clock: Clock
    registry: Registry
    acceptance: Acceptance
    authority: Authority
    world: Callable[[], World]
    """What rules may speak about, as things stand now."""
    budgets: BudgetBook
    vault: Vault
    models: ModelDesk
    rates: Rates
    streams: Streams
    keys: KeyRing
    environment: str = "dev"
    accounts: dict[str, Account] = field(default_factory=dict[str, "Account"])
    """Shared budgets of this workspace by account: `agent:NAME`, `team:NAME`."""
    largest_result: int = 4 * 1024 * 1024
    learning: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever takes in new tools does it alone."""

    async def learn(self, *tools: Tool) -> None:
        """Take in tools that no source lists: their definitions are accepted and ruled on as all others."""
        if all(self.registry.find(tool.name) is tool for tool in tools):
            return
        async with self.learning:
            new = [tool for tool in tools if self.registry.find(tool.name) is not tool]
            if not new:
                return
            for tool in new:
                tool.check()
                if tool.name in self.registry:
                    self.registry.add(tool)  # refuses the name of another
            await self.acceptance.boot(new)
            self.registry.add(*new)
            self.authority.reload(self.world())
            await self.vault.learn(name for tool in new for name in tool.manifest.secrets)

    def forget(self, run: str, *, ended: bool) -> None:
        """A run has left this process: nothing that was kept for it stays."""
        self.vault.forget(run)
        self.budgets.forget(f"run:{run}")
        if ended:
            self.streams.close(run)

    def accounts_of(self, actor: Actor) -> Sequence[Account]:
        """The budgets that an actor draws on, its own and the shared ones."""
        if not self.accounts:
            return actor.accounts
        names = [f"agent:{agent}" for agent in (*actor.chain, actor.agent) if agent]
        shared = [self.accounts[name] for name in (*names, f"team:{actor.team}") if name in self.accounts]
        return [*actor.accounts, *shared]
