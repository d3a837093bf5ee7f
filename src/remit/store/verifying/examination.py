"""The examination of a log: events come in one by one, in the order of its leaves; where something is wrong the suspect
streams come a second time; then there is a report. Where events come from is the caller's business.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from .chains import Chains, explain
from .evidence import Evidence
from .held import Held
from .judging import judge
from .keys import Signers, first_of
from .receipts import Receipts
from .restores import EVENT, Losses
from .state import State
from .tree import EMPTY_ROOT, Frontier, leaf_hash, root_by_inclusion
from .verdicts import Finding, Kind, Report

if TYPE_CHECKING:
    from .entries import Entry
    from .notes import Checkpoint, PublicKey
    from .outline import Outline
    from .restores import Restore

LISTED_AT_MOST = 100


class Examination:
    """One look at one log."""

    def __init__(self, outline: Outline, held: Held | None = None, key: PublicKey | None = None) -> None:
        self._outline = outline
        newest = max((checkpoint.size for checkpoint in outline.checkpoints), default=0)
        held = held.until(outline.made_at, newest) if held is not None else None
        trusted = [key] if key is not None else _signers_of(outline, held)
        self._signers = Signers(outline.introductions, trusted)
        self._restores = [each for each in outline.restores if outline.whole and self._believes(each)]
        self._named: set[str] = set()
        """The places at which the log says that it was restored."""
        self._losses = Losses(self._restores, held.records if held is not None else ())
        held = held.without(self._is_lost) if held is not None else None
        self._held = held
        self._frontier = Frontier()
        self._roots: dict[int, bytes] = {}
        self._sizes = {checkpoint.size for checkpoint in outline.checkpoints}
        self._sizes |= {record.checkpoint.size for record in held.records} if held else set()
        self._sizes |= {each.agreed for each in self._restores}
        self._chains = Chains()
        self._receipts = Receipts()
        self._state = State(outline.tables)
        self._heads = held.heads_of() if held else {}
        self._wanted = {stream: {h.last: h.hash for h in heads} for stream, heads in self._heads.items()}
        self._proven: dict[tuple[str, int], bytes] = {(p.stream, p.seq): b"" for p in outline.proofs}
        self._off: set[str] = set()
        self._again: dict[str, list[Entry]] = {}
        self._extra: list[Finding] = []
        self.events = 0

    def take(self, entry: Entry) -> None:
        """The next event."""
        self.events += 1
        if self._outline.whole:
            self._frontier.append(leaf_hash(entry.hash))
            if self.events in self._sizes:
                self._roots[self.events] = self._frontier.root()
        elif (entry.stream, entry.seq) in self._proven:
            self._proven[entry.stream, entry.seq] = entry.hash
        wanted = self._wanted.get(entry.stream)
        if wanted is not None:
            digest = wanted.pop(entry.seq, None)
            if digest is not None and digest != base64.b64encode(entry.hash).decode():
                self._off.add(entry.stream)
        if entry.kind == EVENT:
            self.name(entry.path)
        if self._restores:
            self._losses.take(entry)
        self._chains.take(entry)
        self._receipts.take(entry)
        self._state.take(entry.stream, entry.seq, entry.at, entry.kind, entry.path)

    def name(self, place: str) -> None:
        """An event of the log names the restore that is declared there."""
        self._named.add(place)

    def contradicted(self) -> tuple[tuple[int, bytes], list[Checkpoint]]:
        """Up to which size the log is what the reader holds, and its root there; and the held checkpoints that it does
        not lead to, the smallest first.
        """
        held = [record.checkpoint for record in self._held.records] if self._held is not None else []
        off = [each for each in held if self._roots.get(each.size) != each.root]
        good = [each for each in held if each not in off and (not off or each.size < off[0].size)]
        return ((good[-1].size, good[-1].root) if good else (0, EMPTY_ROOT)), off

    def note(self, finding: Finding) -> None:
        """Something that only the caller could see, such as content that does not fit its commitment."""
        self._extra.append(finding)

    def suspects(self) -> set[str]:
        """The streams that have to be looked at again; every event was taken."""
        self._chains.close()
        missing = {stream for stream, wanted in self._wanted.items() if wanted}
        if not self._outline.whole:
            missing &= self._chains.ends().keys()
        found = self._chains.suspects | self._off | missing
        self._again = {stream: [] for stream in found}
        return found

    def look(self, entry: Entry) -> None:
        """An event of a suspect stream, once more."""
        if entry.stream in self._again:
            self._again[entry.stream].append(entry)

    def report(self) -> Report:
        """What came out."""
        outline = self._outline
        named = [
            finding for stream in sorted(self._again)
            for finding in explain(stream, self._again[stream], self._heads.get(stream, []))
        ]  # fmt: skip
        ends = self._chains.ends()
        evidence = Evidence(
            outline, self._held, self._signers, self.events, ends, self._roots, self._unproven(), named,
            sorted(self._again), self._heads,
        )  # fmt: skip
        found = [*outline.findings, *self._extra, *(self._held.findings if self._held else ())]
        found += self._declared()
        found += self._receipts.findings()
        found += self._state.findings(self._receipts.runs, ends, whole=outline.whole)
        report = judge(evidence, found)
        report.keys = [key.text for key in self._signers.accepted.values()]
        report.left_out = max(0, len(report.findings) - LISTED_AT_MOST)
        report.findings = report.findings[:LISTED_AT_MOST]
        return report

    def _is_lost(self, checkpoint: Checkpoint) -> bool:
        return any(restore.disowns(checkpoint) for restore in self._restores)

    def _believes(self, restore: Restore) -> bool:
        return restore.origin == self._outline.origin and self._signers.of(restore.note) is not None

    def _declared(self) -> list[Finding]:
        """The restores that count; one that a stranger signed, or that the log does not know, speaks against it."""
        found: list[Finding] = []
        for each in self._outline.restores if self._outline.whole else ():
            named = each.place in self._named and self._believes(each)
            root = EMPTY_ROOT if not each.agreed else self._roots.get(each.agreed)
            found.append(each.unfounded(named=named, root=root) or each.finding())
        return found + self._losses.findings()

    def _unproven(self) -> list[Finding]:
        """Proofs of a part of a log that lead elsewhere than to its newest checkpoint."""
        if self._outline.whole or not self._outline.checkpoints:
            return []
        newest = self._outline.checkpoints[-1]
        found: list[Finding] = []
        for proof in self._outline.proofs:
            leaf = leaf_hash(self._proven[proof.stream, proof.seq])
            if root_by_inclusion(proof.leaf, newest.size, leaf, proof.path) != newest.root:
                said = f"{proof.stream}#{proof.seq}: the proof does not lead to the checkpoint of size {newest.size}"
                found.append(
                    Finding(Kind.EDITED, said, ("integrity",), "fail", proof.stream, proof.seq, newest.size)
                )
        return found


def _signers_of(outline: Outline, held: Held | None) -> list[PublicKey]:
    """Whom to believe where no key is named: whoever signed what the reader holds, else what the log says of itself."""
    if held is not None and held.records:
        keys = [introduction.key for introduction in outline.introductions]
        signed = held.records[-1].checkpoint.note, held.records[0].checkpoint.note
        return [key for key in keys if any(key.verifies(note) for note in signed)][:1]
    return first_of(outline.introductions)
