"""What is answered about costs, key figures, objectives and months: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from remit.insight.burning import Burn
from remit.insight.kpis import Figure

if TYPE_CHECKING:
    from remit.insight.costs import CostRow, Costs, Month, OddDay
    from remit.insight.forecasting import Forecast

__all__ = ["AsOf", "BudgetView", "Burn", "CostsView", "Figure", "KpisView", "MonthView"]


@dataclass(frozen=True, slots=True)
class AsOf:
    """How far what is shown trails what happened."""

    events: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One limit of an account, in its current period."""

    account: str
    per: str
    """day, month, or nothing: once."""
    unit: str
    limit: int
    used: int
    left: int
    expected: Forecast | None = None
    """What the period will come to in all; of money alone, and where there is enough to go by."""
    lasts_until: date | None = None
    """When a budget for good is used up, if days go on as they are."""
    state: Literal["ok", "likely over", "over"] = "ok"


@dataclass(frozen=True, slots=True)
class CostsView:
    """What was spent."""

    since: date
    until: date
    """The last day."""
    by: str
    agent: str
    flow: str
    costs: Costs
    budgets: list[BudgetView]
    as_of: AsOf


@dataclass(frozen=True, slots=True)
class KpisView:
    """Key figures of some days."""

    since: date
    until: date
    """The last day."""
    agent: str
    flow: str
    tasks: int
    figures: list[Figure]
    as_of: AsOf


@dataclass(frozen=True, slots=True)
class MonthView:
    """A month as those read it who answer for it."""

    workspace: str
    team: str
    month: str
    over: bool
    """Whether the month is over; else its figures are those so far."""
    written_at: int
    tasks: int
    figures: list[Figure]
    before: list[Figure]
    """The same figures of the month before."""
    costs: CostRow
    by_agent: list[tuple[str, int, int | None, int | None]]
    """Agent, cost, tasks that succeeded, cost for each of them; the dearest first."""
    by_model: list[tuple[str, int, int]]
    """Model, cost, calls; the dearest first."""
    daily: list[tuple[date, int]]
    odd: list[OddDay]
    expected: Month | None
    """What the month will come to; None once it is over."""
    budgets: list[BudgetView]
    objectives: list[Burn] = field(default_factory=list["Burn"])
    as_of: AsOf = field(default_factory=AsOf)
