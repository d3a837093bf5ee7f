"""The entries of a request that was kept, as rows: what reads the messages of OTLP stands here alone, so that it is
only imported where some were sent. No entry is worse than left out.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import DecodeError

from remit.insight.foreign.filing import file_record, file_span
from remit.wire.otlp.foreign_span import records_in, spans_in
from remit.wire.otlp.receiving import reopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.insight.foreign.filing import Desk, Filed, Taken

T = TypeVar("T")
_TRACE = 32
"""Digits of an id of a trace."""
_log = logging.getLogger("remit.insight")


def filed_in(taken: Taken, opened: dict[str, bytes]) -> list[Filed]:
    """The spans of a request, and the evaluations that it tells as log records, as far as it can be opened."""
    body = opened.get(taken.blob)
    if body is None or taken.signal == "metrics":
        return []
    try:
        if taken.signal == "traces":
            return _each(taken.desk, file_span, spans_in(reopen("traces", body)))
        return _each(taken.desk, file_record, records_in(reopen("logs", body)))
    except DecodeError as wrong:
        _log.warning("telemetry was left out of what is derived from the log: %s", wrong)
        return []


def traces_in(body: bytes) -> Counter[str]:
    """How many log records of a request belong to each trace, as far as it can be read."""
    try:
        records = records_in(reopen("logs", body))
        return Counter(each.trace for each in records if len(each.trace) == _TRACE and each.trace.strip("0"))
    except DecodeError as wrong:
        _log.warning("log records were left out of what is derived from the log: %s", wrong)
        return Counter()


def _each(desk: Desk, file: Callable[[Desk, int, T], Filed | None], entries: Iterable[T]) -> list[Filed]:
    found: list[Filed] = []
    for nth, entry in enumerate(entries):
        try:
            filed = file(desk, nth, entry)
        except Exception as wrong:  # noqa: BLE001 - one entry must not end what is told of all others, for ever
            _log.warning(
                "entry %d of %s %d says what nobody understands: %s", nth, desk.stream, desk.seq, wrong
            )
            continue
        if filed is not None:
            found.append(filed)
    return found
