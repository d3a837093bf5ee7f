"""Applying the rules of data classes once a tree of runs has ended: its journals are read, what may be kept of them is
written under a new key, and the key of what was there is destroyed, all in one commit.

Until then everything is there, encrypted: recovery, replay and undo need it. It decides no rule and moves no run.
"""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from remit.domain.errors import Shredded
from remit.domain.event import object_of
from remit.domain.protection_events import RunReduced
from remit.engine.outside import run_stream
from remit.policy.reduction import Reducer
from remit.store.database import BlobRow, Commit, Conflict, Op
from remit.store.exports import clean_exports
from remit.store.holds import held_tags
from remit.store.pen import open_blob
from remit.store.reductions import reduction
from remit.store.shred import shred_keys
from remit.store.telling import told
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.control.ground.ground import Ground
    from remit.domain.event import Event
    from remit.store.database import Row
    from remit.store.keys import DataKey
    from remit.store.log import Entry

_PAGE = 100
_DAY = 24 * 3600 * 1_000_000
_CONTENT = ("input", "result", "detail", "value", "payload", "comment", "message", "text", "session")
"""Fields of events that hold content; all others are names, times and places."""
_GUESSABLE = ("digest", "key")
"""Fields that are digests of content: what is gone could be guessed from them."""
_NODE = frozenset({"after", "messages"})


@dataclass(frozen=True, slots=True)
class CaptureRules:
    """What becomes of classed data here, and when."""

    modes: Mapping[str, str]
    undo_days: int = 0
    detect: bool = False
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, "Mapping[str, str]"])
    """For each flow, the places of its input that hold classed data."""


class _Run(NamedTuple):
    id: str
    team: str
    flow: str
    key_id: str
    ended_at: int | None
    subject_tag: str
    readable: bool


async def reduce_ended(ground: Ground, rules: CaptureRules, by: str) -> list[str]:
    """Apply the rules to every tree of runs that is due; the roots of those that lost something."""
    held = await held_tags(ground.database, ground.principal.team)
    reduced: dict[str, None] = {}
    for query in ("protection.unsettled", *(["protection.unmarked"] if rules.detect else [])):
        after = ""
        while rows := await ground.database.fetch(query, after, _PAGE):
            after = rows[-1][0]
            for root in dict.fromkeys(row[0].partition(".")[0] for row in rows):
                with contextlib.suppress(
                    Shredded
                ):  # another process was faster, or somebody erased it meanwhile
                    if await _reduce_tree(ground, root, rules, held, by):
                        reduced[root] = None
    return list(reduced)


async def _reduce_tree(ground: Ground, root: str, rules: CaptureRules, held: frozenset[str], by: str) -> bool:
    runs = [_Run(*row) for row in await ground.database.fetch("protection.tree", root)]
    if not await _due(ground, root, runs, rules) or any(run.subject_tag in held for run in runs):
        return False
    readable = [run for run in runs if run.readable]
    journals = {run: (await ground.log.read(run_stream(run.id), lenient=True))[0] for run in readable}
    marked = {row[0] for run in runs for row in await ground.database.fetch("protection.classes", run.id)}
    spoken_of = {name for name in marked if rules.modes.get(name, "keep") != "keep"}
    settled = Commit(ops=[op for run in runs for op in _settling(run.id, ground.clock.now())])
    if not readable or not (spoken_of or rules.detect):
        await ground.database.submit(settled)
        return False
    digest = (await ground.keys.get(readable[0].key_id)).name
    reducer = Reducer(rules.modes, digest)
    plain = {run: [_plain(entry) for entry in journal] for run, journal in journals.items()}
    places = {run: [_places(event, run, rules) for event in events] for run, events in plain.items()}
    if spoken_of and not any(place for found in places.values() for place in found):
        places = {run: [_everywhere(min(spoken_of)) for _ in events] for run, events in plain.items()}
    for run, events in plain.items():
        for event, where in zip(events, places[run], strict=True):
            reducer.learn(event, where)
    commits = [
        await _left_of(ground, run, journals[run], plain[run], places[run], reducer) for run in readable
    ]
    if not any(left.changed for left in commits):
        await ground.database.submit(settled)
        return False
    return await _replace(ground, readable, commits, settled.ops, rules, by)


async def _due(ground: Ground, root: str, runs: Sequence[_Run], rules: CaptureRules) -> bool:
    """Whether all have ended, and nothing could be taken back any more."""
    ends = [run.ended_at for run in runs if run.ended_at is not None]
    if not runs or len(ends) < len(runs):
        return False
    wait = rules.undo_days if await ground.database.fetch("protection.undoable", root) else 0
    return max(ends) + wait * _DAY <= ground.clock.now()


def _settling(run: str, now: int) -> list[Op]:
    return [Op("protection.settle_classes", (run, now)), Op("protection.settled", (run, now))]


