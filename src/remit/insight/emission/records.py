"""What of closed spans is told as log records: what failed at a model or a tool, and what a judge said. The words of an
error are content and stay here; its class goes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.insight.emission.closed import span_id, trace_id
from remit.insight.emission.spans import operation
from remit.wire.otlp import names
from remit.wire.otlp.sending import SentRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.insight.emission.closed import ClosedSpan
    from remit.wire.otlp.sending import Value

_MICROS = 1_000_000


def recorded(spans: Iterable[ClosedSpan]) -> list[SentRecord]:
    """The log records of these spans."""
    found: list[SentRecord] = []
    for span in spans:
        if span.failure and span.kind in _FAILED:
            found.append(_record(span, _FAILED[span.kind], "warn", _failed(span)))
        if span.score is not None:
            found.append(_record(span, names.EVALUATION, "info", _judged(span)))
    return found


_FAILED = {
    "model": names.INFERENCE_FAILED, "embedding": names.INFERENCE_FAILED, "tool": names.TOOL_FAILED,
}  # fmt: skip


def _failed(span: ClosedSpan) -> dict[str, Value]:
    said: dict[str, Value] = {names.OPERATION: operation(span), names.EXCEPTION_TYPE: span.failure}
    if span.kind == "tool":
        return said | {names.TOOL_NAME: span.name}
    return said | {names.PROVIDER: span.provider or "_OTHER", names.REQUEST_MODEL: span.requested}


def _judged(span: ClosedSpan) -> dict[str, Value]:
    return {names.EVALUATION_NAME: span.name, names.EVALUATION_SCORE: (span.score or 0) / _MICROS}


def _record(span: ClosedSpan, name: str, severity: str, said: dict[str, Value]) -> SentRecord:
    whole: dict[str, Value] = {**said, names.RUN: span.trace, names.TEAM: span.team}
    return SentRecord(
        span.ended, name, "warn" if severity == "warn" else "info",
        trace_id(span.trace), span_id(span.trace, span.id), whole,
    )  # fmt: skip
