"""One segment of a run, from the row to the moment it ends, parks or is lost: a pipe of named steps.

load → check the code → take in the mail → execute → settle. It owns no policy of when a run is due; that is the
worker's and the dispatcher's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit.domain.errors import Evicted
from remit.domain.events import RunRepinned, RunResumed
from remit.domain.runs import ParkReason, RunStatus
from remit.engine import faults
from remit.engine.body import end, run_body
from remit.engine.execution import Execution, Outcome
from remit.engine.fork import Simulation
from remit.engine.journal import Journal
from remit.engine.orders import follow_orders
from remit.engine.outside import run_stream
from remit.engine.pin import pin_of
from remit.engine.rehearsal import rehearse
from remit.store.database import Op
from remit.store.log import Entry
from remit.store.pen import Pen

if TYPE_CHECKING:
    from remit.domain.runs import RunRow
    from remit.engine.birth import Born
    from remit.engine.flow import Flow
    from remit.engine.services import Services


def begin(born: Born, flow: Flow, services: Services) -> Execution:
    """The first segment of a run that was created a moment ago by this very process: nothing to load."""
    journal = Journal([Entry(1, born.row.created_at, "", born.event)])
    return Execution(born.row, flow, born.pen, journal, services)


async def load(row: RunRow, flow: Flow, services: Services, after: str) -> Execution:
    """Read the journal once, and note that a new segment begins."""
    key = await services.keys.get(row.key_id)
    entries, head = await services.log.read(run_stream(row.id), row.base_seq)
    execution = Execution(row, flow, Pen(run_stream(row.id), row.team, key, head), Journal(entries), services)
    execution.simulation = await Simulation.of(row, services, execution.journal)
    try:
        execution.note(RunResumed(services.lease.worker, row.epoch, after))
        faults.reach("segment.loaded")
    except Exception as wrong:
        execution.lose(wrong)
        await execution.settled()  # whoever goes on writes after it
        raise
    return execution


async def run_segment(execution: Execution) -> Outcome:
    """Run until the run ends, parks, is released or is lost; whatever fails outside of its steps, it is lost."""
    try:
        execution.heed()
        await take_in_mail(execution)
        if not await _code_fits(execution) or execution.sealed:
            return await execution.outcome
        _start(execution)
        return await execution.outcome
    except (Exception, Evicted) as wrong:  # noqa: BLE001 - nobody else would let go of the run
        execution.lose(wrong)
        return await execution.outcome
    finally:
        execution.evict()


async def take_in_mail(execution: Execution) -> None:
    """Read the inbox; obey what is for the run as a whole, keep the rest for its waits."""
    row, services = execution.row, execution.services
    if row.mail <= execution.mailbox.seen and row.mail == 0:
        return
    async with execution.mailbox.reading:
        rows = await services.database.fetch("inbox.read", row.id)
        await follow_orders(execution, execution.mailbox.receive(rows))
        execution.mailbox.seen = max(execution.mailbox.seen, row.mail)


async def _code_fits(execution: Execution) -> bool:
    """A run follows the code it was made by; other code must first repeat its journal (S14)."""
    services, row = execution.services, execution.row
    pin = services.release or pin_of(execution.flow)
    if pin == row.pin and not execution.journal.renames:
        return True
    if await _needs_release(execution):
        return False
    mismatch = await rehearse(execution)
    if mismatch is None:
        how = "migrated" if execution.journal.renames else "replayed"
        repinned = RunRepinned(pin, how, "", execution.journal.renames)
        keep = [Op("releases.keep", (row.id, services.release))] if services.release else []
        execution.note(repinned, "", [Op("runs.repin", (row.id, pin)), *keep])
        return True
    if execution.cancelling:
        execution.asked = True  # by code that is gone; the end withdraws what is still open
        await end(execution, RunStatus.CANCELLED, None, None)
    else:
        execution.park_because(ParkReason.CODE_CHANGED, mismatch.message)
    return False


async def _needs_release(execution: Execution) -> bool:
    """Whether it belongs to a release that is not the one served here, taken up because nobody serves that; then it
    waits for it, or is cancelled by code that is gone.
    """
    mine = execution.services.release
    release, _ = (await execution.services.database.fetch("releases.of_run", execution.row.id))[0]
    if release in {"", mine}:
        return False
    if execution.cancelling:
        execution.asked = True
        await end(execution, RunStatus.CANCELLED, None, None)
    else:
        detail = f"it belongs to the release {release[:12]}, and nobody serves that."
        execution.park_because(ParkReason.NEEDS_RELEASE, detail)
    return True


def _start(execution: Execution) -> None:
    task = asyncio.get_running_loop().create_task(run_body(execution))
    execution.tasks.add(task)
    task.add_done_callback(execution.tasks.discard)
    task.add_done_callback(_hear)


def _hear(task: asyncio.Task[None]) -> None:
    """What ended the body is in the outcome, and an interrupt has left the loop: it is not reported once more."""
    if not task.cancelled():
        task.exception()
