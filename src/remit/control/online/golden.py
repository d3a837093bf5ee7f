"""Golden items between live runs: once a day each judge that scores them is shown some things that people have
labelled, out of the money of the day. One that has drifted is suspended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.judging import cards
from remit.control.judging.calibrating import check
from remit.control.judging.sitting import most_micro
from remit.control.online.scoring import spent_today
from remit.domain.clock import MICROSECONDS
from remit.quality.judging.bench import models_of
from remit.quality.judging.reading import judge_named, read_judges
from remit.quality.judging.standing import problem
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from remit.control.judging.sitting import Staff
    from remit.control.online.terms import OnlineTerms
    from remit.control.running.parts import Parts
    from remit.quality.judging.judge import Judge

ITEMS = 5
"""So many of them a day."""
_DAY = 86_400 * MICROSECONDS


async def look_again(parts: Parts, staff: Staff, terms: OnlineTerms) -> None:
    """Put golden items to every judge of live runs that has a card, if nobody has today."""
    judges = read_judges(parts.ground.workspace, parts.judges) if terms.judges else {}
    for name in terms.judges:
        judge = judge_named(judges, name)
        most = most_micro(judge, ITEMS)
        affordable = await spent_today(parts) + most <= terms.judge_micro
        if affordable and await _gates(parts, judge) and await _first_today(parts, judge, most):
            await check(parts, staff, judge, n=ITEMS, asked=False)


async def _gates(parts: Parts, judge: Judge) -> bool:
    models = models_of(parts.house.gate.parts.models.configuration, judge)
    standing = await cards.standing(parts.ground, judge.name, judge.digest(models))
    return not problem(judge, models, standing, parts.ground.clock.now())


async def _first_today(parts: Parts, judge: Judge, most: int) -> bool:
    """Note that it is done, and what it may cost; False if another process has."""
    ground = parts.ground
    now = ground.clock.now()
    day = now - now % _DAY
    given = (
        ground.principal.team,
        f"golden:{judge.name}:{day}",
        "golden",
        None,
        judge.name,
        most,
        "",
        "",
        day,
        now,
    )
    try:
        await ground.database.submit(Commit(ops=[Op("online.score", given, one=True)]))
    except Conflict:
        return False
    return True
