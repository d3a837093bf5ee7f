"""Scoring a live run: it is read from the log as a trial without gold, scored without a model, and shown to judges as
far as money goes. What comes of it stands in the log under the key of the run, and as numbers beside it, in one commit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.judging.sitting import most_micro, sit
from remit.control.runs.matters import matter_of_run
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import RemitError
from remit.domain.events import RunCreated
from remit.domain.judging_events import RunScored
from remit.engine.outside import run_stream
from remit.quality.experiments.reading import read_trial
from remit.quality.judging.reading import judge_named, read_judges
from remit.quality.judging.scorer import JudgeScorer
from remit.quality.scenarios.scenario import Scenario
from remit.quality.score import Score
from remit.quality.scorers.grounding import CitationScorer, GroundednessScorer
from remit.quality.scorers.limits import PolicyScorer
from remit.store.database import Conflict, Op
from remit.store.runs import run_row

if TYPE_CHECKING:
    from remit.control.judging.sitting import Staff
    from remit.control.online.terms import OnlineTerms
    from remit.control.running.parts import Parts
    from remit.quality.judging.judge import Judge
    from remit.quality.judging.judgement import Judgement

_DAY = 86_400 * MICROSECONDS
_MILLION = 1_000_000
_SCORERS = (GroundednessScorer(), CitationScorer(), PolicyScorer())
BY = "remit"


@dataclass(frozen=True, slots=True)
class Ended:
    """A task that ended."""

    run: str
    agent: str
    flow: str
    ended: int


@dataclass(frozen=True, slots=True)
class _Given:
    """One score, by whom, and what it may have cost."""

    score: Score
    judge: str = ""
    most: int = 0
    run: str = ""


def is_drawn(run: str, percent: int) -> bool:
    """Whether a run is among those that are scored: by lot, and the same whoever asks."""
    return int.from_bytes(hashlib.sha256(run.encode()).digest()[:4]) % 100 < percent


async def left(parts: Parts, after: tuple[int, str], most: int) -> list[Ended]:
    """Tasks that ended after a place and that nobody has looked at, the oldest first."""
    ground = parts.ground
    rows = await ground.database.fetch("online.left", ground.principal.team, *after, most)
    return [Ended(*row) for row in rows]


async def look_at(parts: Parts, staff: Staff, task: Ended, terms: OnlineTerms) -> bool:
    """Score a task; False if another process was faster. Whoever was first asks judges then: nobody pays twice."""
    look = Op("online.look", (parts.ground.principal.team, task.run, *_about(parts, task)), one=True)
    try:
        await _keep(parts, task, [look], await _plainly(parts, task))
    except Conflict:
        return False
    said = await _by_judges(parts, staff, task, terms)
    if said:
        await _keep(parts, task, [], said)
    return True


async def _keep(parts: Parts, task: Ended, ops: list[Op], given: list[_Given]) -> None:
    """What was found stands in the log under the key of the run, its numbers beside it."""
    ground, now = parts.ground, parts.ground.clock.now()
    team, about = ground.principal.team, _about(parts, task)
    ops += [
        Op(
            "online.score",
            (team, task.run, each.score.metric, _parts(each.score), each.judge, each.most, *about),
        )
        for each in given
    ]
    scores = [[each.score.metric, each.score.value, each.score.why, each.judge] for each in given]
    event = RunScored(task.run, scores, [each.run for each in given if each.run], BY)
    row = run_row((await ground.database.fetch("runs.get", task.run))[0])
    await record(ground, [event], ops, await ground.keys.for_run(row.key_id, row.team, now))


def _about(parts: Parts, task: Ended) -> tuple[str, str, int, int]:
    return task.agent, task.flow, task.ended, parts.ground.clock.now()


async def _plainly(parts: Parts, task: Ended) -> list[_Given]:
    try:
        first = await parts.ground.log.read_one(run_stream(task.run), 1)
        given = first.event.input if isinstance(first.event, RunCreated) else {}
        tools = {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}
        trial = await read_trial(parts.services, task.run, Scenario(task.run, given), 0, 0, tools)
    except RemitError:
        return []  # it was erased meanwhile, or what it was is not kept
    return [_Given(score) for scorer in _SCORERS for score in await scorer.score(trial)]


async def _by_judges(parts: Parts, staff: Staff, task: Ended, terms: OnlineTerms) -> list[_Given]:
    """What judges say, until the money of the day is spent; what they could cost at most counts."""
    found: list[_Given] = []
    judges = read_judges(parts.ground.workspace, parts.judges) if terms.judges else {}
    for name in terms.judges:
        judge = judge_named(judges, name)
        most = most_micro(judge, 1)
        spent = await spent_today(parts) + sum(each.most for each in found)
        if spent + most > terms.judge_micro:
            break
        found.append(await _judged(parts, staff, task, judge, most))
    return found


async def _judged(parts: Parts, staff: Staff, task: Ended, judge: Judge, most: int) -> _Given:
    try:
        matter = await matter_of_run(parts.ground, task.run)
        runs, (said,) = await sit(parts, staff, judge, [matter], origins=[task.run])
    except RemitError as wrong:
        return _Given(Score(judge.metric, None, wrong.message), judge.name)
    return _Given(_score(judge, said), judge.name, most, runs[0])


def _score(judge: Judge, said: Judgement) -> Score:
    return Score(JudgeScorer(judge).metrics[0], said.value, said.why, judge.harm)


async def spent_today(parts: Parts) -> int:
    """What judges may have cost since midnight."""
    ground = parts.ground
    now = ground.clock.now()
    rows = await ground.database.fetch("online.spent", ground.principal.team, now - now % _DAY)
    return int(rows[0][0])


def _parts(score: Score) -> int | None:
    return None if score.value is None else round(score.value * _MILLION)
