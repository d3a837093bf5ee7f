"""The book of drift: runs are read out of what is told of the log, looked at, and what is found is written down once,
as an event of the team and a row. Several processes may look; only the first of them writes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.drift_events import DriftFound, FingerprintChanged
from remit.engine.outside import shared_event, team_stream
from remit.operations.drift.history import Kind, Mark, Ran, Subject, Turned
from remit.operations.drift.shifts import look
from remit.store.database import Commit, Op

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.clock import Clock
    from remit.operations.drift.changes import Change
    from remit.operations.drift.shifts import Look, Shift
    from remit.store.database import Database, Row
    from remit.store.keys import KeyRing
    from remit.store.log import Log

MOST_RUNS = 2000
"""Of one agent: beyond that the oldest are not what is usual any more."""
_KEPT = 500
"""So many are left of those, as what is usual from there on."""
_MOST_SUBJECTS = 200
_PAGE = 500
_LONGEST = 24 * 3600 * 1_000_000
"""A run that began this long ago may have ended since anybody looked."""


class Found(NamedTuple):
    """What was written down."""

    id: str
    subject: Subject
    at: int
    """When it began."""
    found_at: int
    event: FingerprintChanged | DriftFound


class _Noted(NamedTuple):
    """What is to be written down."""

    id: str
    what: str
    value: str
    """Of what changed, what it is now."""
    at: int
    event: FingerprintChanged | DriftFound


class DriftBook:
    """What drifts in one team."""

    def __init__(self, database: Database, keys: KeyRing, log: Log, clock: Clock, team: str) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._clock = clock
        self._team = team

    async def watch(self) -> list[Found]:
        """Look at every agent and flow that had runs since the last time, and write down what is found."""
        newest = (await self._rows("newest", self._team))[0][0] or 0
        found: list[Found] = []
        for kind, name, _ in await self._rows("subjects", self._team, newest - _LONGEST, _MOST_SUBJECTS):
            found += await self._watch(Subject(kind, name))
        return found

    async def kept(self, subject: Subject) -> tuple[int, int]:
        """By how many runs one of them is judged, and when the first of them began."""
        anchor, _ = await self._anchor(subject)
        count, first = (
            await self._rows(f"kept_{subject.kind}", self._team, subject.name, anchor, subject.kind)
        )[0]
        return int(count), int(first or 0)

    async def subjects(self, since: int = 0) -> list[Subject]:
        """Whose runs there were, those with most runs first."""
        rows = await self._rows("subjects", self._team, since, _MOST_SUBJECTS)
        return [Subject(kind, name) for kind, name, _ in rows]

    async def found(self, since: int = 0, subject: str = "", limit: int = 200) -> list[Found]:
        """What was written down since a moment, the newest first."""
        rows = await self._rows("findings", self._team, since, subject, limit)
        found: list[Found] = []
        for identity, kind, name, at, found_at, stream, seq in rows:
            event = (await self._log.read_one(stream, seq)).event
            if isinstance(event, FingerprintChanged | DriftFound):
                found.append(Found(identity, Subject(kind, name), at, found_at, event))
        return found

    # --- one of them --------------------------------------------------------------------------------

    async def _watch(self, subject: Subject) -> list[Found]:
        anchor, known = await self._anchor(subject)
        runs = await self._runs(subject, anchor)
        if not runs or runs[-1].at <= known:
            return []
        told = look(subject, runs, await self._turned(runs))
        new = [
            each
            for each in _noted(self._team, subject, told, anchor)
            if not await self._known(subject, each, runs)
        ]
        await self._write(subject, new, (_next_anchor(anchor, runs, told.shifts), runs[-1].at), anchor)
        now = self._clock.now()
        return [Found(each.id, subject, each.at, now, each.event) for each in new]

    async def _known(self, subject: Subject, noted: _Noted, runs: list[Ran]) -> bool:
        about = (self._team, subject.kind, subject.name, noted.what, noted.value)
        return bool(await self._rows("known", noted.id, *about, runs[0].at))

    async def _write(self, subject: Subject, new: list[_Noted], looked: tuple[int, int], anchor: int) -> None:
        """Each finding with its event; with the last, how far was looked. One that is there already is somebody's who
        was faster, and the rest is theirs as well.
        """
        now, stream = self._clock.now(), team_stream(self._team)
        at = (self._team, subject.kind, subject.name)
        last = Op("drift.looked", (*at, *looked, anchor), one=True)
        if not new:
            await self._database.submit(Commit(ops=[last]))
            return
        key = await self._keys.team_key(self._team, now)
        for noted in new:
            row = (noted.id, *at, noted.what, noted.value, noted.at, now, stream)
            ops = [Op("drift.found", row, one=True), *([last] if noted is new[-1] else [])]
            shared = [shared_event(stream, self._team, key, noted.event, now)]
            await self._database.submit(Commit(ops=ops, shared=shared))

    async def _anchor(self, subject: Subject) -> tuple[int, int]:
        rows = await self._rows("watch", self._team, subject.kind, subject.name)
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    # --- what is read -------------------------------------------------------------------------------

    async def _runs(self, subject: Subject, since: int) -> list[Ran]:
        """Its runs, in the order in which they began."""
        rows = await self._rows(
            f"runs_{subject.kind}", self._team, subject.name, since, subject.kind, MOST_RUNS + 1
        )
        rows = list(reversed(rows))
        spans: dict[str, list[Row]] = {}
        for start in range(0, len(rows), _PAGE):
            names = json.dumps([row[0] for row in rows[start : start + _PAGE]])
            for trace, *said in await self._rows("spans", names):
                spans.setdefault(trace, []).append(tuple(said))
        return [_ran(row, spans.get(row[0], [])) for row in rows]

    async def _turned(self, runs: list[Ran]) -> list[Turned]:
        """Definitions of tools that these runs call, and rules, as they changed while these runs were made."""
        if not runs:
            return []
        used = {name for ran in runs for name in ran.tools}
        found = [
            Turned(Mark(Kind.TOOL, tool), at, "", digest)
            for tool, digest, at in await self._rows("tools", self._team, runs[0].at)
            if tool in used and any(tool in ran.tools for ran in runs if ran.at < at)
        ]
        before = ""
        for digest, at in await self._rows("policies", self._team):
            if before and at >= runs[0].at:
                found.append(Turned(Mark(Kind.POLICY), at, before, digest))
            before = digest
        return found

    async def _rows(self, query: str, *params: object) -> list[Row]:
        return await self._database.fetch(f"drift.{query}", *params)


def _ran(row: Row, spans: Iterable[Row]) -> Ran:
    identity, at, status, failure, steps, cost, flow, release = row
    tools: dict[str, int] = {}
    marks: dict[Mark, set[str]] = {}
    if release:
        marks[Mark(Kind.CODE, flow)] = {release}
    for kind, name, agent, requested, served, prompt, count in spans:
        if kind == "tool":
            tools[name] = tools.get(name, 0) + int(count)
            continue
        if prompt:
            marks.setdefault(Mark(Kind.PROMPT, agent), set()).add(prompt)
        if served:
            marks.setdefault(Mark(Kind.MODEL, requested), set()).add(served)
    kept = {mark: frozenset(values) for mark, values in marks.items()}
    return Ran(identity, at, status == "succeeded", int(steps), int(cost), failure, tools, kept)


def _noted(team: str, subject: Subject, told: Look, anchor: int) -> list[_Noted]:
    found = [
        (f"{each.mark.kind} {each.mark.name}".strip(), each.after, each.at, _changed(subject, each))
        for each in told.changes
    ]
    found += [(each.measure.value, "", each.since_at, _drifted(subject, each)) for each in told.shifts]
    return [
        _Noted(_id(team, subject, (what, value, anchor)), what, value, at, event)
        for what, value, at, event in found
    ]


def _id(team: str, subject: Subject, what: tuple[str, str, int]) -> str:
    said = json.dumps([team, subject.kind, subject.name, *what])
    return f"d-{hashlib.sha256(said.encode()).hexdigest()[:20]}"


def _next_anchor(anchor: int, runs: list[Ran], shifts: Iterable[Shift]) -> int:
    """What has shifted is what is usual from there on; and nothing is usual for ever."""
    found = max((shift.since_at for shift in shifts), default=anchor)
    if found == anchor and len(runs) > MOST_RUNS:
        return runs[-_KEPT].at
    return max(anchor, found)


def _changed(subject: Subject, change: Change) -> FingerprintChanged:
    return FingerprintChanged(
        subject.kind, subject.name, change.mark.kind.value, change.mark.name, change.before, change.after,
        change.at, change.run, change.runs, change.earlier, list(change.evidence),
    )  # fmt: skip


def _drifted(subject: Subject, shift: Shift) -> DriftFound:
    return DriftFound(
        subject.kind, subject.name, shift.measure.value, shift.direction, round(shift.before, 6), round(shift.after, 6),
        shift.since, shift.seen, shift.runs_before, shift.runs_since, round(min(shift.statistic, 1e12), 4),
        round(shift.threshold, 4), shift.once_in, list(shift.evidence),
        {name: [round(was, 4), round(now, 4)] for name, (was, now) in shift.shares.items()} or None, shift.failure,
        [asdict(_changed(subject, cause)) for cause in shift.causes],
    )  # fmt: skip
