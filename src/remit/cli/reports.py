"""What came of a replay or a fork, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.cli import wording

if TYPE_CHECKING:
    from remit.control.views import ReplayReport, RunView


def fork_lines(view: RunView, step: str) -> list[str]:
    """What became of the past, and what happens next."""
    writes = "simulated" if view.simulated else "asked for, each in the inbox"
    return [
        f"forked {view.forked_from} at {step} as {view.run.id}",
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
