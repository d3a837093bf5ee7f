"""What changes with the end of a run: its row, its open questions, its parent's inbox. And how a run that cannot do it
itself is ended, or set aside for a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.events import RunEnded, RunParked
from remit.domain.runs import ParkReason, RunStatus
from remit.engine.outside import run_stream
from remit.store.database import Commit, Fence, Head, Op
from remit.store.pen import Pen

if TYPE_CHECKING:
    from remit.domain.runs import RunRow
    from remit.engine.services import Services


def ending_ops(row: RunRow, status: RunStatus, code: str, seq: int, now: int, *, asked: bool) -> list[Op]:
    """The operations that go with the last event of a run, which stands at `seq`."""
    ops = [Op("runs.finish", (row.id, status.value, code, now))]
    if asked:
        ops.append(Op("approvals.withdraw", (row.id, now)))
    if row.parent is not None:
        mail = (row.parent, f"child-{row.id}", "child", row.id, run_stream(row.id), seq, now)
        ops += [Op("inbox.add", mail), Op("runs.mail", (row.parent, now))]
    return ops


async def end_from_outside(row: RunRow, services: Services, code: str, message: str) -> None:
    """End a run that cannot do it itself, as failed: nothing that waits for it must wait for ever."""
    pen, now = await _pen(row, services), services.clock.now()
    event = RunEnded(RunStatus.FAILED.value, None, code, message)
    ops = ending_ops(row, RunStatus.FAILED, code, pen.seq + 1, now, asked=True)
    await services.database.submit(Commit([pen.write(event, "", now)], [], ops, [], Fence(row.id, row.epoch)))


async def set_aside(row: RunRow, services: Services, detail: str) -> None:
    """Park a run that cannot go on, until a person resumes it: what it did so far is worth more than an end."""
    pen, now = await _pen(row, services), services.clock.now()
    event = RunParked(ParkReason.TROUBLE.value, None, detail)
    op = Op("runs.park", (row.id, ParkReason.TROUBLE.value, _ALL_MAIL, None, now))
    await services.database.submit(
        Commit([pen.write(event, "", now)], [], [op], [], Fence(row.id, row.epoch))
    )


async def _pen(row: RunRow, services: Services) -> Pen:
    """A pen at the end of the log as it stands."""
    key = await services.keys.for_run(row.key_id, row.team, services.clock.now())
    seq, digest = (await services.database.fetch("log.last", run_stream(row.id)))[0]
    return Pen(run_stream(row.id), row.team, key, Head(seq, digest))


_ALL_MAIL = 2**62
"""More messages than there are: those that wait unread do not make the run due, they may be what it stumbles over."""
