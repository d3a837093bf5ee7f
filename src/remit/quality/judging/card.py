"""The calibration card of a judge: what it says held against what people say, and against itself. Arithmetic over
judgements and labels; it asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from remit.quality.judging.judgement import BETTER, FAIL, PASS, WORSE
from remit.quality.labelling.agreement import Figure, counted, over_pairs
from remit.quality.statistics.agreement import Confusion, kappa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.insight.intervals import Interval
    from remit.quality.judging.judge import Judge
    from remit.quality.judging.judgement import Judgement

_BAD = {FAIL: True, WORSE: True, PASS: False, BETTER: False}
REPEATED = 50
"""So many things are judged twice more: once the same way, once in the other order."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a judge is worth."""

    judge: str
    digest: str
    kind: str
    models: tuple[str, ...]
    simulated: bool
    labels: str
    version: int
    made_at: int
    n: int
    """Things it judged that people had labelled."""
    unjudged: int
    """Things it gave no verdict on."""
    share: Figure
    """How often it says what people say."""
    kappa: Figure
    """The same beyond chance."""
    sensitivity: Figure
    """Of what people fail, how much it fails."""
    specificity: Figure
    """Of what people pass, how much it passes."""
    swap: Figure
    """How often it stays with its verdict in the other order."""
    itself: Figure
    """How often it says the same again."""
    hits: int
    misses: int
    alarms: int
    passes: int

    @property
    def confusion(self) -> Confusion:
        """Its errors, by which a rate that it counts is corrected."""
        return Confusion(self.hits, self.misses, self.alarms, self.passes)

    def corrected(self, failed: int, of: int) -> tuple[float, Interval] | None:
        """The share that people would fail, where it failed so many; None for a judge that tells nothing apart."""
        return self.confusion.corrected(failed, of)


def card(
    judge: Judge, models: Sequence[str], labels: Mapping[str, str], first: Sequence[Judgement],
    again: Sequence[Judgement], swapped: Sequence[Judgement], *, simulated: bool, name: str, version: int, at: int,
) -> Card:  # fmt: skip
    """The card: `first` is what it says of everything, `again` and `swapped` of some of it a second time."""
    judged = {each.matter: each.said for each in first if each.said}
    pairs = [(labels[matter], said) for matter, said in judged.items() if matter in labels]
    told = [(_BAD[label], _BAD[said]) for label, said in pairs if label in _BAD and said in _BAD]
    hits, misses = told.count((True, True)), told.count((True, False))
    alarms, passes = told.count((False, True)), told.count((False, False))
    return Card(
        judge.name, judge.digest(models), judge.kind.value, tuple(models), simulated, name, version, at, len(pairs),
        sum(not each.said for each in first), counted(sum(a == b for a, b in pairs), len(pairs)),
        over_pairs(pairs, kappa), counted(hits, hits + misses), counted(passes, passes + alarms),
        _stays(judged, first, swapped), _same(judged, again), hits, misses, alarms, passes,
    )  # fmt: skip


def plain_card(found: Card) -> dict[str, Any]:
    """A card as JSON."""
    return msgspec.to_builtins(found)


def card_of(said: object) -> Card:
    """The card that `plain_card` wrote down."""
    return msgspec.convert(said, Card)


def _stays(judged: Mapping[str, str], first: Sequence[Judgement], swapped: Sequence[Judgement]) -> Figure:
    """Of pairs every vote says whether both orders gave the same; a rubric is asked in the other order once more."""
    both = [vote.consistent for each in first for vote in each.votes if vote.consistent is not None]
    return counted(sum(both), len(both)) if both else _same(judged, swapped)


def _same(judged: Mapping[str, str], again: Sequence[Judgement]) -> Figure:
    known = [(judged[each.matter], each.said) for each in again if each.said and each.matter in judged]
    return counted(sum(a == b for a, b in known), len(known))
