"""Cards of judges as the database has them, and whether one lets its judge gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.authority.duties import require
from remit.domain.errors import WrongState
from remit.domain.judge_errors import UnknownJudge
from remit.domain.judging_events import JudgeCalibrated, JudgeSuspended
from remit.engine.outside import team_stream
from remit.quality.judging.card import Card, card_of, plain_card
from remit.quality.judging.standing import Standing, require_card
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground
    from remit.quality.judging.judge import Judge

AREA = "labels"


async def standing(ground: Ground, judge: str, digest: str) -> Standing:
    """How a judge of this digest stands."""
    rows = await ground.database.fetch("judges.cards", ground.principal.team)
    mine = [row for row in rows if row[0] == judge]
    exact = next((row for row in mine if row[1] == digest), None)
    if exact is None:
        return Standing(other=mine[0][1] if mine else "")
    suspended = (exact[9] or "by hand") if exact[2] == "suspended" else ""
    return Standing(card_of(json.loads(exact[3])), suspended)


async def gating(ground: Ground, judge: Judge, models: Sequence[str]) -> Card:
    """The card that lets a judge gate now; refused where there is none."""
    found = await standing(ground, judge.name, judge.digest(models))
    return require_card(judge, models, found, ground.clock.now())


async def keep(ground: Ground, card: Card, runs: Sequence[str]) -> int:
    """Seal a card in the log: from now on its judge is worth this."""
    team, who, now = ground.principal.team, ground.principal.id, ground.clock.now()
    plain = plain_card(card)
    event = JudgeCalibrated(card.judge, card.digest, card.labels, card.version, plain, list(runs), who)
    given = (
        team, card.judge, card.digest, json.dumps(plain), card.labels, card.version, team_stream(team), now, who,
    )  # fmt: skip
    return await record(ground, [event], [Op("judges.card", given)])


async def suspend(ground: Ground, judge: str, digest: str, why: str, by: str) -> int:
    """Let a judge gate no more, until it is calibrated anew."""
    event = JudgeSuspended(judge, digest, why, by)
    given = (ground.principal.team, judge, digest, ground.clock.now(), why)
    return await record(ground, [event], [Op("judges.suspend", given, one=True)])


async def suspend_by_hand(ground: Ground, judge: str, why: str) -> int:
    """The same by order of a person: the judge's newest card that counts."""
    await require(ground, "admin", AREA, "suspend a judge")
    rows = await ground.database.fetch("judges.cards", ground.principal.team)
    mine = [row for row in rows if row[0] == judge]
    if not mine:
        raise UnknownJudge(f"judge {judge} has no card that could be suspended.", "It may not gate as it is.")
    try:
        return await suspend(ground, judge, mine[0][1], why or "by hand", ground.principal.id)
    except Conflict:
        raise WrongState(f"judge {judge} is suspended already.") from None
