"""Whose fault it was, by signs first; a judge of the kind `fault` is asked only where these say too little, about what
they are made of, and can name nobody who took no part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.judging import sitting
from remit.control.judging.views import FaultView
from remit.control.runs.matters import matter_of_run
from remit.control.searching.faults import fault_in
from remit.domain.errors import InvalidInput
from remit.quality.attribution.episode import CALLED, SAID
from remit.quality.judging.asking import place
from remit.quality.judging.judge import Kind
from remit.quality.matter import Matter
from remit.quality.scenarios.expectation import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.judging.sitting import Staff
    from remit.control.running.parts import Parts
    from remit.quality.attribution.episode import Episode, Move
    from remit.quality.attribution.fault import Fault
    from remit.quality.judging.judge import Judge

SURE = 0.5
"""So sure signs have to be, or a judge is asked, where there is one."""
_HALF = 0.5
"""What the word of a model counts, next to signs that were measured."""
_LONGEST = 600


def judge_of_faults(judges: Mapping[str, Judge], name: str) -> Judge | None:
    """The judge that is named; without a name the only one of its kind; None: there is none."""
    mine = [each for each in judges.values() if each.kind is Kind.FAULT]
    if name:
        found = next((each for each in mine if each.name == name), None)
        if found is None:
            raise InvalidInput(
                f'"{name}" is no judge of the kind fault.', "Write kind: fault in judges/NAME.yaml"
            )
        return found
    return mine[0] if len(mine) == 1 else None


async def blame(
    parts: Parts, staff: Staff, run: str, judge: Judge | None, *, usd: float | None = None
) -> FaultView:  # fmt: skip
    """Whose fault it was that a run came out as it did."""
    episode, found = await fault_in(parts.ground, run)
    if judge is None or (found is not None and found.confidence >= SURE):
        return _by_signs(episode.run, found)
    matter = await _matter(parts, episode, found)
    runs, (said,) = await sitting.sit(parts, staff, judge, [matter], origins=[episode.run], usd=usd)
    if not said.said:
        return _by_signs(episode.run, found)
    agent, _, step = said.said.partition(" at ")
    agreeing = sum(vote.said == said.said for vote in said.votes) / len(said.votes)
    seen = tuple(episode.ref(move) for move in episode.moves if move.path == step)
    others = ((found.agent, found.confidence),) if found is not None and found.agent != agent else ()
    return FaultView(
        episode.run, agent, step, "judge", round(agreeing * _HALF, 2), judge.name, ((said.why, seen),), others, runs[0]
    )  # fmt: skip


def _by_signs(run: str, found: Fault | None) -> FaultView:
    if found is None:
        return FaultView(run, "", "", "", 0.0, "signs", (), ())
    told = tuple((each.text, each.events) for each in found.evidence)
    return FaultView(run, found.agent, found.step, found.kind, found.confidence, "signs", told, found.others)


async def _matter(parts: Parts, episode: Episode, found: Fault | None) -> Matter:
    """What was done, step by step, and what signs there are, for a judge to read."""
    whole = await matter_of_run(parts.ground, episode.run)
    told = [_told(move) for move in episode.moves if move.kind in {SAID, CALLED} or move.error]
    signs = [f"sign: {each.text}" for each in found.evidence] if found is not None else []
    places = dict.fromkeys(place(move.agent, move.path) for move in episode.moves if move.agent)
    ended = f"{episode.status}: {episode.error} {episode.message}".strip()
    return Matter(
        episode.run, f"{ended}\n{text_of(episode.result)}" if episode.result is not None else ended, whole.input,
        "\n".join(places), (*told, *signs), models=whole.models,
    )  # fmt: skip


def _told(move: Move) -> str:
    who = f"{move.agent or 'flow'} at {move.path}"
    if move.kind == SAID:
        calls = "; ".join(f"calls {name}({_short(given)})" for name, given in move.calls)
        said = f"says {_short(move.came)}" if move.came else ""
        return f"{who}: {'; '.join(each for each in (said, calls, move.error) if each)}"
    came = f"failed: {move.error} {move.message}" if move.error else f"gave {_short(move.came)}"
    return f"{who}: {move.name}({_short(move.given)}) {came}"


def _short(value: object) -> str:
    text = text_of(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
