"""The last word of a worker that lost a run: what its write did, told as an outsider (S10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.errors import Infrastructure, NotEncodable
from remit.domain.events import ReceiptLate
from remit.engine.outside import tell_run
from remit.store.database import Conflict
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.engine.call import Call
    from remit.engine.execution import Execution


async def report_late(execution: Execution, call: Call, result: object) -> None:
    """Leave the receipt in the run's inbox, where its new owner finds it."""
    services, row = execution.services, execution.row
    worker = services.lease.worker
    try:
        plain = canonical.plain(result)
        canonical.encode(plain)
    except (NotEncodable, RecursionError):
        plain = None
    event = ReceiptLate(row.id, call.path, call.step.name, call.digest, worker, plain)
    try:
        await tell_run(
            services.database, call.key or execution.pen.key, row, event, services.clock.now(),
            message=f"late-{call.path}-{worker}", kind="late", name=call.path,
        )  # fmt: skip
    except (Conflict, Infrastructure):
        return  # the run ended meanwhile, or the log is out of reach; the claim stays open and is reported unknown
