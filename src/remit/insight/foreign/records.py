"""The projection that says where the log records of a trace of another agent are: the requests that hold some. It keeps
no word of them; whoever looks reads the requests again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.events import KeyShredded
from remit.domain.on_use import on_use
from remit.domain.telemetry_events import RecordsTaken
from remit.insight.foreign.reopening import Archive
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.insight.foreign import requests
    from remit.insight.projection import Happened, Tables
    from remit.store.database import Database
    from remit.store.keys import KeyRing
else:
    requests = on_use("remit.insight.foreign.requests")


class Records:
    """Tells where log records are."""

    name = "records"
    kinds = frozenset({RecordsTaken.KIND, KeyShredded.KIND})
    tables = ("foreign_records",)

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._archive = Archive(database, keys)

    def forget(self) -> None:
        """Nothing is kept in memory."""

    async def take(self, batch: Sequence[Happened], tables: Tables) -> list[Op]:  # noqa: ARG002
        """A row for each trace and request."""
        sent = {
            each.event.blob: each.key_id
            for each in batch
            if isinstance(each.event, RecordsTaken) and each.event.blob
        }
        opened = await self._archive.open_named(sent)
        ops: list[Op] = []
        for each in batch:
            event = each.event
            if isinstance(event, KeyShredded):
                ops.append(Op("records.drop_of_key", (event.key,)))
            elif isinstance(event, RecordsTaken) and event.blob in opened:
                ops += [
                    Op(
                        "records.put",
                        (each.team, trace, each.pos, count, event.source, each.key_id, event.blob),
                    )
                    for trace, count in sorted(requests.traces_in(opened[event.blob]).items())
                ]
        return ops

    async def again(self, run: str, happened: Sequence[Happened], tables: Tables) -> list[Op]:  # noqa: ARG002
        """Runs of ours have none."""
        return []
