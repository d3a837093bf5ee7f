"""What can be asked about costs, key figures, objectives and months. It reads what is derived from the log and hands
on; it decides nothing, and knows no page and no terminal.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from remit.control.observing.wiring import projector_of
from remit.control.reporting import budgets, months, pages, periods
from remit.control.reporting.quality import quality
from remit.control.reporting.views import AsOf, CostsView, KpisView
from remit.domain.errors import Infrastructure, InvalidInput
from remit.gate.toml_file import nearest
from remit.insight import burning, costs, kpi_facts, kpis
from remit.insight.kpi_catalog import BY_NAME
from remit.insight.kpi_facts import Scope, day_of

if TYPE_CHECKING:
    from datetime import date

    from remit.control.ground.ground import Ground
    from remit.control.reporting.terms import Terms
    from remit.control.reporting.views import BudgetView, MonthView
    from remit.domain.objectives import Objective
    from remit.insight.burning import Burn

FORMS = ("html", "md", "json")
_PATIENCE = 2.0
"""Seconds that a report waits for what happened a moment ago, before it says how much is not in it."""


class ReportingDesk:
    """Figures of one team."""

    def __init__(self, ground: Ground, terms: Terms) -> None:
        self._ground = ground
        self._terms = terms

    async def costs(
        self, by: str = "agent", *, since: str = "30d", until: str = "", agent: str = "", flow: str = "",
        with_budgets: bool = False,
    ) -> CostsView:  # fmt: skip
        """What was spent in some days, told apart in one way; days are those of UTC."""
        if by not in costs.WAYS:
            raise InvalidInput(f'costs cannot be told apart by "{by}".', f"By {', '.join(costs.WAYS)}.")
        scope, today, as_of = self._scope(since, until, agent, flow), self._today(), await self._as_of()
        found = await costs.costs(self._ground.database, scope, by, today)
        limits = await budgets.budgets(self._ground, today) if with_budgets else []
        return CostsView(scope.since, months.last_day(scope), by, agent, flow, found, limits, as_of)

    async def budgets(self) -> list[BudgetView]:
        """How the budgets of the team and its agents stand, and what is to be expected of them."""
        return await budgets.budgets(self._ground, self._today())

    async def kpis(
        self, *, since: str = "30d", until: str = "", agent: str = "", flow: str = "", only: str = ""
    ) -> KpisView:  # fmt: skip
        """Every key figure of the tasks that began in some days, with its definition."""
        if only and only not in BY_NAME:
            raise InvalidInput(
                f'there is no figure "{only}"{nearest(only, BY_NAME)}.', f"It is one of {', '.join(BY_NAME)}."
            )
        scope, as_of = self._scope(since, until, agent, flow), await self._as_of()
        facts = await kpi_facts.gather(self._ground.database, scope, await quality(self._ground, scope))
        figures = [
            each for each in kpis.figures(facts, self._terms.decision_cents) if only in {"", each.name}
        ]
        return KpisView(scope.since, months.last_day(scope), agent, flow, facts.started, figures, as_of)

    @property
    def declared(self) -> tuple[Objective, ...]:
        """The objectives of `remit.toml`, as they were written."""
        return self._terms.objectives

    async def objectives(self) -> list[Burn]:
        """How each objective of `remit.toml` stands: its error budget, and how fast that is used up."""
        await self._as_of()
        return await self._objectives()

    async def month(self, month: str = "") -> MonthView:
        """A month as those read it who answer for it; without a word, the one of today."""
        today, as_of = self._today(), await self._as_of()
        return await months.month(
            self._ground,
            self._terms,
            month or today.strftime("%Y-%m"),
            today,
            await self._objectives(),
            as_of,
        )

    async def month_page(self, month: str = "", form: str = "html") -> str:
        """The same as one file that needs nothing else: `html`, `md` or `json`."""
        if form not in FORMS:
            raise InvalidInput(f'a month cannot be written as "{form}".', f"As {', '.join(FORMS)}.")
        return pages.page(await self.month(month), form)

    async def _objectives(self) -> list[Burn]:
        ground = self._ground
        now, team = ground.clock.now(), ground.principal.team
        return [
            burning.burn(each, await burning.count(ground.database, team, each, now))
            for each in self._terms.objectives
        ]

    def _scope(self, since: str, until: str, agent: str, flow: str) -> Scope:
        first, after = periods.days_since(since, until, self._today())
        return Scope(self._ground.principal.team, first, after, agent or None, flow or None)

    def _today(self) -> date:
        return day_of(self._ground.clock.now())

    async def _as_of(self) -> AsOf:
        """Bring what is derived from the log up to date, as far as that takes no time that anybody would notice."""
        projector = projector_of(self._ground)
        if (await projector.lag()).events:
            with suppress(TimeoutError, Infrastructure):  # who cannot write can still read what there is
                await asyncio.wait_for(projector.catch_up(), _PATIENCE)
        lag = await projector.lag()
        return AsOf(lag.events, round(lag.seconds, 3))
