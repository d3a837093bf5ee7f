"""How an agent does, against how it did: success, steps and cost of its runs, each ranked among those before it, and
the mix of its tools, block by block. A finding says since when, by how much, which runs show it, and how seldom that
happens by chance.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from remit.operations.drift.changes import Change, changes
from remit.operations.drift.history import NO_TOOL
from remit.quality.statistics.ranks import MOVED, ONCE_IN, lean, moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from remit.operations.drift.history import Ran, Subject, Turned
    from remit.quality.statistics.ranks import Lean

_NAMED = 5
_NEAR = 10
"""So many runs before a shift begins, as far as anybody can tell, what changed may be its cause."""


class Measure(StrEnum):
    """What is looked at."""

    SUCCESS = "success"
    STEPS = "steps"
    COST = "cost"
    TOOLS = "tools"


@dataclass(frozen=True, slots=True)
class Shift:
    """A lasting change of how an agent does."""

    measure: Measure
    direction: int
    """1: there is more of it; -1: less; 0: it is another mix."""
    before: float
    """The mean of a run before; of a mix the index beyond which it is another one."""
    after: float
    """The mean since; of a mix its index (PSI)."""
    since: str
    """The first run of it, as far as can be told."""
    since_at: int
    seen: str
    """The run after which it was clear."""
    seen_at: int
    runs_before: int
    runs_since: int
    statistic: float
    threshold: float
    once_in: int
    """So many runs lie between two false alarms, at least and on the average."""
    evidence: tuple[str, ...] = ()
    """Runs that show it."""
    shares: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """Of a mix: the share of each tool before and since."""
    failure: str = ""
    """Of success: what most of those that failed since failed of."""
    causes: tuple[Change, ...] = ()
    """What changed just before."""

    @property
    def is_worse(self) -> bool:
        """Whether it is for the worse, as far as a number can say: another mix is neither."""
        return self.direction == (-1 if self.measure is Measure.SUCCESS else 1)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found about one agent or flow."""

    subject: Subject
    runs: int
    """How many were looked at."""
    since: int
    """When the first of them began."""
    changes: tuple[Change, ...] = ()
    shifts: tuple[Shift, ...] = ()


_LEAST: dict[Measure, tuple[float, bool]] = {
    Measure.SUCCESS: (0.03, False), Measure.STEPS: (0.1, True), Measure.COST: (0.1, True),
}  # fmt: skip
"""How large a change has to be that anybody is told of: three points, or a tenth of what was usual."""
_VALUE: dict[Measure, Callable[[Ran], float]] = {
    Measure.SUCCESS: lambda ran: float(ran.success),
    Measure.STEPS: lambda ran: float(ran.steps),
    Measure.COST: lambda ran: float(ran.cost),
}


def look(subject: Subject, runs: Sequence[Ran], turned: Iterable[Turned] = ()) -> Look:
    """What drifted in these runs, which stand in the order in which they began."""
    if not runs:
        return Look(subject, 0, 0)
    changed = changes(runs, turned)
    shifts = [_shift(measure, runs, changed) for measure in _VALUE] + [_mix(runs, changed)]
    found = sorted((each for each in shifts if each is not None), key=lambda each: each.seen_at)
    return Look(subject, len(runs), runs[0].at, tuple(changed), tuple(found))


def _shift(measure: Measure, runs: Sequence[Ran], changed: Sequence[Change]) -> Shift | None:
    value, (least, relative) = _VALUE[measure], _LEAST[measure]
    found = lean([value(ran) for ran in runs], f"{runs[0].id} {measure}", least=least, relative=relative)
    if found is None:
        return None
    since = runs[found.since :]
    failed = Counter(ran.failure or "unknown" for ran in since if not ran.success)
    is_success = measure is Measure.SUCCESS
    return Shift(
        measure, found.direction, found.before, found.after, since[0].id, since[0].at, runs[found.at].id,
        runs[found.at].at, found.since, len(since), found.stake, ONCE_IN, ONCE_IN,
        _showing(since, value, found), failure=failed.most_common(1)[0][0] if failed and is_success else "",
        causes=_causes(runs, found.since, changed),
    )  # fmt: skip


def _showing(since: Sequence[Ran], value: Callable[[Ran], float], found: Lean) -> tuple[str, ...]:
    """The first runs that are beyond what was usual, in the direction that it went."""
    beyond = [ran.id for ran in since if (value(ran) - found.before) * found.direction > 0]
    return tuple(beyond[:_NAMED])


def _mix(runs: Sequence[Ran], changed: Sequence[Change]) -> Shift | None:
    found = moved([ran.tools or {NO_TOOL: 1} for ran in runs], f"{runs[0].id} tools")
    if found is None:
        return None
    since = runs[found.since :]
    names = {**found.before, **found.after}
    shares = {name: (found.before.get(name, 0.0), found.after.get(name, 0.0)) for name in sorted(names)}
    grown = max(shares, key=lambda name: shares[name][1] - shares[name][0])
    showing = tuple(ran.id for ran in since if grown in (ran.tools or {NO_TOOL: 1}))[:_NAMED]
    return Shift(
        Measure.TOOLS, 0, MOVED, found.index, since[0].id, since[0].at, runs[found.at].id, runs[found.at].at,
        found.since, len(since), found.index, MOVED, ONCE_IN, showing, shares,
        causes=_causes(runs, found.since, changed),
    )  # fmt: skip


def _causes(runs: Sequence[Ran], since: int, changed: Sequence[Change]) -> tuple[Change, ...]:
    """What changed just before it began; where it began is known to within some runs only."""
    first = runs[max(0, since - _NEAR)].at
    last = runs[min(len(runs) - 1, since + _NEAR)].at
    return tuple(each for each in changed if first <= each.at <= last)
