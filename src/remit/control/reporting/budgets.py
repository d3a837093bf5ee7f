"""How budgets stand: what of each account is used in its period, what the period will come to, and how long a budget
for good lasts. It sets none; who may use how much is decided in the gate.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from remit.control.reporting.views import BudgetView
from remit.insight.costs import daily, day_of_use, month_of
from remit.insight.kpi_facts import Scope

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.insight.forecasting import Forecast

_UNITS = ("money", "tokens", "steps", "calls")
_HISTORY = 56
_MONEY = "money"
_RECENT = 28
_FURTHEST = 3660


async def budgets(ground: Ground, today: date) -> list[BudgetView]:
    """Every limit of the team and its agents; those of one run of a flow are in none."""
    team = ground.principal.team
    rows = await ground.database.fetch("workspace.get", f"budgets:{team}")
    known: dict[str, dict[str, Any]] = json.loads(rows[0][0]) if rows else {}
    used = {
        (row[0], row[1]): row[2:]
        for row in await ground.database.fetch("budgets.accounts", today.strftime("%Y-%m"))
    }
    found: list[BudgetView] = []
    for account, said in sorted(known.items()):
        kind, _, name = account.partition(":")
        if kind not in {"team", "agent"}:
            continue
        per = str(said["per"])
        amounts = used.get((account, _period(per, today)), (0, 0, 0, 0))
        for unit, amount in zip(_UNITS, amounts, strict=True):
            limit = said["limits"].get(unit)
            if limit is not None:
                spent = (
                    await _spent(ground, today, name if kind == "agent" else None) if unit == _MONEY else None
                )
                found.append(_view(account, per, unit, limit, amount, spent, today))
    return found


def _period(per: str, today: date) -> str:
    return today.isoformat() if per == "day" else today.strftime("%Y-%m") if per == "month" else ""


async def _spent(ground: Ground, today: date, agent: str | None) -> dict[date, int]:
    first = today.replace(day=1) - timedelta(_HISTORY)
    return await daily(ground.database, Scope(ground.principal.team, first, today + timedelta(1), agent))


def _view(
    account: str, per: str, unit: str, limit: int, used: int, spent: dict[date, int] | None, today: date
) -> BudgetView:
    expected, until = (None, None) if spent is None else _ahead(per, limit - used, spent, today)
    state = "over" if used >= limit else "likely over" if _exceeds(expected, limit) else "ok"
    return BudgetView(account, per, unit, limit, used, limit - used, expected, until, state)


def _exceeds(expected: Forecast | None, limit: int) -> bool:
    return expected is not None and expected.expected > limit


def _ahead(per: str, left: int, spent: dict[date, int], today: date) -> tuple[Forecast | None, date | None]:
    first = today.replace(day=1) - timedelta(_HISTORY)
    if per == "day":
        return day_of_use(spent, first, today), None
    if per == "month":
        return month_of(spent, first, today).forecast, None
    recent = [spent.get(today - timedelta(n), 0) for n in range(1, _RECENT + 1)]
    a_day = sum(recent) / _RECENT
    lasts = left / a_day if a_day > 0 and left > 0 else None
    return None, today + timedelta(int(lasts)) if lasts is not None and lasts < _FURTHEST else None
