"""What can be drawn in memory: the accounts of a run, and this process's leases on accounts that it shares.

Plain arithmetic, nothing waits here. How a lease grows and shrinks is `budget_leases`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.budgets import MICRO, Account, Amount, Budget
from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

UNITS = ("money", "tokens", "steps", "calls")
_WORDS = {"tokens": "token", "steps": "step", "calls": "tool call"}


class Shortage(NamedTuple):
    """What an account lacks."""

    unit: str
    limit: int
    used: int
    reserved: int
    asked: int


class PoolKey(NamedTuple):
    """A shared account in one period: `2026-11-20`, `2026-11`, or nothing for good."""

    account: str
    period: str


class Excess(NamedTuple):
    """Where it comes from that a call used more than it had reserved."""

    paid: Amount = Amount()
    """What was free in the lease."""
    added: Amount = Amount()
    """What the lease had not."""


class LocalPool:
    """An account that lives and dies with a run in memory. It counts in place: every action comes past it twice."""

    __slots__ = ("_held", "_limits", "_used")

    def __init__(self, budget: Budget) -> None:
        limits = limits_of(budget)
        self._limits = [(place, unit, limits[unit]) for place, unit in enumerate(UNITS) if unit in limits]
        self._used = [0, 0, 0, 0]
        self._held = [0, 0, 0, 0]

    @property
    def used(self) -> Amount:
        """What was used for good."""
        return Amount(*self._used)

    @property
    def held(self) -> Amount:
        """What is set aside for actions under way."""
        return Amount(*self._held)

    def lacks(self, most: Amount) -> Shortage | None:
        """The first unit that it does not have."""
        asked, used, held = (most.money, most.tokens, most.steps, most.calls), self._used, self._held
        for place, unit, limit in self._limits:
            if asked[place] and used[place] + held[place] + asked[place] > limit:
                return Shortage(unit, limit, used[place], held[place], asked[place])
        return None

    def hold(self, most: Amount) -> None:
        """Set this much aside."""
        held = self._held
        held[0] += most.money
        held[1] += most.tokens
        held[2] += most.steps
        held[3] += most.calls

    def settle(self, most: Amount, used: Amount, excess: Excess) -> None:
        """A hold ends; this much was used, more than was held or less."""
        del excess
        held, spent = self._held, self._used
        held[0] -= most.money
        held[1] -= most.tokens
        held[2] -= most.steps
        held[3] -= most.calls
        spent[0] += used.money
        spent[1] += used.tokens
        spent[2] += used.steps
        spent[3] += used.calls

    def left(self, budget: Budget) -> dict[str, int]:
        """What can still be drawn, by unit."""
        taken = self.used + self.held
        return {unit: limit - get(taken, unit) for unit, limit in limits_of(budget).items()}


@dataclass(slots=True, eq=False)
class LeasedPool:
    """What this process may use of a shared account. It is asked by every exchange of a key."""

    key: PoolKey
    granted: Amount = field(default_factory=Amount)
    used: Amount = field(default_factory=Amount)
    """Settled since the lease began."""
    held: Amount = field(default_factory=Amount)
    touched: int = 0
    """When it was last drawn on."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Who waits for more of it stands in line here."""
    moving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the lease grows or shrinks: what is on its way would be missing here and there."""
    _limited: tuple[Budget | None, tuple[str, ...]] = (None, ())
    """The budget that was asked for last, and the units that it limits."""

    @property
    def free(self) -> Amount:
        """What can be drawn at once; negative in a unit that had no limit when it was used."""
        return self.granted - self.used - self.held

    def lacks(self, budget: Budget, most: Amount) -> Amount:
        """What has to be leased before `most` can be drawn; nothing of units without a limit."""
        known, units = self._limited
        if known is not budget:
            units = tuple(limits_of(budget))
            self._limited = (budget, units)
        granted, used, held = self.granted, self.used, self.held
        missing: dict[str, int] = {}
        for unit in units:
            asked = get(most, unit)
            if asked and (left := get(granted, unit) - get(used, unit) - get(held, unit)) < asked:
                missing[unit] = asked - left
        return Amount(**missing) if missing else NOTHING

    def hold(self, most: Amount) -> None:
        """Set this much aside."""
        self.held += most

    def cover(self, over: Amount) -> Excess:
        """A call used this much more than it had reserved: what is free here pays for it first, and is held for that;
        the rest has to be added to the lease, whatever the limit.
        """
        paid = least(over, self.spare())
        self.held += paid
        return Excess(paid, over - paid)

    def settle(self, most: Amount, used: Amount, excess: Excess) -> None:
        """A hold ends; this much was used."""
        self.held -= most + excess.paid
        self.used += used
        self.granted += excess.added

    def spare(self) -> Amount:
        """What can be given back: no unit of it below nothing."""
        free = self.free
        return Amount(**{unit: max(0, get(free, unit)) for unit in UNITS})

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of it that the database does not know."""
        return self.granted == self.used == self.held == Amount()

    def left(self, budget: Budget) -> dict[str, int]:
        """What can be drawn without asking anybody, by unit."""
        free = self.free
        return {unit: get(free, unit) for unit in limits_of(budget)}


