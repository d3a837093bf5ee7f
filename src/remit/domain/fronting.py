"""Who comes in at a front door: a key and what it is limited to, what a request says about itself, and the caller that
both make. Nouns only: how a key is found, and what is done with it, is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from remit.domain.budgets import Account, Budget
from remit.domain.errors import InvalidSetting
from remit.domain.value import value

if TYPE_CHECKING:
    from collections.abc import Mapping

EXCHANGE = "remit.exchange"
"""The flow that exchanges are runs of."""
_MOST = 2**31


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, and how much at once, a key may be used; None is no limit."""

    requests: int | None = None
    """In a minute."""
    tokens: int | None = None
    """In a minute."""
    at_once: int | None = None

    def __post_init__(self) -> None:
        for name in ("requests", "tokens", "at_once"):
            limit = getattr(self, name)
            if limit is not None and not 1 <= limit <= _MOST:
                raise InvalidSetting(f"a key cannot have {limit} {name.replace('_', ' ')}.", "At least 1.")


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What a key of an agent is limited to."""

    agent: str
    routes: frozenset[str] | None = None
    """None: every route that policy lets the agent use."""
    tools: frozenset[str] | None = None
    budget: Budget | None = None
    purse: str = ""
    """The account of the budget; a key that replaces another one draws on the same."""
    pace: Pace = Pace()

    def plain(self) -> dict[str, Any]:
        """As it is kept: plain JSON."""
        found: dict[str, Any] = {"agent": self.agent, "purse": self.purse}
        for name in ("routes", "tools"):
            chosen = getattr(self, name)
            if chosen is not None:
                found[name] = sorted(chosen)
        if self.budget is not None:
            said = {"usd": self.budget.usd, "tokens": self.budget.tokens, "per": self.budget.per}
            found["budget"] = {name: value for name, value in said.items() if value}
        pace = {name: getattr(self.pace, name) for name in ("requests", "tokens", "at_once")}
        if said := {name: limit for name, limit in pace.items() if limit is not None}:
            found["pace"] = said
        return found

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> KeyScope:
        """Out of what is kept."""
        routes, tools, budget = plain.get("routes"), plain.get("tools"), plain.get("budget")
        return cls(
            plain["agent"], None if routes is None else frozenset(routes),
            None if tools is None else frozenset(tools), Budget(**budget) if budget else None,
            plain.get("purse", ""), Pace(**plain.get("pace", {})),
        )  # fmt: skip

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The budgets that everything done with the key draws on."""
        return () if self.budget is None else (Account(f"key:{self.purse}", self.budget),)


@value
class Attribution:
    """What a request says about itself: display and tags, and never more than that (S29)."""

    agent: str = ""
    session: str = ""
    purpose: str = ""
    run_token: str = ""
    """Signed by this workspace; the one thing of these that carries authority."""
    run_tag: str = ""
    idempotency_key: str = ""


@value
class Caller:
    """Whose key it is, for one exchange; what it may do is asked of policy each time."""

    key: str
    principal: str
    """The user or service for whom it acts."""
    team: str
    agent: str = ""
    """The agent that the key is bound to; empty: the key of a person, who acts without one."""
    routes: frozenset[str] | None = None
    tools: frozenset[str] | None = None
    accounts: tuple[Account, ...] = ()
    attribution: Attribution = Attribution()
    authority: Literal["key", "run"] = "key"
    """What authority and cost bind to: the key alone, or a signed run token as well."""
    pace: Pace = Pace()
    run: str = ""
    """The run or user action that a signed token names."""
    data_class: str = ""
    """What the token says of the data that is sent."""

    @property
    def session(self) -> str:
        """What groups exchanges: only where somebody said so (S29)."""
        return self.attribution.session