# --- what is left ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Left:
    """What is to be written for one run."""

    ops: list[Op]
    changed: int


async def _left_of(
    ground: Ground, run: _Run, journal: Sequence[Entry], plain: Sequence[dict[str, Any]],
    places: Sequence[Mapping[str, str]], reducer: Reducer,
) -> _Left:  # fmt: skip
    now = ground.clock.now()
    key, add = ground.keys.new_key(f"c-{run.id}", run.team, run.subject_tag, now)
    ops, changed = [add], 0
    under = await _sealed_with(ground, run)
    for entry, event, where in zip(journal, plain, places, strict=True):
        if entry.seq not in under:
            continue  # it is under the key of a subject, and lives and dies with that
        kept = _reduced(event, where, reducer)
        differs = kept != event
        changed += differs
        ops.append(reduction(run_stream(run.id), entry.seq, kept, key, changed=differs))
    ops += await _nodes(ground, run, key, reducer)
    return _Left(ops, changed)


async def _sealed_with(ground: Ground, run: _Run) -> set[int]:
    found: set[int] = set()
    first = 1
    while rows := await ground.database.fetch("log.read", run_stream(run.id), first, 2000):
        found |= {row[1] for row in rows if row[7] == run.key_id}
        first = rows[-1][1] + 1
    return found


async def _nodes(ground: Ground, run: _Run, key: DataKey, reducer: Reducer) -> list[Op]:
    """Conversations are kept beside the events: the same names, with what may be kept of their messages."""
    old = await ground.keys.get(run.key_id)
    ops: list[Op] = []
    after = b""
    while rows := await ground.database.fetch("protection.blobs_of", run.key_id, after, _PAGE):
        after = rows[-1][0]
        for row in rows:
            kept = _node(row, old, reducer)
            if kept is not None:
                sealed = key.seal(zlib.compress(kept, 1), row[0])
                ops.append(Op("protection.reseal_blob", (row[0], key.id, sealed)))
    return ops


def _node(row: Row, key: DataKey, reducer: Reducer) -> bytes | None:
    """What may be kept of a node of a conversation; None for the body of an event, which goes."""
    value = object_of(msgspec.json.decode(open_blob(BlobRow(*row), key)))
    if value.keys() != _NODE:
        return None
    return canonical.encode({"after": value["after"], "messages": reducer.value(value["messages"])})


def _plain(entry: Entry) -> dict[str, Any]:
    return msgspec.to_builtins(entry.event)


def _places(event: dict[str, Any], run: _Run, rules: CaptureRules) -> dict[str, str]:
    """Where an event says that it holds classed data; of an input, the flow says it."""
    said = object_of(object_of(event.get("detail")).get("classes"))
    found = {place: str(name) for place, name in said.items()}
    if "pin" in event and "input" in event:
        found |= {f"input/{place}": name for place, name in rules.inputs.get(run.flow, {}).items()}
    return found


def _everywhere(data_class: str) -> dict[str, str]:
    """Classed, and nothing says where: all of it."""
    return dict.fromkeys([str(name) for name in _CONTENT], data_class)


def _reduced(event: dict[str, Any], places: Mapping[str, str], reducer: Reducer) -> dict[str, Any]:
    kept = dict(event)
    for name in _CONTENT:
        if name in event:
            below = {
                place.partition("/")[2]: data_class
                for place, data_class in places.items()
                if place.partition("/")[0] == name
            }
            kept[name] = _as(event[name], reducer.value(event[name], below))
    if kept != event:
        kept |= {name: "" for name in _GUESSABLE if isinstance(event.get(name), str)}
    return kept


def _as(before: Any, after: Any) -> Any:
    """What was dropped leaves an empty value of its kind, so that the event stays one of its kind."""
    if after is None and isinstance(before, str):
        return ""
    return {} if after is None and isinstance(before, dict) else after


async def _replace(
    ground: Ground,
    runs: Sequence[_Run],
    left: Sequence[_Left],
    settled: list[Op],
    rules: CaptureRules,
    by: str,
) -> bool:
    now, team = ground.clock.now(), runs[0].team
    # whoever comes second meets a key that is destroyed already, and must not write over what the first one left
    ops = [Op("protection.unheld", (tag,), one=True) for tag in {run.subject_tag for run in runs} if tag]
    ops += [Op("keys.shred", (run.key_id, now), one=True) for run in runs]
    ops += [op for each in left for op in each.ops] + settled
    events: list[Event] = [
        RunReduced(run.id, dict(rules.modes), each.changed) for run, each in zip(runs, left, strict=True)
    ]
    keys = [run.key_id for run in runs]
    try:
        await shred_keys(
            ground.database, ground.keys, ground.ledger, keys, by, now,
            also=ops, tells=[await told(ground.keys, event, now, team) for event in events],
        )  # fmt: skip
    except Conflict:
        return False
    await clean_exports(ground.database, keys, now)
    return True
