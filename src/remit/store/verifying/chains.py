"""The chain of each stream: read once and checked in passing, and read again where something is wrong, to say what was
done to it. It compares with heads that a checkpoint carries, and knows nothing of who signed them.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from .entries import GENESIS, agree, link, mark_of
from .verdicts import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .entries import Entry, Head

_AGAINST_CHAIN = ("integrity",)
_AGAINST_HELD = ("anchoring", "consistency")
_LOST = ("completeness", "anchoring")
_HELD_AT_MOST = 10_000


@dataclass(slots=True)
class _Stream:
    seq: int = 0
    hash: bytes = GENESIS
    early: dict[int, Entry] = field(default_factory=dict[int, "Entry"])


class Chains:
    """Follows every stream at once; what does not fit makes its stream a suspect."""

    def __init__(self) -> None:
        self.suspects: set[str] = set()
        self._streams: dict[str, _Stream] = {}

    @property
    def count(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    def ends(self) -> dict[str, int]:
        """The last event of each stream."""
        return {stream: state.seq for stream, state in self._streams.items()}

    def take(self, entry: Entry) -> None:
        """The next event in the order of the log; events of one stream may come a little out of order."""
        state = self._streams.get(entry.stream)
        if state is None:
            state = self._streams[entry.stream] = _Stream()
        if entry.seq != state.seq + 1:
            if entry.seq <= state.seq or entry.seq in state.early or len(state.early) >= _HELD_AT_MOST:
                self.suspects.add(entry.stream)
            state.early[entry.seq] = entry
            return
        self._follow(state, entry)
        while state.early and (later := state.early.pop(state.seq + 1, None)) is not None:
            self._follow(state, later)

    def close(self) -> None:
        """Nothing more comes: what still waits for a predecessor has none."""
        self.suspects |= {stream for stream, state in self._streams.items() if state.early}

    def _follow(self, state: _Stream, entry: Entry) -> None:
        if entry.prev_hash != state.hash or link(entry, entry.prev_hash) != entry.hash:
            self.suspects.add(entry.stream)
        state.seq, state.hash = entry.seq, entry.hash


def explain(stream: str, entries: list[Entry], held: list[Head]) -> list[Finding]:
    """What was done to one stream, from its events and the heads that a reader holds; nothing if it is in order."""
    entries = sorted(entries, key=lambda entry: entry.seq)
    found = list(_faults(stream, entries))
    return found or _against_heads(stream, entries, sorted(held, key=lambda head: head.last))


# --- what the chain says of itself --------------------------------------------------------------------------


def _faults(stream: str, entries: list[Entry]) -> Iterable[Finding]:
    twice = [one.seq for one, other in pairwise(entries) if one.seq == other.seq]
    if twice:
        return [_fault(Kind.FORKED, stream, twice[0], "two events stand in the place of one")]
    moved = _moved(stream, entries)
    if moved:
        return moved
    found: list[Finding] = []
    previous, expected = GENESIS, 1
    for entry in entries:
        if entry.seq > expected:
            gone = f"{expected}" if entry.seq == expected + 1 else f"{expected} to {entry.seq - 1}"
            found.append(
                _fault(Kind.DELETED_INSIDE, stream, expected, f"event {gone} is missing", "completeness")
            )
        elif link(entry, entry.prev_hash) != entry.hash:
            found.append(_fault(Kind.EDITED, stream, entry.seq, "it is not what its hash was made of"))
        elif entry.prev_hash != previous:
            before = max(1, entry.seq - 1)
            found.append(
                _fault(Kind.EDITED, stream, before, f"event {entry.seq} was chained to another one there")
            )
        previous, expected = entry.hash, entry.seq + 1
    return found


def _moved(stream: str, entries: list[Entry]) -> list[Finding]:
    """Events whose hash fits another sequence number than the one they have."""
    numbers = {entry.hash: entry.seq for entry in entries}
    shifts: list[tuple[int, int]] = []
    for entry in entries:
        if link(entry, entry.prev_hash) == entry.hash:
            continue
        nearby = numbers.get(entry.prev_hash, 0)
        for seq in {entry.seq - 1, entry.seq + 1, nearby + 1, nearby, nearby + 2}:
            if seq > 0 and link(entry._replace(seq=seq), entry.prev_hash) == entry.hash:
                shifts.append((entry.seq, seq))
                break
    if not shifts:
        return []
    first, origin = shifts[0]
    if {now for now, _ in shifts} == {before for _, before in shifts}:
        places = ", ".join(str(now) for now, _ in shifts[:5])
        return [_fault(Kind.REORDERED, stream, first, f"events {places} exchanged their places")]
    if origin < first:
        return [
            _fault(Kind.INSERTED, stream, first - 1, "an event was put in here, and those behind it moved")
        ]
    gone = "an event was taken out here, and those behind it moved"
    return [_fault(Kind.DELETED_INSIDE, stream, first, gone, "completeness")]


def _fault(kind: str, stream: str, seq: int, message: str, *also: str) -> Finding:
    against = (*_AGAINST_CHAIN, *also)
    return Finding(kind, f"{stream}#{seq}: {message}", against, stream=stream, seq=seq)  # pyright: ignore[reportArgumentType]


# --- what checkpoints say of it -----------------------------------------------------------------------------


def _against_heads(stream: str, entries: list[Entry], held: list[Head]) -> list[Finding]:
    """A chain that is whole in itself, against what was signed of it while it grew."""
    if not held:
        return []
    final = held[-1]
    if not entries:
        gone = f"{stream}: the whole stream is gone; it had {final.last} events"
        return [Finding(Kind.RUN_DELETED, gone, _LOST, stream=stream, seq=1)]
    good, bad = 0, None
    for head in held:
        if head.last > len(entries) or _hash(entries[head.last - 1]) != head.hash:
            bad = head
            break
        good = head.last
    if bad is None:
        return []
    if bad.last > len(entries):
        return [_shortened(stream, entries, held, good)]
    return [_rewritten(stream, entries, held, bad, good)]


def _shortened(stream: str, entries: list[Entry], held: list[Head], good: int) -> Finding:
    """Fewer events than were signed: the end is missing, or something before it."""
    final, last = held[-1], entries[-1]
    if len(entries) > good and mark_of(last) == final.mark:
        message = f"{stream}: {final.last - len(entries)} of events {good + 1} to {final.last} were taken out"
        return Finding(Kind.DELETED_INSIDE, message, _LOST, stream=stream, seq=good + 1)
    message = f"{stream}: it ends at {len(entries)}, and event {final.last} was signed"
    return Finding(Kind.TRUNCATED, message, _LOST, stream=stream, seq=len(entries) + 1)


def _rewritten(stream: str, entries: list[Entry], held: list[Head], bad: Head, good: int) -> Finding:
    """As many events as were signed, and not those: told apart by their marks, which prove nothing further."""
    if held[-1].last > len(entries):
        message = (
            f"{stream}: of events {good + 1} to {held[-1].last} some were taken out and the rest chained anew"
        )
        return Finding(Kind.DELETED_INSIDE, message, _LOST, stream=stream, seq=good + 1)
    final = held[-1]
    total, weighted = sum(head.sum for head in held), sum(head.weighted for head in held)
    marks = [mark_of(entry) for entry in entries[: final.last + 1]]
    sums = [0, *accumulate(marks)]
    place = f"{stream}: events {good + 1} to {bad.last}"

    def finding(kind: str, seq: int, message: str) -> Finding:
        return Finding(kind, message, _AGAINST_HELD, stream=stream, seq=seq)

    if agree(sums[final.last], total):
        turned = sum(seq * its for seq, its in enumerate(marks[: final.last], 1))
        if agree(turned, weighted):
            return finding(Kind.EDITED, good + 1, f"{place} say something else than what was signed")
        return finding(Kind.REORDERED, good + 1, f"{place} are in another order than when they were signed")
    for seq in range(good + 1, len(marks) + 1):
        if len(marks) > final.last and agree(sums[len(marks)] - marks[seq - 1], total):
            return finding(Kind.INSERTED, seq, f"{stream}#{seq}: it was not there when this was signed")
    if final.last > good + 1 and marks[final.last - 2] == final.mark:
        message = f"{place} are not complete: something was taken out, and more was written behind"
        return Finding(Kind.DELETED_INSIDE, message, _LOST, stream=stream, seq=good + 1)
    return finding(Kind.EDITED, good + 1, f"{place} are not those that were signed")


def _hash(entry: Entry) -> str:
    return base64.b64encode(entry.hash).decode()
