"""What the gate holds, and nobody else: tools that can act, models that can be asked, secrets, authority, budgets."""

from __future__ import annotations

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

    def accounts_of(self, actor: Actor) -> Sequence[Account]:
        """The budgets that an actor draws on, its own and the shared ones."""
        if not self.accounts:
            return actor.accounts
        names = [f"agent:{agent}" for agent in (*actor.chain, actor.agent) if agent]
        shared = [self.accounts[name] for name in (*names, f"team:{actor.team}") if name in self.accounts]
        return [*actor.accounts, *shared]
