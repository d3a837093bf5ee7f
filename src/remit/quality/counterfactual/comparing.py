"""How runs that were made again differ from what they were: run by run, and in all as a verdict. A run that left its
record was not compared, and where that is more than one in five nobody knows what was (S33). It is handed trials, and
knows neither where they were made nor what is done about them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from remit.quality.counterfactual.past import call_name
from remit.quality.counterfactual.replayed import UNRECORDED
from remit.quality.scenarios.equality import same
from remit.quality.trial import ActStatus
from remit.quality.verdicts import Judged, Rule, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remit.quality.trial import Trial

LEFT_AT_MOST = 0.2
"""The share of runs that may have left their record, or could not be made again."""
RULES: Mapping[str, Rule] = {
    "success": Rule(0.03), "unrefused": Rule(0.03), "cost_saved": Rule(0.25), "steps_saved": Rule(0.25),
}  # fmt: skip
"""By how much each may be worse, all of them so that more is better: points of success and of runs in which the gate
refused nothing; what was saved of cost and calls, as a share of what they were.
"""


class State(StrEnum):
    """What came of making a run again."""

    SAME = "same"
    """It did what it did, and answered what it answered."""
    CHANGED = "changed"
    DIVERGED = "diverged"
    """It asked for something that was never recorded: from there on nothing can be said."""
    LOST = "lost"
    """The ground gave way under it, or its time was up."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One run beside what it was."""

    run: str
    again: str
    """The run in which it was made again."""
    state: State
    answer: bool = True
    """Whether it gave the same answer, word for word."""
    writes: bool = True
    """Whether it did the same, in whatever order."""
    missing: tuple[str, ...] = ()
    """Tools by which it wrote something then, and did not now."""
    refused: tuple[str, ...] = ()
    """What the gate refused now and did not then."""
    allowed: tuple[str, ...] = ()
    """What it refused then and does not now."""
    error: str = ""
    """How it ended, if not well; of what diverged, at what."""
    cost: tuple[int, int] | None = None
    """Then and now, in millionths of a dollar."""
    steps: tuple[int, int] = (0, 0)
    recalled: int = 0
    """Calls of models that were answered as they were then."""
    asked: int = 0
    """Calls of models that were made."""
    success: tuple[bool, bool] = (True, True)
    refusals: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class Summary:
    """What it comes to in all."""

    verdict: Verdict
    reasons: tuple[str, ...]
    judged: Judged
    counts: Mapping[str, int]
    """How many runs are in each state."""
    diverged: float
    """The share that left its record."""


def compare(run: str, old: Trial, new: Trial, *, recalled: tuple[int, int] = (0, 0)) -> Compared:
    """A run beside the same made again; `recalled`: how many answers of models were given again, and what they cost."""
    left = next((act for act in new.acts if UNRECORDED in act.reason), None)
    if left is not None or UNRECORDED in new.error:
        said = left.reason if left is not None else new.error
        return Compared(run, new.run_id, State.DIVERGED, error=said[said.index(UNRECORDED) :])
    if new.infra:
        return Compared(run, new.run_id, State.LOST, error=new.error)
    before, now = _writes(old), _writes(new)
    missing = tuple(name for name, _ in (before - now).elements())
    refused, allowed = _refused(new) - _refused(old), _refused(old) - _refused(new)
    answer = same(old.result, new.result) and bool(old.error) == bool(new.error)
    calls = (_calls(old), _calls(new))
    cost = None
    if old.cost_micro is not None and new.cost_micro is not None:
        cost = (old.cost_micro, new.cost_micro + recalled[1])
    is_same = answer and before == now and not refused and not allowed
    return Compared(
        run, new.run_id, State.SAME if is_same else State.CHANGED, answer, before == now, missing,
        tuple(sorted(refused.elements())), tuple(sorted(allowed.elements())), new.error, cost, calls, recalled[0],
        len(new.calls) - recalled[0], (not old.error, not new.error), (old.denials > 0, new.denials > 0),
    )  # fmt: skip


def summarize(found: Sequence[Compared]) -> Summary:
    """The verdict on all of them, by S34; inconclusive where too many could not be compared (S33)."""
    compared = [each for each in found if each.state in {State.SAME, State.CHANGED}]
    judged = judge(_differences(compared), RULES)
    counts = {state.value: sum(each.state is state for each in found) for state in State}
    diverged = counts[State.DIVERGED] / len(found) if found else 0.0
    lost = (len(found) - len(compared)) / len(found) if found else 0.0
    reasons = list(judged.reasons)
    verdict = judged.verdict
    if not found or lost > LEFT_AT_MOST:
        verdict = Verdict.INCONCLUSIVE
        reasons.insert(0, _lost(counts, len(found)) if found else "no run was made again")
    return Summary(verdict, tuple(reasons), judged, counts, diverged)


def _lost(counts: Mapping[str, int], whole: int) -> str:
    parts = f"{counts[State.DIVERGED]} left their record and {counts[State.LOST]} were lost"
    return f"of {whole} runs {parts}: more than {LEFT_AT_MOST:.0%} cannot be missing from a comparison"


def _differences(compared: Iterable[Compared]) -> dict[str, dict[str, list[float]]]:
    """New less old, so that more is better; every run stands for itself."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in RULES}
    for each in compared:
        found["success"][each.run] = [float(each.success[1]) - float(each.success[0])]
        found["unrefused"][each.run] = [float(each.refusals[0]) - float(each.refusals[1])]
        found["steps_saved"][each.run] = [_saved(*each.steps)]
        if each.cost is not None:
            found["cost_saved"][each.run] = [_saved(*each.cost)]
    return found


def _saved(before: int, now: int) -> float:
    """How much less it is, as a share; at most the whole of it, or as much again."""
    if before == now:
        return 0.0
    return max(-1.0, min(1.0, (before - now) / before)) if before else -1.0


def _writes(trial: Trial) -> Counter[tuple[str, str]]:
    return Counter((act.tool, call_name(act.tool, act.args)) for act in trial.writes)


def _refused(trial: Trial) -> Counter[str]:
    return Counter(act.tool for act in trial.acts if act.status is ActStatus.DENIED)


def _calls(trial: Trial) -> int:
    return len(trial.calls) + len(trial.acts)
