"""A budget: how much of money, tokens, steps, tool calls and time somebody may use. Arithmetic, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from remit.domain.errors import InvalidSetting
from remit.domain.value import value

MICRO = 1_000_000
UNITS = ("money", "tokens", "steps", "calls", "seconds")
_MOST = 2**53
_LEAST = 1 / MICRO


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be used at most; None is no limit. `usd` is a convenience of people, kept as integer micro-units."""

    usd: float | None = None
    tokens: int | None = None
    steps: int | None = None
    calls: int | None = None
    seconds: float | None = None
    per: str = ""
    """`day` or `month` for teams and agents; empty: once."""

    def __post_init__(self) -> None:
        for unit in ("tokens", "steps", "calls"):
            _check_count(unit, getattr(self, unit))
        for unit in ("usd", "seconds"):
            _check_amount(unit, getattr(self, unit))
        if self.per not in {"", "day", "month"}:
            raise InvalidSetting(
                f'a budget cannot be per "{self.per}".', 'It is per "day", per "month", or once.'
            )

    @property
    def money(self) -> int | None:
        """The money in micro-dollars."""
        return None if self.usd is None else round(self.usd * MICRO)

    @property
    def limits(self) -> dict[str, int]:
        """Every unit that is limited; seconds in microseconds."""
        found = {"money": self.money, "tokens": self.tokens, "steps": self.steps, "calls": self.calls}
        if self.seconds is not None:
            found["seconds"] = round(self.seconds * MICRO)
        return {unit: limit for unit, limit in found.items() if limit is not None}


@value
class Amount:
    """So much of each unit: what a call may use at most, or what it did use."""

    money: int = 0
    tokens: int = 0
    steps: int = 0
    calls: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.money + other.money, self.tokens + other.tokens,
            self.steps + other.steps, self.calls + other.calls,
        )  # fmt: skip

    def __sub__(self, other: Amount) -> Amount:
        return Amount(
            self.money - other.money, self.tokens - other.tokens,
            self.steps - other.steps, self.calls - other.calls,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """A budget of its own that several runs may draw on: `run:ID`, `agent:NAME`, `team:NAME`."""

    id: str
    budget: Budget


def _check_count(unit: str, limit: object) -> None:
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _MOST:
        raise _no_limit(unit, limit, "it is a whole number of at least 1")


def _check_amount(unit: str, limit: object) -> None:
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not _LEAST <= limit <= _MOST / MICRO:
        raise _no_limit(unit, limit, "it is a number of at least a millionth")


def _no_limit(unit: str, limit: object, rule: str) -> InvalidSetting:
    return InvalidSetting(
        f"a budget cannot have {unit}={limit!r}; {rule}.",
        "Leave it out for no limit; what is to do nothing at all is better not asked.",
    )
