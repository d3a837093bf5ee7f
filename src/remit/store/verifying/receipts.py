"""Whether every act has its receipts, from the kinds of events alone: a claim before each write and an outcome after
it, an admission and an outcome for what was let pass. It reads no content.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .verdicts import Finding, Kind

if TYPE_CHECKING:
    from .entries import Entry

_BEGINS = {"step.claimed": "claim", "action.admitted": "admission"}
_OUTCOMES = frozenset({"step.done", "step.failed", "step.retried", "step.unknown", "step.absent"})
_ONLY_AFTER_A_CLAIM = frozenset({"step.unknown", "step.absent"})
_STEPS = frozenset({"step.done", "step.failed"})
RUN = "run:"


@dataclass(slots=True)
class Life:
    """What the envelopes of a run say of it."""

    key_id: str
    team: str
    first_at: int
    first: str
    last_at: int = 0
    last: str = ""
    events: int = 0
    steps: int = 0
    generation: int = 1
    base_seq: int = 1
    open: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    """Paths at which an act began whose outcome has not come."""
    claimed: set[str] = field(default_factory=set[str])


class Receipts:
    """Follows every run at once."""

    def __init__(self) -> None:
        self.runs: dict[str, Life] = {}
        self.acts = 0
        self._orphans: list[tuple[str, int, str]] = []

    def take(self, entry: Entry) -> None:
        """The next event; those of one run in their order."""
        if not entry.stream.startswith(RUN):
            return
        run = entry.stream[len(RUN) :]
        life = self.runs.get(run)
        if life is None:
            life = self.runs[run] = Life(entry.key_id, entry.team, entry.at, entry.kind)
        life.events += 1
        life.last, life.last_at = entry.kind, entry.at
        if entry.kind in _BEGINS:
            self.acts += 1
            life.open[entry.path] = (entry.seq, _BEGINS[entry.kind])
            life.claimed.add(entry.path)
        elif entry.kind in _OUTCOMES:
            life.steps += entry.kind in _STEPS
            if entry.kind in _ONLY_AFTER_A_CLAIM and entry.path not in life.claimed:
                self._orphans.append((entry.stream, entry.seq, entry.kind))
            life.open.pop(entry.path, None)
        elif entry.kind == "run.continued":
            life.generation += 1
            life.base_seq = entry.seq
            life.claimed.clear()

    def findings(self) -> list[Finding]:
        """Outcomes of what nobody claimed, runs without a beginning, acts of ended runs whose outcome is open."""
        found = [
            Finding(
                Kind.RECEIPT, f"{stream}#{seq}: {kind} of a write that was never claimed",
                ("completeness",), stream=stream, seq=seq,
            )
            for stream, seq, kind in self._orphans
        ]  # fmt: skip
        for run, life in self.runs.items():
            if life.first != "run.created":
                said = f"{RUN}{run}: it begins with {life.first}"
                found.append(Finding(Kind.RECEIPT, said, ("completeness",), stream=RUN + run, seq=1))
            if life.last == "run.ended":
                found += [
                    Finding(
                        Kind.RECEIPT, f"{RUN}{run}#{seq}: the run is over, and this {what} has no outcome",
                        ("completeness",), "inconclusive", RUN + run, seq,
                    )
                    for seq, what in life.open.values()
                ]  # fmt: skip
        return found

    @property
    def open(self) -> int:
        """Acts under way in runs that have not ended."""
        return sum(len(life.open) for life in self.runs.values() if life.last != "run.ended")
