"""Orders to a run as a whole: cancel, pause, resume, follow renamed code. The owner journals each before it obeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.events import MessageDelivered, RunControlled
from remit.engine.outside import tell_run
from remit.store.database import Conflict, Op
from remit.store.runs import run_row

if TYPE_CHECKING:
    from remit.engine.execution import Execution
    from remit.engine.mailbox import Message


async def refresh_mail(execution: Execution, mail: int) -> None:
    """Read the inbox of a run that is in memory, and obey; what fails on the way is about this run alone."""
    async with execution.mailbox.reading:
        rows = await execution.services.database.fetch("inbox.read", execution.row.id)
        if execution.sealed:
            return
        try:
            await follow_orders(execution, execution.mailbox.receive(rows))
        except Exception as wrong:  # noqa: BLE001 - the mail is still in the inbox; the run is read again with it
            execution.lose(wrong)
        # only now: a run that parked meanwhile has unread mail, and is due at once
        execution.mailbox.seen = max(execution.mailbox.seen, mail)


async def follow_orders(execution: Execution, orders: list[Message]) -> None:
    """Obey in the order in which they came."""
    for order in orders:
        event = (await execution.services.log.read_one(order.stream, order.seq)).event
        if not isinstance(event, RunControlled) or execution.sealed:
            continue
        if event.order == "cancel":
            await _spread_cancel(execution, event)
        take = Op("inbox.take", (execution.row.id, order.id))
        if execution.sealed:
            return
        execution.note(MessageDelivered(event.order, order.ref, event.by, event.detail), "", [take])
        _obey(execution, event)


def _obey(execution: Execution, event: RunControlled) -> None:
    match event.order:
        case "cancel":
            execution.cancelling = True
            execution.asked = True  # perhaps in an earlier segment; the end withdraws what is still open
            execution.proceed()
            execution.cancel(list(execution.scopes))
        case "pause":
            execution.hold()
        case "resume":
            execution.proceed()
            execution.heed()
        case "migrate":
            execution.journal.rename(event.renames)
        case _:
            pass


async def _spread_cancel(execution: Execution, event: RunControlled) -> None:
    """A cancelled run takes its children with it, those that are being created this very moment included."""
    services = execution.services
    execution.holding = True
    await execution.settled()
    for (child,) in await services.database.fetch("runs.children", execution.row.id):
        rows = await services.database.fetch("runs.get", child)
        row = run_row(rows[0])
        order = RunControlled(child, "cancel", execution.row.id, event.detail)
        key = await services.keys.for_run(row.key_id, row.team, execution.now())
        unpause = Op("runs.pause", (child, 0))
        try:
            await tell_run(
                services.database, key, row, order, execution.now(),
                message=f"cancel-{execution.row.id}", kind="cancel", before=[unpause],
            )  # fmt: skip
        except Conflict:
            continue  # it ended meanwhile
        services.due()
