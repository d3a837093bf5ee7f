"""The sentence of a verdict that passes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .evidence import Evidence
    from .notes import Checkpoint
    from .verdicts import Question, Report


def sentences(evidence: Evidence, agreed: Checkpoint | None, report: Report) -> dict[Question, str]:
    """For each question, what can be said if nothing speaks against it."""
    events = f"{report.events:,} event{'s' if report.events != 1 else ''}"
    streams = f"{report.streams:,} stream{'s' if report.streams != 1 else ''}"
    own = len(evidence.outline.checkpoints)
    held = len(evidence.held.records) if evidence.held is not None else 0
    later = max(0, report.events - report.anchored) if evidence.outline.whole else 0
    anchored = ""
    if agreed is not None:
        anchored = f"the first {agreed.size:,} events are those anchored at {when(agreed.at)}"
        anchored += f"; {later:,} later are unanchored" if later else ""
    return {
        "integrity": f"{events} of {streams} are intact",
        "completeness": f"no gap in any stream; every claim has its outcome, {_open(evidence)}; {_decided(evidence)}",
        "anchoring": anchored,
        "consistency": f"{own + held} checkpoints agree with each other",
    }


def when(at: int) -> str:
    """A time as people read it."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _decided(evidence: Evidence) -> str:
    if evidence.outline.has_content:
        gone = evidence.outline.unreadable
        return f"every act that can still be read was decided{f' ({gone:,} events are shredded)' if gone else ''}"
    return "what decided each act is content, which was not looked at"


def _open(evidence: Evidence) -> str:
    return "or its run goes on" if evidence.events else "for there is none"
