"""What came of a replay, a fork or an undo, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.cli import wording
from remit.domain.event import object_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.control.running.views import ReplayReport
    from remit.control.runs.views import RunView

UNDO = "remit.undo"
"""The flow of every workspace that takes a run back."""


def fork_lines(view: RunView, step: str | None) -> list[str]:
    """What became of the past, and what happens next."""
    place = f"at {step}" if step else "from its start, with another input,"
    writes = "simulated" if view.simulated else "asked for, each in the inbox"
    return [
        f"forked {view.forked_from} {place} as {view.run.id}",
        f"  writes are {writes}; a worker performs it:  remit watch {view.run.id}",
    ]


def replay_lines(report: ReplayReport) -> list[str]:
    """The verdict in a sentence."""
    if report.verdict == "equal":
        replayed = f"{report.replayed} of {wording.many(report.steps, 'recorded step')} replayed"
        return [f"equal: {replayed}, nothing was performed, and the code did the same."]
    return [
        f"diverged after {report.replayed} of {wording.many(report.steps, 'recorded step')}",
        f"  {report.message}",
    ]


def difference_lines(difference: Iterable[dict[str, Any]]) -> list[str]:
    """What somebody changed since, field by field: as it was, as the run left it, as it is."""
    return [
        f"    {each['field'] or 'it'}: was {_state(each['before'])}, the run made it {_state(each['after'])}, "
        f"now it is {_state(each['now'])}"
        for each in difference
    ]


def undo_lines(result: Any) -> list[str]:
    """What was taken back, and what was left alone and why."""
    told = object_of(result)
    lines: list[str] = []
    for each in told.get("undone", ()):
        note = f"  (best effort: {each['best_effort']})" if each.get("best_effort") else ""
        told_before = f"✓ {each['object']} was taken back already, by {each.get('before')}"
        now = f"✓ {each['object']} is as it was before {each['tool']}{note}"
        lines.append(told_before if each.get("before") else now)
    for each in told.get("left", ()):
        lines.append(f"✗ {each.get('object') or each['path']}: {each['why']}")
        lines += difference_lines(each.get("difference") or ())
    return lines or ["nothing was there to take back"]


def _state(value: Any) -> str:
    return "not there" if value is None else wording.value(value)
