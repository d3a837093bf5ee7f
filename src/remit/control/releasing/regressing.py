"""Last week's runs, done again by the release of this process with no effect, and held against what they came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.authority.duties import require
from remit.control.releasing.copying import copy
from remit.control.releasing.leading import served
from remit.domain.clock import MICROSECONDS
from remit.domain.events import RunEnded, StepFailed
from remit.domain.runs import ParkReason
from remit.engine.outside import run_stream
from remit.engine.shadow import DIVERGED
from remit.quality.counterfactual import Pair, Regression, compare
from remit.store.runs import run_row
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.domain.runs import RunRow

_DAY = 86_400 * MICROSECONDS
_AT_ONCE = 50
_LOOK_SECONDS = 1.0


async def regress(parts: Parts, days: int, most: int, tag: str = "") -> Regression:
    """Copy runs of the last days that are over, the latest first, and compare."""
    ground = parts.ground
    await require(ground, "admin", "releases", "do runs again by a release")
    await served(parts)
    since = ground.clock.now() - days * _DAY
    found = [
        run_row(row)
        for row in await ground.database.fetch("releases.over", ground.principal.team, since, most)
    ]
    rows = [row for row in found if row.flow in parts.flows]
    pairs: list[Pair] = []
    for first in range(0, len(rows), _AT_ONCE):
        page = rows[first : first + _AT_ONCE]
        copies = [(row, await copy(parts, row, tag)) for row in page]
        for row, made in copies:
            if made:
                pairs.append(await _pair(parts, row, await _over(parts, made)))
    return compare(pairs)


async def _over(parts: Parts, run: str) -> RunRow:
    """Wait until a copy is over, or waits for what nobody will bring."""
    while True:
        row = run_row((await parts.ground.database.fetch("runs.get", run))[0])
        stuck = row.status.value == "parked" and row.reason != ParkReason.CHILD.value
        if row.status.ended or (stuck and (row.due is None or row.due > parts.ground.clock.now())):
            return row
        await parts.ground.database.wait_for_change(_LOOK_SECONDS)


async def _pair(parts: Parts, original: RunRow, made: RunRow) -> Pair:
    before, _ = await _end(parts, original)
    after, why = await _end(parts, made)
    if after is None and not why:
        why = f"it waits for {made.reason or 'its turn'}, and nothing recorded brings that"
    same = (
        before is not None
        and after is not None
        and (before.status, before.error) == (after.status, after.error)
    )
    if same and before is not None and after is not None:
        same = canonical.encode(before.result) == canonical.encode(after.result)
    costs = dict(await parts.ground.database.fetch("releases.costs", original.id, made.id))
    return Pair(
        original.id, made.id, original.session or original.id, why,
        before is not None and before.status == "succeeded", after is not None and after.status == "succeeded", same,
        costs.get(made.id, 0) - costs.get(original.id, 0),
    )  # fmt: skip


async def _end(parts: Parts, row: RunRow) -> tuple[RunEnded | None, str]:
    """How a run ended, and why it diverged if it did."""
    entries, _ = await parts.ground.log.read(run_stream(row.id), row.base_seq, lenient=True)
    events = [entry.event for entry in entries]
    ended = next((event for event in events if isinstance(event, RunEnded)), None)
    unlike = next((e for e in events if isinstance(e, StepFailed) and e.error == "cannot_simulate"), None)
    if unlike is not None:
        return ended, f"it writes what the original did not: {unlike.name}"
    if ended is not None and DIVERGED in ended.message:
        return ended, ended.message.partition(DIVERGED)[2]
    return ended, ""
