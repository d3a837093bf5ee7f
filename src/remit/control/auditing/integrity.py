"""Reads the whole log and checks it: nothing is missing or altered, and everything that has its key opens.
Each stream is a chain over salted commitments, so an altered, removed or exchanged event is named by its place. It
knows nothing of what the events mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.finding import Finding
from remit.domain.errors import RemitError, Shredded, WrongKey
from remit.store.database import Cursor, Head
from remit.store.pen import GENESIS, envelope_of, link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from remit.store.database import Database, EventRow
    from remit.store.log import Log

_PAGE = 1000
_NAMED_AT_MOST = 20


async def examine_log(database: Database, log: Log) -> list[Finding]:
    """One finding for each damaged event, up to a few, or one that says how many are intact.

    Keys that are not here are one finding, not one for each event: they were left out of a restore, all at once.
    """
    heads: dict[str, Head] = {}
    findings: list[Finding] = []
    count = shredded = sealed = 0
    async for row in _whole_log(database):
        count += 1
        wrong = _break_in(heads.get(row.stream, Head(0, GENESIS)), row)
        heads[row.stream] = Head(row.seq, row.hash)
        try:
            if wrong is None:
                await log.open(row)
        except Shredded:
            shredded += 1
        except WrongKey:
            sealed += 1
        except RemitError as unreadable:
            wrong = unreadable.message
        if wrong is not None and len(findings) < _NAMED_AT_MOST:
            findings.append(Finding("log", "broken", f"event {row.seq} of {row.stream}: {wrong}", _REMEDY))
    if sealed:
        message = f"{sealed} of {count} events stay sealed: their data keys are not in this database"
        findings.append(Finding("log", "broken", message, _KEYS_REMEDY))
    if findings:
        return findings
    erased = f", {shredded} of them shredded" if shredded else ""
    return [Finding("log", "ok", f"{count} events in {len(heads)} streams are intact{erased}", "")]


async def _whole_log(database: Database) -> AsyncIterator[EventRow]:
    after = Cursor(0, 0)
    while page := await database.tail(after, _PAGE):
        for event in page:
            yield event.row
        after = page[-1].cursor


def _break_in(head: Head, row: EventRow) -> str | None:
    if row.seq != head.seq + 1:
        return f"it follows event {head.seq}, so something is missing or came twice"
    if row.prev_hash != head.hash:
        return "it was chained to another predecessor"
    if link(row.prev_hash, envelope_of(row), row.commitment) != row.hash:
        return "its place, time or kind was altered"
    return None


_KEYS_REMEDY = (
    "They are in the key backup: remit backup --restore FILE --keys KEYS --to FOLDER, into a new folder"
)
_REMEDY = "Restore the last backup into a new folder: remit backup --restore FILE --to FOLDER"
