"""A month as a whole: its figures beside those of the month before, what was spent on what, and how budgets and
objectives stand. It puts together what others count, and writes no page.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from remit.control.reporting.budgets import budgets
from remit.control.reporting.periods import days_of_month
from remit.control.reporting.quality import quality
from remit.control.reporting.views import MonthView
from remit.insight import kpi_facts, kpis
from remit.insight.costs import costs
from remit.insight.kpi_facts import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from remit.control.ground.ground import Ground
    from remit.control.reporting.terms import Terms
    from remit.control.reporting.views import AsOf
    from remit.insight.burning import Burn

_SHOWN = 10


async def month(
    ground: Ground, terms: Terms, name: str, today: date, objectives: Sequence[Burn], as_of: AsOf
) -> MonthView:
    """Read a month."""
    first, after = days_of_month(name)
    before, _ = days_of_month((first - timedelta(1)).strftime("%Y-%m"))
    database, team = ground.database, ground.principal.team
    scope = Scope(team, first, after)
    facts = await kpi_facts.gather(database, scope, await quality(ground, scope))
    last = Scope(team, before, first)
    earlier = await kpi_facts.gather(database, last, await quality(ground, last))
    of_agents = await costs(database, scope, "agent", today)
    of_models = await costs(database, scope, "model", today)
    of_days = await costs(database, scope, "day", today)
    spent = {row.part: row.cost for row in of_days.rows}
    over = after <= today
    return MonthView(
        terms.workspace, team, name, over, ground.clock.now(), facts.started,
        kpis.figures(facts, terms.decision_cents), kpis.figures(earlier, terms.decision_cents), of_agents.total,
        [(row.part, row.cost, row.succeeded, row.per_success) for row in of_agents.rows[:_SHOWN]],
        [(row.part, row.cost, row.calls) for row in of_models.rows[:_SHOWN]],
        [(day, spent.get(day.isoformat(), 0)) for day in _days(first, min(after, today + timedelta(1)))],
        of_agents.odd, of_agents.month if first <= today < after else None,
        await budgets(ground, today), list(objectives), as_of,
    )  # fmt: skip


def last_day(scope: Scope) -> date:
    """The last day of some days."""
    return scope.until - timedelta(1)


def _days(first: date, after: date) -> list[date]:
    return [first + timedelta(n) for n in range((after - first).days)]
