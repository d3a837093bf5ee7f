"""Whether the tables beside the log agree with it: rows of runs and questions, heads of shared streams, counts. It
compares what the envelopes say; what only content says is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .receipts import RUN
from .verdicts import Finding, Kind

if TYPE_CHECKING:
    from .receipts import Life

_SAME_MOMENT = 5_000_000
"""Microseconds: the row and the event of one commit may have been timed one after the other."""
_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_ANSWERED = frozenset({"approved", "rejected"})
_ASKS = frozenset({"wait.opened", "step.unknown"})
Row = dict[str, Any]


class State:
    """Rows of state and projections, to be held against the log."""

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self._tables = tables
        self._asked = {(RUN + row["run"], row["seq"]): row for row in tables.get("approvals", ())}
        self._seen: dict[tuple[str, int], tuple[str, str]] = {}
        self._answers: dict[str, int] = {}
        self._facts: dict[str, Row] = {row["run"]: row for row in tables.get("run_facts", ())}
        self._so_far: dict[str, list[Any]] = {}
        self._trailing: dict[str, tuple[int, int, str]] = {}

    def take(self, stream: str, seq: int, at: int, kind: str, path: str) -> None:
        """Note what the tables speak of."""
        if (stream, seq) in self._asked:
            self._seen[stream, seq] = (kind, path)
        if kind.startswith("approval."):
            self._answers[stream] = self._answers.get(stream, 0) + 1
        run = stream[len(RUN) :]
        fact = self._facts.get(run) if stream.startswith(RUN) else None
        if fact is not None:
            count, steps = self._so_far.get(run, (0, 0))
            count, steps = count + 1, steps + (kind in {"step.done", "step.failed"})
            self._so_far[run] = [count, steps]
            if count == fact["events"]:
                self._trailing[run] = (steps, at, kind)

    def findings(self, runs: dict[str, Life], ends: dict[str, int], *, whole: bool) -> list[Finding]:
        """Everything that disagrees. A projection may trail the log; it may not say what never was."""
        if not self._tables:
            return []
        return [
            *self._of_runs(runs, whole=whole), *self._of_questions(runs), *self._of_facts(),
            *self._of_heads(ends, whole=whole),
        ]  # fmt: skip

    def _of_runs(self, runs: dict[str, Life], *, whole: bool) -> list[Finding]:
        found: list[Finding] = []
        rows = {row["id"]: row for row in self._tables.get("runs", ())}
        for run, row in rows.items():
            life = runs.get(run)
            if life is None:
                found.append(
                    _disagrees("runs", run, "the table has this run, and the log does not", "completeness")
                )
                continue
            found += [_disagrees("runs", run, said) for said in _differences(row, life)]
        if whole:
            unknown = "the log has this run, and the table does not"
            found += [_disagrees("runs", run, unknown) for run in sorted(runs.keys() - rows.keys())]
        return found

    def _of_questions(self, runs: dict[str, Life]) -> list[Finding]:
        found: list[Finding] = []
        answered: dict[str, int] = {}
        for place, row in self._asked.items():
            kind, path = self._seen.get(place, ("", ""))
            if kind not in _ASKS or path != row["path"]:
                said = f"the log has no such question at {place[0]}#{place[1]}"
                found.append(_disagrees("approvals", row["id"], said))
                continue
            if row["status"] in _ANSWERED:
                team = runs[row["run"]].team if row["run"] in runs else row["team"]
                answered[team] = answered.get(team, 0) + 1
            if row["status"] == "open" and runs[row["run"]].last == "run.ended":
                found.append(_disagrees("approvals", row["id"], "it is open, and its run is over"))
        for team, count in answered.items():
            told = self._answers.get(f"team:{team}", 0)
            if count > told:
                said = f"{count} questions are answered in the table, and {told} in the log"
                found.append(_disagrees("approvals", team, said))
        return found

    def _of_facts(self) -> list[Finding]:
        found: list[Finding] = []
        for run, fact in self._facts.items():
            told = (fact["steps"], fact["last_at"], fact["last"])
            if self._trailing.get(run) != told:
                found.append(
                    _disagrees("run_facts", run, "the log says something else of this run at that point")
                )
        return found

    def _of_heads(self, ends: dict[str, int], *, whole: bool) -> list[Finding]:
        return [
            _disagrees(
                "stream_heads", row["stream"], f"it ends at {ends.get(row['stream'], 0)}, not at {row['seq']}"
            )
            for row in self._tables.get("stream_heads", ())
            if ends.get(row["stream"], 0) != row["seq"] and (whole or row["stream"] in ends)
        ]


def _differences(row: Row, life: Life) -> list[str]:
    ended = row["status"] in _ENDED
    said = {
        "it is over in one and not in the other": ended != (life.last == "run.ended"),
        "its end is at another time": ended and abs(row["ended_at"] - life.last_at) > _SAME_MOMENT,
        "it was created at another time": row["created_at"] != life.first_at,
        "it has another key": row["key_id"] != life.key_id,
        "it belongs to another team": row["team"] != life.team,
        "it is in another generation": row["generation"] != life.generation
        or row["base_seq"] != life.base_seq,
    }
    return [sentence for sentence, wrong in said.items() if wrong]


def _disagrees(table: str, row: str, said: str, *also: str) -> Finding:
    against = ("integrity", *also)
    return Finding(Kind.STATE, f"{table} {row}: {said}", against, stream=f"table:{table}")  # pyright: ignore[reportArgumentType]
