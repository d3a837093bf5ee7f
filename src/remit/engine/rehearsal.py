"""A rehearsal: the code is executed over a journal without appending or performing anything.

It tells whether changed code repeats a parked run up to where it stands (S14), and whether a finished run can be
replayed with zero side effects.
"""

from __future__ import annotations

import asyncio
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.errors import ReplayMismatch
from remit.engine.body import run_body
from remit.engine.execution import Execution, Outcome
from remit.engine.journal import Journal
from remit.engine.recording import message_of
from remit.store.pen import Pen
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.domain.runs import RunRow
    from remit.engine.flow import Flow
    from remit.engine.services import Services
    from remit.store.keys import DataKey
    from remit.store.log import Entry


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it."""

    steps: int
    replayed: int
    mismatch: ReplayMismatch | None


async def rehearse(execution: Execution) -> ReplayMismatch | None:
    """Whether the code of this process repeats what the execution's journal holds."""
    journal = execution.journal
    found = await replay(execution.row, execution.flow, execution.pen.key, journal, execution.services)
    return found.mismatch


async def replay(row: RunRow, flow: Flow, key: DataKey, recorded: Journal, services: Services) -> Rehearsal:
    """Execute the flow over a journal to where it ends, waits, or would act."""
    journal = _copy(recorded)
    execution = Execution(row, flow, Pen("", row.team, key), journal, services)
    execution.dry = True
    task = asyncio.get_running_loop().create_task(run_body(execution))
    execution.tasks.add(task)
    outcome = await execution.outcome
    execution.evict()
    await asyncio.wait({task})
    mismatch = journal.mismatch or _difference(journal, outcome)
    all_of_them = mismatch is None  # also what was asked about a step, which has no turn of its own
    return Rehearsal(journal.size, journal.size if all_of_them else journal.replayed, mismatch)


def _copy(recorded: Journal) -> Journal:
    entries: list[Entry] = copy.deepcopy(recorded.entries)  # a flow may change what it was given
    journal = Journal(entries)
    if recorded.renames:
        journal.rename(recorded.renames)
    return journal


def _difference(journal: Journal, outcome: Outcome) -> ReplayMismatch | None:
    """What only shows at the end: steps the code never came to, or another result."""
    left = journal.left_over()
    if outcome.kind == "lost" and outcome.error is not None:
        return journal.diverged(f"{journal.place()}: {message_of(outcome.error)}")
    if left:
        stopped = f": {message_of(outcome.error)}" if outcome.error is not None else ""
        return journal.diverged(f"{journal.place()}: the code does not come to {left} any more{stopped}.")
    ended = journal.ended
    if ended is None or outcome.status == "continued":
        return None
    if outcome.status != ended.status:
        now = "goes on" if outcome.status == "waiting" else f"ends as {outcome.status}"
        return journal.diverged(f"diverged at the end: the run ended as {ended.status}; the code now {now}.")
    if canonical.encode(outcome.value) != canonical.encode(ended.result):
        return journal.diverged(
            "diverged at the end: every step is the same, but the flow returns another result."
        )
    return None
