"""Who set which budget, and when: what `budgets.toml` says is compared with what the log knows, and every change is an
event of the team. Several processes that start together say it once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_events import BudgetSet
from remit.domain.budgets import Budget
from remit.engine.outside import shared_event, team_stream
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.domain.budgets import Account
    from remit.domain.clock import Clock
    from remit.store.database import Database
    from remit.store.keys import KeyRing

Json = Any


async def record_budgets(
    database: Database, keys: KeyRing, clock: Clock, team: str, accounts: Mapping[str, Account], by: str
) -> list[str]:
    """Say in the log what changed; gives the accounts that did."""
    name = f"budgets:{team}"
    rows = await database.fetch("workspace.get", name)
    before: dict[str, Json] = msgspec.json.decode(rows[0][0]) if rows else {}
    now = {
        account.id: {"limits": account.budget.limits, "per": account.budget.per}
        for account in accounts.values()
    }
    changed = sorted(each for each in {*before, *now} if before.get(each) != now.get(each))
    if not changed:
        return []
    key, at = await keys.team_key(team, clock.now()), clock.now()
    budgets = {each: accounts[each].budget if each in accounts else Budget() for each in changed}
    events = [BudgetSet(each, budget.limits, budget.per, by) for each, budget in budgets.items()]
    shared = [shared_event(team_stream(team), team, key, event, at) for event in events]
    text = msgspec.json.encode(now).decode()
    try:
        await database.submit(Commit(ops=[Op("budgets.note", (name, text), one=True)], shared=shared))
    except Conflict:
        return []  # another process was first, and said the same
    return changed
