"""Log records that were sent with a trace of another agent, read from the requests that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.collecting.views import RecordLine, RecordPage
from remit.control.paging import page_of, place_by_count
from remit.insight.foreign.reopening import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.ground.ground import Ground

_REQUESTS = 50
"""So many are opened for one page."""
_SEVERITIES = ("trace", "debug", "info", "warn", "error", "fatal")
_STEPS = 4
"""Each severity has so many numbers."""


async def records(ground: Ground, trace: str, span: str, after: str, limit: int) -> RecordPage:
    """Records of a trace, request by request in the order in which they came, and by time within each."""
    limit, team = page_of(limit), ground.principal.team
    begin, shown = place_by_count(after) if after else (0, 0)
    rows = await ground.database.fetch("records.of", team, trace, begin, _REQUESTS)
    opened = await Archive(ground.database, ground.keys).open_named({row[3]: row[2] for row in rows})
    found: list[RecordLine] = []
    for pos, source, _, blob in rows:
        said = _said(opened[blob], trace, span, source) if blob in opened else iter(())
        skipped = shown if pos == begin else 0
        for n, line in enumerate(sorted(said, key=lambda each: each.at)[skipped:], skipped):
            if len(found) == limit:
                return RecordPage(found, f"{pos}.{n}")
            found.append(line)
    return RecordPage(found, f"{rows[-1][0] + 1}.0" if len(rows) == _REQUESTS else "")


def _said(body: bytes, trace: str, span: str, source: str) -> Iterator[RecordLine]:
    from remit.wire.otlp.foreign_span import records_in
    from remit.wire.otlp.receiving import reopen
    from remit.wire.otlp.values import undone

    for each in records_in(reopen("logs", body)):
        if each.trace != trace or (span and each.span != span):
            continue
        said = each.happening
        yield RecordLine(
            said.at, each.span, _severity(each.severity), said.name, undone(said.body),
            {name: undone(value) for name, value in said.attributes.items()}, source,
        )  # fmt: skip


def _severity(number: int) -> str:
    place = (number - 1) // _STEPS
    return _SEVERITIES[place] if 0 <= place < len(_SEVERITIES) else ""
