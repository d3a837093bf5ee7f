"""What spans amount to, as the metrics of the conventions: histograms and sums of what came to its end since the last
time. A reader adds them up; nothing is kept here between two tellings.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.insight.emission.spans import operation
from remit.wire.otlp import names
from remit.wire.otlp.sending import SentHistogram, SentSum

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.insight.emission.closed import ClosedSpan
    from remit.wire.otlp.sending import Attributes

_MICROS = 1_000_000
Labels = tuple[tuple[str, str], ...]


def measured(spans: Iterable[ClosedSpan], *, older: bool = True) -> list[SentHistogram | SentSum]:
    """The metrics of these spans; with `older`, renamed ones under both names."""
    found = _Found()
    for span in spans:
        _MEASURES.get(span.kind, _nothing)(found, span)
    told = found.told()
    return told + _under_older_names(told) if older else told


def _under_older_names(told: Sequence[SentHistogram | SentSum]) -> list[SentHistogram | SentSum]:
    again: list[SentHistogram | SentSum] = []
    for each in told:
        labels = {names.OLDER.get(key, key): value for key, value in each.attributes.items()}
        if isinstance(each, SentHistogram) and each.name in names.OLDER:
            name = names.OLDER[each.name]
            again.append(SentHistogram(name, each.unit, each.bounds, each.counts, each.total, labels))
        elif isinstance(each, SentHistogram) and each.name in _TOKEN_KINDS:
            labels |= {names.USAGE_KIND: _TOKEN_KINDS[each.name]}
            again.append(
                SentHistogram(names.USAGE_BY_KIND, each.unit, each.bounds, each.counts, each.total, labels)
            )
    return again


_TOKEN_KINDS = {names.CALL_INPUT: "input", names.CALL_OUTPUT: "output"}


@dataclass(slots=True)
class _Found:
    values: dict[tuple[str, str, Sequence[float], Labels], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    sums: dict[tuple[str, Labels], int] = field(default_factory=lambda: defaultdict(int))

    def seconds(self, name: str, bounds: Sequence[float], labels: Attributes, micros: int) -> None:
        self.values[name, "s", bounds, _key(labels)].append(micros / _MICROS)

    def counted(self, name: str, unit: str, bounds: Sequence[float], labels: Attributes, count: int) -> None:
        self.values[name, unit, bounds, _key(labels)].append(count)

    def add(self, name: str, labels: Attributes, count: int) -> None:
        if count:
            self.sums[name, _key(labels)] += count

    def told(self) -> list[SentHistogram | SentSum]:
        spread: list[SentHistogram | SentSum] = [
            SentHistogram(name, unit, bounds, _counts(bounds, values), sum(values), dict(labels))
            for (name, unit, bounds, labels), values in self.values.items()
        ]
        return spread + [
            SentSum(name, "{token}", total, dict(labels)) for (name, labels), total in self.sums.items()
        ]


def _key(labels: Attributes) -> Labels:
    return tuple((key, str(value)) for key, value in labels.items() if value)


def _counts(bounds: Sequence[float], values: Iterable[float]) -> list[int]:
    counts = [0] * (len(bounds) + 1)
    for value in values:
        counts[bisect_left(bounds, value)] += 1
    return counts


def _model(found: _Found, span: ClosedSpan) -> None:
    labels: Attributes = {
        names.OPERATION: operation(span),
        names.PROVIDER: span.provider or "_OTHER",
        names.REQUEST_MODEL: span.requested,
        names.RESPONSE_MODEL: span.served,
    }
    failed: Attributes = {**labels, names.ERROR_TYPE: span.failure}
    found.seconds(names.INFERENCE_DURATION, names.CALL_BUCKETS, failed, span.ended - span.started)
    if span.first_token:
        found.seconds(names.INFERENCE_FIRST_CHUNK, names.CALL_BUCKETS, labels, span.first_token)
    if not span.sent and not span.made:
        return
    found.counted(names.CALL_INPUT, "{token}", names.TOKEN_BUCKETS, labels, span.sent)
    found.counted(names.CALL_OUTPUT, "{token}", names.TOKEN_BUCKETS, labels, span.made)
    found.add(names.INFERENCE_INPUT, labels, span.sent)
    found.add(names.INFERENCE_OUTPUT, labels, span.made)
    found.add(names.INFERENCE_CACHE_READ, labels, span.cached)
    found.add(names.INFERENCE_CACHE_WRITE, labels, span.cache_written)
    found.add(names.INFERENCE_REASONING, labels, span.reasoning)


def _agent(found: _Found, span: ClosedSpan) -> None:
    labels: Attributes = {names.AGENT_NAME: span.agent, names.ERROR_TYPE: span.failure}
    found.seconds(names.AGENT_DURATION, names.AGENT_BUCKETS, labels, span.ended - span.started)
    buckets = names.COUNT_BUCKETS
    found.counted(names.AGENT_INFERENCES, "{inference_call}", buckets, labels, span.model_calls)
    found.counted(names.AGENT_TOOLS, "{tool_call}", buckets, labels, span.tool_calls)


def _tool(found: _Found, span: ClosedSpan) -> None:
    labels: Attributes = {
        names.TOOL_NAME: span.name, names.AGENT_NAME: span.agent, names.ERROR_TYPE: span.failure,
    }  # fmt: skip
    found.seconds(names.TOOL_DURATION, names.CALL_BUCKETS, labels, span.ended - span.started)


def _flow(found: _Found, span: ClosedSpan) -> None:
    labels: Attributes = {names.WORKFLOW_NAME: span.flow, names.ERROR_TYPE: span.failure}
    found.seconds(names.WORKFLOW_DURATION, names.WORKFLOW_BUCKETS, labels, span.ended - span.started)


def _nothing(found: _Found, span: ClosedSpan) -> None:
    """Waits, branches and steps of one's own have no metric there."""


_MEASURES = {"model": _model, "embedding": _model, "agent": _agent, "tool": _tool, "flow": _flow}
