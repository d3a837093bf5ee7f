"""The page about the states of a run, made from the table in `remit.domain.runs`: `python -m scripts.states`.

The table says which moves exist; the sentences here say why a run makes them. A move without a sentence, or a
sentence without a move, stops the script, and a test says when the page no longer is what this makes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from remit.domain.runs import TRANSITIONS, ParkReason, RunStatus

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "states.md"

STATES = {
    RunStatus.READY: "owned by nobody: it waits for its time, if it has one, and for a worker with its flow and room",
    RunStatus.RUNNING: "owned by one worker, which alone may append to its stream",
    RunStatus.PARKED: "waits for a time, a message or a person; it is a row and costs no memory",
    RunStatus.SUCCEEDED: "the flow returned, and its result is in the log",
    RunStatus.FAILED: "the flow raised, or a step ordered `StopRun`; the error is in the log",
    RunStatus.CANCELLED: "it was ordered to cancel, and its cleaning up is over",
}

MOVES = {
    (RunStatus.READY, RunStatus.RUNNING): "a worker claims it",
    (RunStatus.RUNNING, RunStatus.READY): "its worker stops, or was declared dead",
    (RunStatus.RUNNING, RunStatus.PARKED): "every branch waits, it is paused, or its code no longer fits",
    (RunStatus.RUNNING, RunStatus.SUCCEEDED): "the flow returns",
    (RunStatus.RUNNING, RunStatus.FAILED): "the flow raises",
    (RunStatus.RUNNING, RunStatus.CANCELLED): "it was ordered to cancel",
    (RunStatus.PARKED, RunStatus.RUNNING): "its time or its mail has come, and a worker claims it",
}

REASONS = {
    ParkReason.HUMAN: "a question of `run.human`, of a step that raised `AskHuman`, or of a live fork is open",
    ParkReason.UNKNOWN: "nobody knows whether a write took place; a person is asked",
    ParkReason.TROUBLE: "something failed again and again outside of its steps; `remit show` says what, `remit resume` "
    "tries again",
    ParkReason.CODE_CHANGED: "the code changed, and its replay does not repeat the journal",
    ParkReason.NEEDS_RELEASE: (
        "it was due for half a minute, and nobody executes the [release](../reference/releases.md) that it belongs to"
    ),
    ParkReason.PAUSED: "it was told to pause",
    ParkReason.HALTED: "it, or who acts in it, is [halted](../how-to/stop-an-agent.md)",
    ParkReason.SIGNAL: "it waits for `run.signal`",
    ParkReason.CHILD: "it waits for a child run",
    ParkReason.TIMER: "it sleeps, or waits for its next attempt or for the moment to reconcile",
}

HEAD = """# The states of a run

<!-- made by `python -m scripts.states` from domain/runs.py; edit that, or the sentences in the script -->

A run's row says where it stands. The table of legal moves is `TRANSITIONS` in `src/remit/domain/runs.py`; the checks
of the database follow it: a run has an owner exactly while it is running, and an end exactly when it has ended.
"""

TAIL = """
A run that was started where a worker has room is born `running`; any other is born `ready`.

`paused` is not a state but a mark on the row: nobody claims a marked run, whatever its state. A run in memory that is
told to pause finishes what is under way, takes no further step, and parks.

An order to cancel is mail like any other: a parked run becomes due, a worker takes it up, and it ends as `cancelled`
there. So cancelling needs a worker too, and a run that is to start later is cancelled when its time comes.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_picture(), *_states(), *_moves(), *_reasons(), TAIL.strip(), ""])


def _picture() -> list[str]:
    arrows = [f"    {one} --> {other}: {_why(one, other)}" for one, others in _table() for other in others]
    ends = [f"    {state} --> [*]" for state in RunStatus if state.ended]
    start = ["    [*] --> ready", "    [*] --> running"]
    return ["```mermaid", "stateDiagram-v2", *start, *arrows, *ends, "```", ""]


def _states() -> list[str]:
    return [
        "| state | meaning |",
        "|---|---|",
        *(f"| `{state}` | {STATES[state]} |" for state in RunStatus),
        "",
    ]


def _moves() -> list[str]:
    rows = [f"| `{one}` | `{other}` | {_why(one, other)} |" for one, others in _table() for other in others]
    return ["| from | to | because |", "|---|---|---|", *rows, ""]


def _reasons() -> list[str]:
    told = (
        "A parked run says why. When several branches wait for different things, the first of these counts:"
    )
    rows = [f"| `{reason}` | {REASONS[reason]} |" for reason in ParkReason]
    return [told, "", "| reason | meaning |", "|---|---|", *rows, ""]


def _table() -> list[tuple[RunStatus, list[RunStatus]]]:
    """The moves in the order in which the states are declared."""
    extra = set(MOVES) - {(one, other) for one, others in TRANSITIONS.items() for other in others}
    if extra:
        raise SystemExit(
            f"no such move any more: {sorted(extra)}; remove its sentence from scripts/states.py"
        )
    return [(one, [other for other in RunStatus if other in others]) for one, others in TRANSITIONS.items()]


def _why(one: RunStatus, other: RunStatus) -> str:
    if (one, other) not in MOVES:
        raise SystemExit(f"say in scripts/states.py why a run goes from {one} to {other}")
    return MOVES[one, other]


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE.relative_to(PAGE.parents[2])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
