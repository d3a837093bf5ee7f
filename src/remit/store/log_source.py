"""A log as it stood at one moment, for those who examine or export it: its events in the order of the leaves, and all
that a verifier is given beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.store.database import Column
from remit.store.leaves import Batch, LeafOrder
from remit.store.verifying.entries import Entry
from remit.store.verifying.keys import Introduction
from remit.store.verifying.notes import MalformedNote
from remit.store.verifying.outline import Outline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from remit.store.database import Row, Snapshot
    from remit.store.verifying.state import Row as StateRow

_ENVELOPE = (
    "pos",
    "stream",
    "seq",
    "team",
    "at",
    "kind",
    "path",
    "key_id",
    "commitment",
    "prev_hash",
    "hash",
)
_STATE = {
    "runs": ("id", "team", "status", "key_id", "base_seq", "generation", "created_at", "ended_at"),
    "approvals": ("id", "team", "run", "path", "seq", "status"),
    "run_facts": ("run", "events", "steps", "last_at", "last"),
    "stream_heads": ("stream", "seq"),
}
_RUN_COLUMN = {"runs": "id", "approvals": "run", "run_facts": "run"}


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint as the log keeps it."""

    size: int
    at: int
    note: str
    batch: Batch


class LogSource:
    """The tables that belong to the evidence, out of one snapshot."""

    def __init__(self, snapshot: Snapshot, origin: str) -> None:
        self.origin = origin
        self.checkpoints: list[KeptCheckpoint] = []
        self.introductions: list[str] = []
        self.restores: list[str] = []
        """Declarations that the log was restored from a backup."""
        self._snapshot = snapshot

    @classmethod
    async def of(cls, snapshot: Snapshot, origin: str) -> LogSource:
        """Read what there is but once: checkpoints and keys."""
        source = cls(snapshot, origin)
        async for size, at, note, upto, late, gaps in source._rows(
            "checkpoints", "size", "at", "note", "upto", "late", "gaps"
        ):
            source.checkpoints.append(KeptCheckpoint(size, at, note, Batch(size, upto, late, gaps)))
        source.checkpoints.sort(key=lambda checkpoint: checkpoint.size)
        keys = [row async for row in source._rows("signing_keys", "number", "introduction")]
        source.introductions = [introduction for _, introduction in sorted(keys)]
        restores = [row async for row in source._rows("restores", "number", "note")]
        source.restores = [note for _, note in sorted(restores)]
        return source

    @property
    def size(self) -> int:
        """How many leaves the newest checkpoint covers."""
        return self.checkpoints[-1].size if self.checkpoints else 0

    async def entries(self) -> AsyncIterator[Entry]:
        """Every event without its body: first the leaves in their order, then what no checkpoint covers yet."""
        order: LeafOrder[Entry] = LeafOrder([checkpoint.batch for checkpoint in self.checkpoints])
        async for row in self._rows("events", *_ENVELOPE):
            for entry in order.feed(row[0], Entry(*row[1:])):
                yield entry
        for entry in order.rest():
            yield entry

    async def sealed(self) -> AsyncIterator[tuple[Entry, bytes]]:
        """Every event with its body as it is kept, in no particular order."""
        async for row in self._rows("events", *_ENVELOPE, "body"):
            yield Entry(*row[1:-1]), row[-1]

    async def tables(self, wanted: Callable[[str], bool] | None = None) -> dict[str, list[StateRow]]:
        """State and projections; with `wanted`, of those runs only."""
        found: dict[str, list[StateRow]] = {}
        for table, columns in _STATE.items():
            if wanted is not None and table not in _RUN_COLUMN:
                continue
            rows = [dict(zip(columns, row, strict=True)) async for row in self._rows(table, *columns)]
            if wanted is not None:
                rows = [row for row in rows if wanted(row[_RUN_COLUMN[table]])]
            found[table] = sorted(rows, key=lambda row: str(next(iter(row.values()))))
        return found

    async def outline(self) -> Outline:
        """Everything but the events, as the verifier takes it."""
        outline = Outline(self.origin, tables=await self.tables())
        outline.add_checkpoints((checkpoint.size, checkpoint.note) for checkpoint in self.checkpoints)
        for text in self.introductions:
            try:
                outline.introductions.append(Introduction(text))
            except MalformedNote as wrong:
                outline.malformed(f"a key of the log is malformed: {wrong}")
        outline.add_restores(self.restores)
        return outline

    async def _rows(self, table: str, *names: str) -> AsyncIterator[Row]:
        binary = {column.name: column.binary for column in await self._snapshot.columns(table)}
        columns = [Column(name, binary[name]) for name in names]
        async for page in self._snapshot.rows(table, columns):
            for row in page:
                yield row
