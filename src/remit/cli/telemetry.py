"""Telemetry of other agents as lines of a terminal: who sends it and how complete it is, and one span as it came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.cli import wording
from remit.cli.output import Span, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.control.collecting.views import RawSpan, RecordPage, SourceLine

_WHOLE = 1_000_000
_GOOD = 950_000
_LONGEST = 2_000
"""Letters of one value that are shown; --json gives all of it."""


def source_lines(found: Sequence[SourceLine], at: int) -> list[str]:
    """The list of sources, and below each what it lacks."""
    if not found:
        return ["nobody has sent telemetry yet: remit key new --for-agent NAME, and docs/reference/otlp.md"]
    rows = [
        (
            each.source, Span(_percent(each.complete), "good" if each.complete >= _GOOD else "bad"), f"{each.traces:,}",
            f"{each.spans:,}", f"{each.records:,}", f"{each.metrics:,}", f"{each.rejected + each.lost:,}",
            wording.ago(each.last, at), ", ".join(each.dialects),
        )
        for each in found
    ]  # fmt: skip
    heads = ("source", "complete", "traces", "spans", "logs", "metrics", "lost", "last", "speaks")
    lacks = [f"{each.source} lacks {_lacks(each)}" for each in found if each.complete < _WHOLE]
    return [*table(heads, rows), *lacks]


def raw_lines(span: RawSpan, at: int) -> list[str]:
    """A span with everything that was said in it."""
    took = wording.duration(span.ended - span.started) if span.ended is not None else "goes on"
    lines = [
        f"{span.name}  {span.id} in {span.trace}  {span.status}  {took}",
        f"from {span.source}, which speaks {span.dialect}, taken {wording.ago(span.at, at)}"
        + (f"; below {span.parent}" if span.parent else ""),
    ]
    lines += [span.message] if span.message else []
    lines += _attributes("", span.attributes)
    for event in span.events:
        lines += [f"event {event['name']}", *_attributes("  ", event["attributes"])]
    lines += ["resource", *_attributes("  ", span.resource)]
    return [*lines, f"its sender left out {span.dropped}"] if span.dropped else lines


def record_lines(page: RecordPage, at: int) -> list[str]:
    """Log records, each with what it says below it."""
    if not page.records:
        return ["no log record was sent with it"]
    lines: list[str] = []
    for each in page.records:
        head = [wording.clock_time(each.at, at), each.severity or "-", each.name, each.span]
        lines.append("  ".join(part for part in head if part))
        if each.body is not None:
            lines.append(f"  {_value(each.body)}")
        lines += _attributes("  ", each.attributes)
    return [*lines, f"there is more: --after {page.next}"] if page.next else lines


def _attributes(before: str, found: Mapping[str, Any]) -> list[str]:
    return [f"{before}{name} = {_value(value)}" for name, value in sorted(found.items())]


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text):,} letters; --json shows all)"


def _lacks(each: SourceLine) -> str:
    """The facts that some of its traces do not have, the rarest first."""
    absent = sorted((share, name) for name, share in each.facts.items() if share < _WHOLE)
    return ", ".join(f"{name} in {_percent(_WHOLE - share)}" for share, name in absent)


def _percent(share: int) -> str:
    return f"{share / 10_000:.1f} %" if share % 10_000 else f"{share // 10_000} %"
