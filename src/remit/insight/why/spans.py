"""A trace of another agent as a story: of its spans, for there are no events of ours. A failure is where it began:
spans around one that failed only say so again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.insight.why.story import MODEL, Act, Story

if TYPE_CHECKING:
    from remit.store.database import Row

MOST = 5_000
"""So many spans of a trace are looked at."""
_KINDS = {"model": MODEL, "tool": "tool", "agent": "agent", "flow": "agent", "human": "wait", "wait": "wait"}
_BAD = frozenset({"error", "denied", "cancelled"})
_PLAIN = "error"


def story_of_spans(trace: str, known: Row, rows: list[Row]) -> Story:
    """What the spans tell; `known` is flow, status, error, start and end of the trace."""
    flow, status, error, started, ended = known
    story = Story(trace, flow, status, error, started=started, ended=ended or 0, events=len(rows))
    parents = {row[0]: row[1] for row in rows}
    around = _around([row[0] for row in rows if row[6] in _BAD], parents)
    ends = {row[0]: n for n, row in enumerate(sorted(rows, key=lambda row: (row[5] or 2**62, -row[4])), 1)}
    for identity, _, kind, name, begun, over, stands, code, agent, cost in rows:
        bad = stands in _BAD
        act = Act(identity, name or kind, ends[identity], begun, _KINDS.get(kind, "step"), agent)
        act.state = (
            "failed" if bad else "open" if over is None else "unknown" if stands == "unknown" else "done"
        )
        act.error = (code or _PLAIN) if bad else ""
        act.kind = "agent" if identity in around else act.kind
        act.last, act.ended = (ends[identity], over) if over is not None else (0, 0)
        act.money = cost
        story.acts[identity] = act
        story.refs[ends[identity]] = f"trace:{trace}#{identity}"
    story.last = max(story.refs, default=0)
    if status == "failed" and not any(
        act.error == error for act in story.acts.values() if act.kind != "agent"
    ):
        story.error = "step_failed"  # what it ended with is none of what failed in it
    return story


def _around(bad: list[str], parents: dict[str, str]) -> set[str]:
    """Everything that stands above something that failed."""
    found: set[str] = set()
    for identity in bad:
        above = parents.get(identity, "")
        while above and above not in found and above in parents:
            found.add(above)
            above = parents[above]
    return found
