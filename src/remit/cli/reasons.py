"""How groups of failures, and the reasons of one run, are printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.cli import wording
from remit.cli.output import Line, Span, table

if TYPE_CHECKING:
    from remit.cli.saying import Painted
    from remit.control.searching.explaining import Explanation
    from remit.control.searching.views import FailuresView, FailureView

_ABOUT = 5
_SPAN = re.compile("[0-9a-f]{16}")
_STYLES = {"cause": "strong", "fault": "strong", "next": "good"}
_TRENDS = {"new": "bad", "rising": "bad", "back": "waits", "falling": "good"}


def why_lines(found: Explanation) -> list[Painted | str]:
    """One line for each reason, with the events that say so."""
    return [
        Line.of(
            Span(f"{line.about:<{_ABOUT}}  ", "dim"),
            Span(line.text, _STYLES.get(line.about, "")),
            Span("".join(f"  {each.removeprefix('run:')}" for each in line.events), "dim"),
        ).painted
        for line in found.lines
    ]


def failure_lines(found: FailuresView, at: int) -> list[Painted | str]:
    """One line for each group, and below it what its runs said."""
    if not found.groups:
        return [f"no failures in the last {found.since}"]
    heads = table(
        ("failure", "flow", "suspected", "runs", "before", "trend", "first seen", "last seen"),
        [
            (
                each.name, each.flow, _suspected(each), str(each.runs), str(each.before),
                Span(each.trend, _TRENDS.get(each.trend, "")), wording.ago(each.first, at), wording.ago(each.last, at),
            )
            for each in found.groups
        ],
    )  # fmt: skip
    lines: list[Painted | str] = [heads[0]]
    for head, group in zip(heads[1:], found.groups, strict=True):
        lines += [head, *_texts(group)]
    rest = [f"and {found.more} kinds more"] if found.more else []
    late = [f"({found.behind:,} events are not counted yet)"] if found.behind else []
    return [*lines, *rest, *late]


def _suspected(group: FailureView) -> str:
    """The step; a trace that somebody sent knows its spans by numbers, of which the name says more."""
    if _SPAN.fullmatch(group.suspect):
        return f"{group.agent}/{group.step}"
    return group.suspect or "its own code"


def _texts(group: FailureView) -> list[Painted]:
    return [
        Line.of(
            "    ",
            Span(f"{each.runs} of {group.read}  ", "dim"),
            each.text,
            Span(f"  {each.latest[-1]}", "dim"),
        ).painted
        for each in group.texts[:3]
    ]
