"""Which dialect a span speaks, and what it says in it. The order in which dialects are tried is a part of the answer:
many spans carry the words of several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.wire.otlp import names
from remit.wire.otlp.dialects import conventions, langfuse, openinference, traceloop, vercel
from remit.wire.otlp.meaning import PLAIN
from remit.wire.otlp.values import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.wire.otlp.foreign_span import ForeignRecord, ForeignSpan
    from remit.wire.otlp.meaning import Meaning

    Reader = Callable[[ForeignSpan], Meaning]

_MARKS: tuple[tuple[tuple[str, ...], Reader], ...] = (
    ((names.KIND, names.RUN), conventions.read_own),
    ((langfuse.KIND,), langfuse.read),
    ((openinference.KIND,), openinference.read),
    ((traceloop.KIND, traceloop.REQUEST), traceloop.read),
    ((names.OPERATION,), conventions.read),
    ((vercel.OPERATION,), vercel.read),
)
"""By the attributes that only one dialect has, the surest first."""
_EXCEPTION = "exception"


def understand(span: ForeignSpan) -> Meaning:
    """What a span says; one that speaks no dialect we read is still a span."""
    said = _reader(span)(span)
    if (
        said.kind == "other"
        and said.dialect == conventions.CURRENT
        and not text_of(span.attributes, names.OPERATION)
    ):
        said.dialect = PLAIN
    resource = span.resource
    said.release = said.release or text_of(resource, "service.version")
    said.environment = said.environment or text_of(
        resource, "deployment.environment.name", "deployment.environment"
    )
    said.failed = said.failed or span.failed or bool(said.error)
    if said.failed and not said.error:
        said.error = _error(span)
    return said


def score_of(record: ForeignRecord) -> tuple[str, float | None] | None:
    """The name and the score of an evaluation that a log record tells; None for any other record."""
    if record.happening.name != names.EVALUATION:
        return None
    found = record.happening.attributes
    return text_of(found, names.EVALUATION_NAME), conventions.score_in(found)


def _reader(span: ForeignSpan) -> Reader:
    found = span.attributes
    for marks, reader in _MARKS:
        if any(mark in found for mark in marks):
            return reader
    return conventions.read


def _error(span: ForeignSpan) -> str:
    """The kind of an error by the exception that was noted; else only that there was one."""
    for each in reversed(span.happenings):
        if each.name == _EXCEPTION:
            return text_of(each.attributes, names.EXCEPTION_TYPE) or "error"
    return "error"
