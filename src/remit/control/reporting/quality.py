"""Reads what figures of quality are made of: verdicts and plans out of the runs of experiments, cards of judges, and
what the tables count. It decides nothing; what a figure is, stands in the catalog.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from remit.control.releasing.booking import book_of
from remit.domain.errors import Shredded
from remit.domain.event import object_of
from remit.domain.events import RunCreated, RunEnded
from remit.engine.outside import run_stream
from remit.insight.quality_facts import Agreed, Calibrated, Grounded, QualityFacts
from remit.quality.judging.card import card_of
from remit.quality.verdicts import Verdict

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.insight.kpi_facts import Scope
    from remit.quality.labelling.agreement import Figure
    from remit.store.database import Row


class _Said(NamedTuple):
    """A verdict on some code, and when it was asked for."""

    at: int
    suite: str
    against: str
    verdict: str


async def quality(ground: Ground, scope: Scope) -> QualityFacts:
    """What is known of these days; of judges, as they stand now."""
    fetch, times = ground.database.fetch, (scope.team, scope.begins, scope.ends)
    verdicts, waived = await _verdicts(ground, await fetch("quality.gates", *times))
    escaped, ungated = await _escapes(ground, scope)
    return QualityFacts(
        verdicts[Verdict.PASS], verdicts[Verdict.FAIL], verdicts[Verdict.INCONCLUSIVE], waived, escaped, ungated,
        await _growth(ground, scope),
        tuple((row[0], row[1]) for row in await fetch("quality.canaries", *times)),
        Grounded(*(await fetch("quality.grounded", *times, scope.agent, scope.flow))[0]),
        await _judges(ground, scope.team),
    )  # fmt: skip


async def _verdicts(ground: Ground, rows: list[Row]) -> tuple[Counter[str], int]:
    """How the last verdict went for each code that was held against other code by a suite, and how many are waived."""
    found: Counter[str] = Counter()
    seen: set[tuple[str, str, str]] = set()
    waived = 0
    for run, suite, arm, against, answered_for in rows:
        if (suite, arm, against) in seen:
            continue
        said = await _verdict(ground, run)
        if said:
            seen.add((suite, arm, against))
            found[said] += 1
            waived += bool(answered_for) and said == Verdict.INCONCLUSIVE
    return found, waived


async def _verdict(ground: Ground, run: str) -> str:
    """What an experiment says; nothing, where it says nothing or was shredded."""
    stream = run_stream(run)
    last = await ground.database.fetch("log.last", stream)
    try:
        event = (await ground.log.read_one(stream, int(last[0][0]))).event
    except Shredded:
        return ""
    return str(object_of(event.result).get("verdict", "")) if isinstance(event, RunEnded) else ""


async def _escapes(ground: Ground, scope: Scope) -> tuple[int, int]:
    """How many kinds of failures releases showed first that gates had let pass by then, and how many others did."""
    times = (scope.team, scope.begins, scope.ends)
    first = await ground.database.fetch("quality.first_failures", *times, scope.agent, scope.flow)
    said: dict[str, list[_Said]] = {}
    escaped = 0
    for release, at in first:
        if release not in said:
            said[release] = await _said_of(ground, scope.team, release)
        last = {(each.suite, each.against): each.verdict for each in said[release] if each.at < at}
        escaped += Verdict.PASS in last.values() and Verdict.FAIL not in last.values()
    return escaped, len(first) - escaped


async def _said_of(ground: Ground, team: str, release: str) -> list[_Said]:
    """What gates said of the code of a release, in order."""
    book = book_of(ground)
    created = await book.created(await book.find(release))
    found: list[_Said] = []
    for arm in {created.release, str(created.settings.get("arm", ""))} - {""}:
        for run, suite, against, at in await ground.database.fetch("quality.of_code", team, arm):
            if verdict := await _verdict(ground, run):
                found.append(_Said(at, suite, against, verdict))
    return sorted(found)


async def _growth(ground: Ground, scope: Scope) -> int | None:
    """How many scenarios suites have that were put to a gate in these days, less what they had the last time before."""
    fetch, growth = ground.database.fetch, None
    before = dict(await fetch("quality.suites", scope.team, 0, scope.begins))
    for suite, run in await fetch("quality.suites", scope.team, scope.begins, scope.ends):
        now, earlier = await _size(ground, run), 0
        if suite in before:
            earlier = await _size(ground, before[suite])
        if now is not None and earlier is not None:
            growth = (growth or 0) + now - earlier
    return growth


async def _size(ground: Ground, run: str) -> int | None:
    """How many scenarios an experiment was to try; None, where that was shredded."""
    try:
        event = (await ground.log.read_one(run_stream(run), 1)).event
    except Shredded:
        return None
    return len(event.input["plan"]["scenarios"]) if isinstance(event, RunCreated) else None


async def _judges(ground: Ground, team: str) -> tuple[Calibrated, ...]:
    found: dict[str, Calibrated] = {}
    for row in await ground.database.fetch("judges.cards", team):
        if row[0] not in found:
            card = card_of(json.loads(row[3]))
            beside = (_agreed("sensitivity", card.sensitivity), _agreed("specificity", card.specificity))
            found[row[0]] = Calibrated(
                row[0], card.n, _agreed("kappa", card.kappa), tuple(each for each in beside if each is not None),
                row[2] != "current",
            )  # fmt: skip
    return tuple(found.values())


def _agreed(name: str, figure: Figure) -> Agreed | None:
    return None if figure.value is None else Agreed(name, figure.value, figure.low, figure.high)
