"""The journal of one run in memory: what happened at each path, and in which order in each scope.

It answers one question for every step the code takes: was this recorded, and is it what was recorded here? It
appends nothing and performs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_events import ActionAdmitted, ActionHeld, AgentAsked
from remit.domain.errors import ReplayMismatch
from remit.domain.events import (
    ChildSpawned,
    MessageDelivered,
    PatchChosen,
    RunContinued,
    RunCreated,
    RunEnded,
    RunRepinned,
    ScopeDecided,
    StepClaimed,
    StepDone,
    StepFailed,
    StepRetried,
    WaitClosed,
    WaitOpened,
)
from remit.engine.scope import Scope, parent_path

if TYPE_CHECKING:
    from remit.store.log import Entry

CANCEL_POINT = "cancel"
"""What a decision is about that says: a cancel was delivered here."""

_OPENS_A_PLACE = (
    StepDone, StepFailed, StepRetried, StepClaimed, ActionAdmitted, ActionHeld, AgentAsked, WaitOpened,
    ChildSpawned, PatchChosen,
)  # fmt: skip


class Journal:
    """What a run has recorded in its present generation."""

    def __init__(self, recorded: list[Entry]) -> None:
        self.entries = entries = _migrated(recorded)
        self.at_path: dict[str, list[Entry]] = {}
        self.order: dict[str, list[str]] = {}
        self.renames: dict[str, str] = {}
        self.mismatch: ReplayMismatch | None = None
        """The first thing in which the code did not repeat the record."""
        self._consumed: set[str] = set()
        for entry in entries:
            self._index(entry)

    @property
    def created(self) -> RunCreated | RunContinued:
        """What started this generation."""
        first = self.entries[0].event
        assert isinstance(first, (RunCreated, RunContinued))  # noqa: S101 - the store's own invariant
        return first

    @property
    def started_at(self) -> int:
        """When this generation started."""
        return self.entries[0].at

    @property
    def ended(self) -> RunEnded | None:
        """How the run ended, if it did."""
        last = self.entries[-1].event
        return last if isinstance(last, RunEnded) else None

    @property
    def size(self) -> int:
        """How many places of the code it has recorded."""
        return sum(len(paths) for paths in self.order.values())

    @property
    def replayed(self) -> int:
        """How many of them the code has come past again."""
        return sum(path in self._consumed for paths in self.order.values() for path in paths)

    def cancel_delivered(self) -> bool:
        """Whether the run was told to cancel in this generation."""
        return any(
            isinstance(e.event, MessageDelivered) and e.event.message == "cancel" for e in self.entries
        )

    def decisions(self, path: str) -> list[tuple[int, ScopeDecided]]:
        """What settled the gather, race or the like at `path`, and when, in order."""
        decided = [(e.at, e.event) for e in self.at_path.get(path, ()) if isinstance(e.event, ScopeDecided)]
        return [(at, event) for at, event in decided if event.scope != CANCEL_POINT]

    def cancelled_at(self, path: str) -> bool:
        """Whether a cancel was delivered right after what is recorded at `path`."""
        last = self.at_path[path][-1].event
        return isinstance(last, ScopeDecided) and last.scope == CANCEL_POINT

    def open_waits(self) -> list[tuple[str, WaitOpened]]:
        """Waits that nothing has closed yet, in the order in which they were opened."""
        found: dict[str, WaitOpened] = {}
        for entry in self.entries:
            if isinstance(entry.event, WaitOpened):
                found[entry.path] = entry.event
            elif isinstance(entry.event, WaitClosed):
                found.pop(entry.path, None)
        return list(found.items())

    def take(self, scope: Scope, path: str, name: str) -> list[Entry] | None:
        """What was recorded at `path`, which must come next in its scope; None where the record ends."""
        recorded = self.order.get(scope.path)
        if recorded is None or scope.turn >= len(recorded):
            return None
        expected = recorded[scope.turn]
        if expected != path:
            if scope.stopping:
                return (
                    None  # the step that the cancel interrupted left no record; the cancel is delivered here
                )
            raise self._mismatch(expected, path, name)
        scope.turn += 1
        self._consumed.add(path)
        entries = self.at_path[path]
        scope.last_at = entries[-1].at
        if self.cancelled_at(path):
            scope.leave()
        return entries

    def look(self, path: str) -> list[Entry]:
        """What was recorded at a place that has no turn of its own, such as the timer of a timeout."""
        self._consumed.add(path)
        return self.at_path.get(path, [])

    def check(self, path: str, recorded: str, digest: str) -> None:
        """The digest of the input must be the recorded one."""
        if recorded != digest:
            raise self.diverged(
                f"{self.place(reached=True)}: {path} is now called with other arguments than recorded.",
                "Let arguments depend only on recorded results, run.now() and run.random(), "
                "or mark the change with run.patched.",
            )

    def diverged(self, message: str, hint: str = "") -> ReplayMismatch:
        """Note the mismatch; the first one counts."""
        found = ReplayMismatch(message, hint)
        self.mismatch = self.mismatch or found
        return found

    def place(self, *, reached: bool = False) -> str:
        """Where the replay is, for people: at the next step, or at the one just `reached`."""
        return f"diverged at step {min(self.replayed + (not reached), self.size)} of {self.size}"

    def left_over(self) -> str:
        """The first recorded path that the code did not come past; empty if there is none."""
        for entry in self.entries:
            path = self._renamed(entry.path)
            # what was asked about a step stands below it, and is settled once the step is
            if isinstance(entry.event, _OPENS_A_PLACE) and self._consumed.isdisjoint(
                (path, parent_path(path))
            ):
                return path
        return ""

    def rename(self, renames: dict[str, str]) -> None:
        """Read old step names as new ones: how a migrated run follows renamed code."""
        self.renames |= renames
        entries, self.at_path, self.order = self.entries, {}, {}
        for entry in entries:
            self._index(entry)

    def _index(self, entry: Entry) -> None:
        if not entry.path:
            return
        path = self._renamed(entry.path)
        known = self.at_path.get(path)
        if known is not None:
            known.append(entry)
            return
        self.at_path[path] = [entry]
        if isinstance(entry.event, _OPENS_A_PLACE):
            self.order.setdefault(parent_path(path), []).append(path)

    def _renamed(self, path: str) -> str:
        return _in_new_words(path, self.renames) if self.renames else path

    def _mismatch(self, expected: str, path: str, name: str) -> ReplayMismatch:
        seq = self.at_path[expected][0].seq
        return self.diverged(
            f"{self.place()}: the code now calls {path} before {expected} "
            f"(recorded: {expected}, e-{seq}; now: {path}).",
            f'Run it with the code it was made by, or mark the change: if run.patched("{name}"): …',
        )


def _migrated(entries: list[Entry]) -> list[Entry]:
    """What was recorded before a migration stands under the names that the migration gave."""
    for index, entry in enumerate(entries):
        event = entry.event
        if isinstance(event, RunRepinned) and event.renames:
            past = [e._replace(path=_in_new_words(e.path, event.renames)) for e in entries[:index]]
            entries = [*past, *entries[index:]]
    return entries


def _in_new_words(path: str, renames: dict[str, str]) -> str:
    parts = [part.partition("#") for part in path.split("/")]
    return "/".join(f"{renames.get(name, name)}{mark}{n}" for name, mark, n in parts)