Pool = LocalPool | LeasedPool


NOTHING = Amount()


def is_within(used: Amount, most: Amount) -> bool:
    """Whether no unit was used beyond what was reserved."""
    return (
        used.money <= most.money
        and used.tokens <= most.tokens
        and used.steps <= most.steps
        and used.calls <= most.calls
    )


def get(amount: Amount, unit: str) -> int:
    """One unit of an amount."""
    return int(getattr(amount, unit))


def beyond(used: Amount, most: Amount, budget: Budget) -> Amount:
    """What was used over what was reserved, in the units that are limited."""
    return Amount(**{unit: max(0, get(used, unit) - get(most, unit)) for unit in limits_of(budget)})


def least(one: Amount, other: Amount) -> Amount:
    """The lesser of two amounts, unit by unit."""
    return Amount(**{unit: min(get(one, unit), get(other, unit)) for unit in UNITS})


def values(amount: Amount) -> tuple[int, int, int, int]:
    """An amount as the columns of a table hold it."""
    return (amount.money, amount.tokens, amount.steps, amount.calls)


def plain(amount: Amount) -> dict[str, int]:
    """An amount as JSON: only the units of which there is something."""
    found: dict[str, int] = {}
    if amount.money:
        found["money"] = amount.money
    if amount.tokens:
        found["tokens"] = amount.tokens
    if amount.steps:
        found["steps"] = amount.steps
    if amount.calls:
        found["calls"] = amount.calls
    return found


@lru_cache(maxsize=4096)
def limits_of(budget: Budget) -> Mapping[str, int]:
    """The limits that are counted here; time is watched by whoever waits."""
    return MappingProxyType({unit: limit for unit, limit in budget.limits.items() if unit in UNITS})


def is_shared(account: str) -> bool:
    """Whether other processes draw on it, too."""
    return account.partition(":")[0] not in {"run", "ask"}


def period_of(budget: Budget, now: int) -> str:
    """The period that a moment belongs to; days and months are those of UTC."""
    if not budget.per:
        return ""
    moment = datetime.fromtimestamp(now // MICROSECONDS, UTC)
    return moment.strftime("%Y-%m-%d" if budget.per == "day" else "%Y-%m")


def shortage_sentence(account: Account, shortage: Shortage) -> str:
    """Why an account does not have it, in numbers."""
    unit, per = shortage.unit, f" a {account.budget.per}" if account.budget.per else ""
    return (
        f"{spoken(account.id)} may use {shown(unit, shortage.limit)}{per}: {shown(unit, shortage.used)} used, "
        f"{shown(unit, shortage.reserved)} reserved, and this may need {shown(unit, shortage.asked)}."
    )


def spoken(account: str) -> str:
    """An account as people call it."""
    kind, _, name = account.partition(":")
    if kind in {"run", "tree"}:
        return "this run"
    return f"this ask of {name.rpartition('/')[2].partition('#')[0]}" if kind == "ask" else f"{kind} {name}"


def shown(unit: str, amount: int) -> str:
    """A number with its unit."""
    if unit != "money":
        return f"{amount:,} {_WORDS[unit]}{'' if amount == 1 else 's'}"
    dollars, rest = divmod(abs(amount), MICRO)
    cents = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}${dollars:,}.{cents}"
