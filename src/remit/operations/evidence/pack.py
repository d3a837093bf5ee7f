"""A pack: a framework held against one log. Each row cites the newest events of its kinds, with the proof that they are
under the newest checkpoint. It reads envelopes and never content, so a pack can be handed on.
"""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.store.merkle import Tree
from remit.store.verifying.tree import leaf_hash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from remit.operations.evidence.catalog import Control, Framework
    from remit.store.log_source import LogSource
    from remit.store.verifying.entries import Entry

CITED = 3
"""How many events of each kind a row cites: the newest."""


@dataclass(frozen=True, slots=True)
class Citation:
    """One event, and where it stands."""

    event: str
    """Stream and number, as `remit audit show` takes it."""
    at: int
    path: str
    hash: str
    leaf: int
    proof: list[str] | None
    """The nodes from its leaf to the root of the checkpoint; None: it came after that."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the log has of one kind of event."""

    kind: str
    count: int
    cited: list[Citation]


@dataclass(frozen=True, slots=True)
class Answer:
    """One mechanism, as it shows in this log."""

    name: str
    does: str
    events: list[Seen]
    tests: list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One control, answered as far as it is."""

    id: str
    asks: str
    status: str
    """`answered`, `in part` or `not covered`."""
    gap: str
    events: int
    """How many events show it in this log; 0: nothing of it took place yet, or it leaves no event."""
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Pack:
    """A framework, row by row."""

    framework: str
    title: str
    edition: str
    note: str
    version: str
    made_at: int
    since: int
    origin: str
    """The name of the log."""
    events: int
    """How many events it has, of whatever kind."""
    checkpoint: str
    """The newest checkpoint as it was signed; empty: none was made yet."""
    covered: int
    """How many of its events that checkpoint covers."""
    rows: list[Row]
    counts: dict[str, int] = field(default_factory=dict[str, int])


async def build(asked: Framework, source: LogSource, version: str, at: int, since: int = 0) -> Pack:
    """Read the log once, and answer every row from it."""
    found, leaves, total = await _gather(source.entries(), asked.kinds, source.size, since)
    tree = Tree(leaves)
    seen = {kind: _seen(kind, found[kind], tree) for kind in asked.kinds}
    rows = [_row(control, seen) for control in asked.controls]
    counts = {
        status: sum(row.status == status for row in rows) for status in ("answered", "in part", "not covered")
    }
    note = source.checkpoints[-1].note if source.checkpoints else ""
    return Pack(
        asked.name, asked.title, asked.edition, asked.note, version, at, since, source.origin, total, note,
        source.size, rows, counts,
    )  # fmt: skip


@dataclass(slots=True)
class _Kind:
    count: int = 0
    newest: deque[tuple[int, Entry]] = field(default_factory=lambda: deque(maxlen=CITED))


async def _gather(
    entries: AsyncIterator[Entry], kinds: frozenset[str], size: int, since: int
) -> tuple[dict[str, _Kind], list[bytes], int]:
    found = {kind: _Kind() for kind in kinds}
    leaves: list[bytes] = []
    number = 0
    async for entry in entries:
        if number < size:
            leaves.append(leaf_hash(entry.hash))
        kept = found.get(entry.kind)
        if kept is not None and entry.at >= since:
            kept.count += 1
            kept.newest.append((number, entry))
        number += 1
    return found, leaves, number


def _seen(kind: str, kept: _Kind, tree: Tree) -> Seen:
    return Seen(kind, kept.count, [_citation(leaf, entry, tree) for leaf, entry in reversed(kept.newest)])


def _citation(leaf: int, entry: Entry, tree: Tree) -> Citation:
    proof = None
    if leaf < tree.size:
        proof = [base64.b64encode(node).decode() for node in tree.inclusion(leaf)]
    return Citation(entry.place, entry.at, entry.path, entry.hash.hex(), leaf, proof)


def _row(control: Control, seen: Mapping[str, Seen]) -> Row:
    answers = [
        Answer(each.name, each.does, [seen[kind] for kind in each.events], list(each.tests))
        for each in control.mechanisms
    ]
    kinds = {kind for each in control.mechanisms for kind in each.events}
    events = sum(seen[kind].count for kind in kinds)
    return Row(control.id, control.asks, control.status, control.gap, events, answers)
