"""An experiment as its evidence has it: the rows that stand in the log of its run, read out of it or out of the files
of an export, and what they come to when they are added up again. It believes no figure that it can reckon.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.event import object_of
from remit.domain.events import RunCreated, RunEnded, StepDone
from remit.quality.experiments.experiment import EARLIER, GO, JUDGED
from remit.quality.experiments.plan import Plan
from remit.quality.experiments.rows import Row
from remit.quality.gating.comparing import outcome
from remit.store.codec import decode_event
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from remit.domain.event import Event
    from remit.store.log import Entry

Json = Any


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What the files of an experiment say, and what they come to."""

    experiment: str
    rows: int
    said: dict[str, Json]
    """The outcome that stands in the log."""
    found: dict[str, Json]
    """The outcome that its rows come to."""

    @property
    def same(self) -> bool:
        """Whether they agree, to the last digit."""
        return canonical.encode(canonical.plain(self.said)) == canonical.encode(canonical.plain(self.found))


def rows_of(entries: Iterable[Entry]) -> list[Row]:
    """The rows that the run of an experiment holds; what judges said of one stands in a later row of the same go."""
    return _latest(row for entry in entries for row in _rows(entry.event, entry.path))


def recompute(folder: Path, experiment: str) -> Recomputed:
    """Add an exported experiment up again, from its files alone; raises `ValueError` if they do not hold all of it."""
    created: RunCreated | None = None
    said: dict[str, Json] = {}
    rows: list[Row] = []
    for event, path in _events(folder, f"run:{experiment}"):
        if isinstance(event, RunCreated):
            created = event
        elif isinstance(event, RunEnded):
            said = object_of(event.result)
        else:
            rows += _rows(event, path)
    if created is None or not said:
        raise ValueError(f"{folder} does not hold the whole of the experiment {experiment}")
    found = _latest(rows)
    return Recomputed(experiment, len(found), said, outcome(Plan.read(created.input["plan"]), found))


def _latest(rows: Iterable[Row]) -> list[Row]:
    return list({(row.arm, row.scenario, row.index): row for row in rows}.values())


def _rows(event: object, path: str) -> list[Row]:
    if not isinstance(event, StepDone):
        return []
    name = path.rpartition("/")[2].partition("#")[0]
    if name in {GO, JUDGED}:
        return [Row.read(event.result)]
    return [Row.read(each) for each in event.result] if name == EARLIER else []


def _events(folder: Path, stream: str) -> Iterable[tuple[Event, str]]:
    places: dict[int, tuple[str, str]] = {}
    with (folder / "events.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            of, seq, _, _, kind, path, *_ = json.loads(line)
            if of == stream:
                places[seq] = kind, path
    wanted = {kind.KIND for kind in (RunCreated, StepDone, RunEnded)}
    with (folder / "content.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            said = json.loads(line)
            kind, path = places.get(said["seq"], ("", "")) if said["stream"] == stream else ("", "")
            if "content" in said and kind in wanted:
                yield decode_event(kind, said["content"].encode()), path
