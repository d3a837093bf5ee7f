"""A budget: how much of money, tokens, steps, tool calls and time somebody may use. Arithmetic, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

MICRO = 1_000_000
UNITS = ("money", "tokens", "steps", "calls", "seconds")


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


@dataclass(frozen=True, slots=True)
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
