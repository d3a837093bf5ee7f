"""Who acts: the agent (or the flow itself), for whom, out of which purse, and below whom.

An actor can only narrow: whoever it lets act for itself has its authority and its purses, and perhaps more limits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.domain.halts import Concern
from remit.domain.value import value

if TYPE_CHECKING:
    from remit.domain.budgets import Account
    from remit.domain.capabilities import Signed
    from remit.domain.guards import Guard
    from remit.domain.runs import RunRow
    from remit.gate.provenance import Bound


@value
class Actor:
    """One line of authority."""

    user: str
    """On whose behalf it all happens."""
    team: str
    agent: str = ""
    """Empty when the flow itself acts."""
    chain: tuple[str, ...] = ()
    """The agents that let this one act for them, the first one first."""
    accounts: tuple[Account, ...] = ()
    """The budgets of this run that it draws on: its own, and those of whoever let it act."""
    tools: frozenset[str] | None = None
    """The tools it may use at most; None for a flow, which names them in its own code."""

    until: int | None = None
    """When its time is up; the earliest of its own and of those that let it act."""
    memory: frozenset[str] | None = None
    """The scopes of memory that it may use at most; None for a flow, which names them in its own code."""
    capability: Signed | None = None
    """How far it may act for the agent that let it; None: nobody did, and the rules alone decide."""
    bounds: tuple[Bound, ...] = ()
    """The contracts that bind it, the run's first; whoever it lets act is bound by them, too."""

    def concern(self, row: RunRow, tool: str = "", model: str = "") -> Concern:
        """What halts look at of something that it does."""
        agents = (*self.chain, self.agent) if self.agent else self.chain
        return Concern(row.team, row.id, row.pin, agents, self.user, tool, model)

    guards: tuple[Guard, ...] = ()
    """The guards of its agent and of those that let it act: nobody loses one by handing on."""
    apart: bool = False
    """It acts for a trial: what it uses is no use of the budgets of agents and teams."""

    def lets(
        self, agent: str, tools: frozenset[str], account: Account | None, until: int | None = None,
        memory: frozenset[str] = frozenset(), guards: tuple[Guard, ...] = (),
    ) -> Actor:  # fmt: skip
        """Another agent that acts for this one: never more than this one, and only with its own tools."""
        narrowed = tools if self.tools is None or not self.agent else tools & self.tools
        scopes = memory if self.memory is None or not self.agent else memory & self.memory
        return replace(
            self, agent=agent, chain=(*self.chain, self.agent) if self.agent else self.chain,
            accounts=(*self.accounts, account) if account is not None else self.accounts, tools=narrowed,
            until=min((each for each in (self.until, until) if each is not None), default=None), memory=scopes,
            guards=(*self.guards, *guards) if guards else self.guards,
        )  # fmt: skip
