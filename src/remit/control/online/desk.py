"""What can be asked about scores of live runs: shares with intervals, and those of judges as people would find them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from remit.control.online.views import OnlineView, ScoreFigure
from remit.control.reporting import months, periods
from remit.insight.intervals import wilson
from remit.insight.kpi_facts import Scope, day_of
from remit.quality.judging.card import card_of

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.quality.judging.card import Card
    from remit.store.database import Row

_MILLION = 1_000_000
_GROUNDED = "groundedness"
HALLUCINATING = "hallucinating"


class OnlineDesk:
    """Scores of the live runs of one team."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def figures(
        self, *, since: str = "7d", until: str = "", agent: str = "", flow: str = ""
    ) -> OnlineView:  # fmt: skip
        """How tasks that ended in some days were scored."""
        ground = self._ground
        first, after = periods.days_since(since, until, day_of(ground.clock.now()))
        scope = Scope(ground.principal.team, first, after, agent or None, flow or None)
        rows = await ground.database.fetch(
            "online.figures", scope.team, scope.begins, scope.ends, scope.agent, scope.flow
        )
        cards = await self._cards()
        looked = next((row[6] for row in rows if row[0] == ""), 0)
        measured = [row for row in rows if row[0]]
        return OnlineView(
            scope.since, months.last_day(scope), agent, flow, looked,
            tuple(_figure(row, cards.get(row[1])) for row in measured),
            next((_missing(row) for row in measured if row[0] == _GROUNDED and row[2]), None),
        )  # fmt: skip

    async def _cards(self) -> dict[str, Card]:
        """The newest current card of each judge."""
        found: dict[str, Card] = {}
        for row in await self._ground.database.fetch("judges.cards", self._ground.principal.team):
            if row[2] == "current":
                found.setdefault(row[0], card_of(json.loads(row[3])))
        return found


def _figure(row: Row, card: Card | None) -> ScoreFigure:
    metric, judge, n, whole, nothing, total, _ = row
    within = wilson(whole, n)
    right = card.corrected(nothing, n) if card is not None and n else None
    share, lies = (1 - right[0], right[1]) if right is not None else (None, None)
    return ScoreFigure(
        metric, n, total / n / _MILLION if n else None, whole / n if n else None,
        within.low if within is not None else None, within.high if within is not None else None, judge,
        card is not None, share, 1 - lies.high if lies is not None else None,
        1 - lies.low if lies is not None else None,
    )  # fmt: skip


def _missing(row: Row) -> ScoreFigure:
    """Runs that say something that was found nowhere."""
    n, whole = row[2], row[3]
    within = wilson(n - whole, n)
    low, high = (within.low, within.high) if within is not None else (None, None)
    return ScoreFigure(HALLUCINATING, n, None, (n - whole) / n, low, high)
