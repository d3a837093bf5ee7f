"""Who acts: the agent (or the flow itself), for whom, out of which purse, and below whom.

An actor can only narrow: whoever it lets act for itself has its authority and its purses, and perhaps more limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.domain.budgets import Account


@dataclass(frozen=True, slots=True)
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

    def lets(
        self, agent: str, tools: frozenset[str], account: Account | None, until: int | None = None
    ) -> Actor:
        """Another agent that acts for this one: never more than this one, and only with its own tools."""
        narrowed = tools if self.tools is None or not self.agent else tools & self.tools
        return replace(
            self, agent=agent, chain=(*self.chain, self.agent) if self.agent else self.chain,
            accounts=(*self.accounts, account) if account is not None else self.accounts, tools=narrowed,
            until=min((each for each in (self.until, until) if each is not None), default=None),
        )  # fmt: skip
