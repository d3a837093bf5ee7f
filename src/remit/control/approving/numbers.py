"""The numbers of the inbox: how often people are asked, how long they take, and whether they look before they agree."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remit.control.approving.views import InboxNumbers
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground

_DAY = 86_400 * MICROSECONDS
_MOST_DAYS = 36_500
_PARTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


async def numbers(ground: Ground, days: int = 30) -> InboxNumbers:
    """What happened in the last days."""
    if not 1 <= days <= _MOST_DAYS:
        raise InvalidInput(f"{days} days are none that can be counted.", "Such as --days 30.")
    team, since = ground.principal.team, ground.clock.now() - days * _DAY
    rows = await ground.database.fetch("approvals.numbers", team, since)
    claimed = (await ground.database.fetch("approvals.claimed", team, since))[0][0]
    by_grant = (await ground.database.fetch("grants.used", team, since))[0][0]
    real = [row for row in rows if not row[1]]
    seeded = [row[0] for row in rows if row[1] and row[0] in {"approved", "rejected"}]
    states = [row[0] for row in real]
    consequential = claimed + sum(state != "approved" for state in states)
    taken = sorted((row[3] - row[2]) / MICROSECONDS for row in real if row[0] in {"approved", "rejected"})
    times = {name: percentile(taken, part) for name, part in _PARTS.items()} if taken else {}
    blind = seeded.count("approved")
    return InboxNumbers(
        since, consequential, len(real), 100 * len(real) / consequential if consequential else None,
        states.count("approved"), states.count("rejected"), states.count("expired"), states.count("withdrawn"),
        states.count("open"), by_grant, times,
        len(seeded), blind, blind / len(seeded) if seeded else None,
    )  # fmt: skip


def percentile(ordered: Sequence[float], part: float) -> float:
    """The value below which this part of them lies: the nearest one, none that nobody took."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]
