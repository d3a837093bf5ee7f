"""Recalling a bad source: what in the log descends from it, what of that can be undone, and the one run that does it.

A source is a step (`RUN/PATH`), a run, an item of memory (`memory:team:NAME/KEY`), a tool (`tool:NAME`), somebody
(`principal:NAME`), or a text that a call was made with or a signal brought, such as an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.containment.lineage import Lineage
from remit.control.containment.views import DescendantView, MessageView, RecallView
from remit.control.running import starting
from remit.domain.errors import WrongState
from remit.gate.containment.recall import FLOW
from remit.gate.undoing import plan
from remit.policy.containment.tracing import FactKind, Way

if TYPE_CHECKING:
    from remit.control.running.handle import RunHandle
    from remit.control.running.parts import Parts
    from remit.policy.containment.tracing import Descent, Fact

_ENDED = frozenset({"succeeded", "failed", "cancelled"})


async def trace(parts: Parts, source: str, days: int = 30) -> RecallView:
    """What descends from a source, how that is known, and what undo could do about each effect."""
    lineage = Lineage(parts.ground, source, days)
    found = await lineage.found()
    wrote = {(fact.run, fact.path): found.ways[fact.run, fact.seq] for fact in found.effects}
    effects: list[DescendantView] = []
    for run in _newest(found, {run for run, _ in wrote}):
        for receipt, planned in await plan(parts.house.gate.parts, parts.ground.log, run):
            if receipt.at >= found.runs[run]:
                how = wrote.get((run, planned.path), Way.EXPOSURE)
                told = (
                    planned.path,
                    planned.tool,
                    planned.objects,
                    planned.at,
                    planned.possible,
                    planned.why,
                )
                effects.append(DescendantView(run, *told, how.value))
    return RecallView(
        source, found.via, {name: run for name, run in found.memory.items() if run}, tuple(effects),
        tuple(_message(found, fact) for fact in found.messages), _living(found, lineage),
    )  # fmt: skip


async def recall(parts: Parts, source: str, days: int = 30, *, labelled: bool = False) -> RunHandle:
    """Start the run that takes back all that descends from a source, the newest first; or only what labels name."""
    lineage = Lineage(parts.ground, source, days)
    found = await lineage.found()
    living = _living(found, lineage)
    if living:
        raise WrongState(
            f"{', '.join(living[:5])} had it in sight and did not end; what is yet to come could not be taken back.",
            f"Cancel them first: remit cancel {living[0]}",
        )
    meant = [fact for fact in found.effects if not labelled or found.ways[fact.run, fact.seq] is Way.LABEL]
    targets: list[list[object]] = []
    for run in _newest(found, {fact.run for fact in meant}):
        only = sorted({fact.path for fact in meant if fact.run == run}) if labelled else None
        targets.append([run, found.runs[run], only])
    return await starting.submit(parts, FLOW, {"source": source, "targets": targets})


def _newest(found: Descent, runs: set[str]) -> list[str]:
    """The run that had it in sight last comes first."""
    return sorted(runs, key=lambda run: -found.runs[run])


def _living(found: Descent, lineage: Lineage) -> tuple[str, ...]:
    return tuple(run for run in found.runs if lineage.statuses[run] not in _ENDED)


def _message(found: Descent, fact: Fact) -> MessageView:
    kind = "answer" if fact.kind is FactKind.ANSWERED else "question"
    return MessageView(fact.run, fact.path, kind, fact.at, found.ways[fact.run, fact.seq].value)
