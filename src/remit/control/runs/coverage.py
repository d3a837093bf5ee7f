"""How far an agent that is not ours is covered (S30): what of it goes through the gate, and what Remit can only advise
on. Read out of the log of its exchanges; what was advised against is never counted as prevented.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from remit.control.runs.views import CoverageView
from remit.domain.errors import Shredded
from remit.domain.event import object_of
from remit.domain.events import RunCreated, StepDone
from remit.domain.fronting import EXCHANGE
from remit.engine.outside import run_stream
from remit.store.runs import run_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.control.ground.ground import Ground
    from remit.store.log import Entry

ENFORCED = {"model": "its model call: enforced", "tool": "its call of a tool: enforced"}
ADVISED = "tools in its own process: advised, not enforced"
_LOOKED_AT = 500


def covered(entries: Iterable[Entry]) -> tuple[str, ...]:
    """What was enforced of one exchange and what was advised, a line each; nothing for a run of ours."""
    found = list(entries)
    first = found[0].event if found else None
    if not isinstance(first, RunCreated) or first.flow != EXCHANGE:
        return ()
    kind = ENFORCED.get(str(first.input.get("kind")), "")
    proposed, against = _proposals(found)
    if str(first.input.get("kind")) == "model":
        said = f"{ADVISED} ({proposed} proposed, {against} advised against)" if proposed else ADVISED
        return (kind, said)
    return (kind,) if kind else ()


async def coverage(ground: Ground, limit: int = _LOOKED_AT) -> list[CoverageView]:
    """The agents of the last exchanges, and how far each is covered."""
    counts: dict[str, Counter[str]] = {}
    bound: dict[str, bool] = {}
    rows = await ground.database.fetch("runs.list", None, EXCHANGE, None, limit)
    for row in map(run_row, rows):
        try:
            entries, _ = await ground.log.read(run_stream(row.id), lenient=True)
        except Shredded:
            continue  # nobody can say any more whose it was
        first = entries[0].event if entries else None
        if not isinstance(first, RunCreated):
            continue
        about = object_of(first.input.get("about"))
        agent = str(about.get("agent") or "")
        count = counts.setdefault(agent, Counter())
        bound[agent] = bound.get(agent, False) or bool(about.get("bound"))
        count[str(first.input.get("kind"))] += 1
        proposed, against = _proposals(entries)
        count["proposed"] += proposed
        count["against"] += against
    return [
        CoverageView(agent, bound[agent], each["model"], each["tool"], each["proposed"], each["against"])
        for agent, each in sorted(counts.items())
    ]


def _proposals(entries: Iterable[Entry]) -> tuple[int, int]:
    """How many calls a model proposed to an agent, and how many of these were advised against."""
    proposed = against = 0
    for entry in entries:
        if isinstance(entry.event, StepDone):
            for each in object_of(entry.event.detail).get("proposed") or ():
                proposed += 1
                against += bool(object_of(each).get("refused"))
    return proposed, against
