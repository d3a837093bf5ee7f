"""Holding a judge against labels of people: all of them once, some twice more; and golden ones again, whenever somebody
wants to know whether it is still what its card says.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.authority.duties import require
from remit.control.judging import cards, sitting
from remit.control.labelling import freezing
from remit.domain.judge_errors import LabelsNotReady
from remit.domain.judging_events import JudgeChecked
from remit.quality.judging.bench import is_simulated, models_of
from remit.quality.judging.card import REPEATED, card
from remit.quality.judging.judge import Kind
from remit.quality.judging.judgement import BETTER, FAIL, PASS, TIE, WORSE
from remit.quality.judging.standing import drifted, require_card
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from remit.control.judging.sitting import Staff
    from remit.control.labelling.reading import Item
    from remit.control.running.parts import Parts
    from remit.quality.judging.card import Card
    from remit.quality.judging.judge import Judge
    from remit.quality.matter import Matter

_WORDS = {
    Kind.RUBRIC: frozenset({PASS, FAIL}), Kind.PAIRWISE: frozenset({BETTER, WORSE, TIE}),
    Kind.FAULT: frozenset[str](),
}  # fmt: skip
Labelled = tuple["Matter", str, "Item"]


@dataclass(frozen=True, slots=True)
class Check:
    """What came of golden items."""

    judge: str
    looked: int
    agreed: int
    unjudged: int
    since: int
    """Golden items that were put to it since it was calibrated, these included."""
    suspended: str
    """Why it was suspended by this; empty: it was not."""


async def calibrate(
    parts: Parts, staff: Staff, judge: Judge, labels: str, *, usd: float | None = None
) -> tuple[Card, list[str]]:
    """The card of a judge by a set of labels, sealed in the log, and the runs in which it was asked."""
    ground = parts.ground
    await require(ground, "admin", cards.AREA, "calibrate a judge")
    chosen, found = await freezing.usable(ground, labels)
    known = _fitting(judge, found, labels)
    matters = [matter for matter, _, _ in known]
    some = [] if judge.kind is Kind.PAIRWISE else _lot(len(matters), REPEATED, chosen.digest)
    again = some or _lot(len(matters), REPEATED, chosen.digest)
    work = [
        *((n, False) for n in range(len(matters))),
        *((n, False) for n in again),
        *((n, True) for n in some),
    ]
    origins = [item.run for _, _, item in known]
    runs, judged = await sitting.sit(parts, staff, judge, matters, origins=origins, work=work, usd=usd)
    first, rest = judged[: len(matters)], judged[len(matters) :]
    configuration = parts.house.gate.parts.models.configuration
    labelled = {matter.id: label for matter, label, _ in known}
    made = await asyncio.to_thread(
        card, judge, models_of(configuration, judge), labelled, first, rest[: len(again)], rest[len(again) :],
        simulated=is_simulated(configuration, judge), name=chosen.name, version=chosen.version,
        at=ground.clock.now(),
    )  # fmt: skip
    await cards.keep(ground, made, runs)
    return made, runs


async def check(
    parts: Parts, staff: Staff, judge: Judge, *, n: int = 10, usd: float | None = None, seed: int | None = None,
    asked: bool = True,
) -> Check:  # fmt: skip
    """Put golden items to a judge again; it is suspended if it says too seldom what people say. Where nobody `asked`,
    nobody sees them either.
    """
    ground = parts.ground
    models = models_of(parts.house.gate.parts.models.configuration, judge)
    standing = await cards.standing(ground, judge.name, judge.digest(models))
    made = require_card(judge, models, standing, ground.clock.now())
    _, found = await freezing.usable(ground, f"{made.labels}@{made.version}", asked=asked)
    known = _fitting(judge, found, made.labels)
    lot = _lot(len(known), n, str(ground.clock.now() if seed is None else seed))
    golden = [known[place] for place in lot]
    matters, origins = [matter for matter, _, _ in golden], [item.run for _, _, item in golden]
    runs, judged = await sitting.sit(parts, staff, judge, matters, origins=origins, usd=usd)
    told = [
        (item.id, each.said == label)
        for (_, label, item), each in zip(golden, judged, strict=True)
        if each.said
    ]
    now, team, who = ground.clock.now(), ground.principal.team, ground.principal.id
    agreed = sum(right for _, right in told)
    event = JudgeChecked(judge.name, made.digest, len(told), agreed, runs, who)
    ops = [Op("judges.check", (team, judge.name, made.digest, item, int(right), now)) for item, right in told]
    await record(ground, [event], ops)
    rows = await ground.database.fetch("judges.checks", team, judge.name, made.digest, made.made_at)
    why = drifted(made, [bool(row[1]) for row in rows])
    if why:
        with suppress(Conflict):  # somebody else found it in this moment
            await cards.suspend(ground, judge.name, made.digest, why, "remit")
    return Check(judge.name, len(told), agreed, len(golden) - len(told), len(rows), why)


def _fitting(judge: Judge, found: list[Labelled], labels: str) -> list[Labelled]:
    """What the judge could be held against: labels in its own words."""
    words = _WORDS[judge.kind]
    known = [each for each in found if each[1] in words]
    if not known:
        raise LabelsNotReady(
            f"{labels} has nothing that people called {', '.join(sorted(words))}: the words of judge {judge.name}.",
            f"Open a queue with these words: remit judge label open NAME --choices {','.join(sorted(words))}",
        )
    return known


def _lot(of: int, n: int, seed: str) -> list[int]:
    return sorted(random.Random(seed).sample(range(of), min(n, of)))  # noqa: S311 - the same lot again by its seed
