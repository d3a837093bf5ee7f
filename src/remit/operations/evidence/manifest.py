"""What is signed about a pack: the digest of each of its files. And how a pack is judged by whoever was handed it: by
its files and a key alone, without the log.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.event import object_of
from remit.store.verifying.notes import Checkpoint, MalformedNote, Note, PublicKey
from remit.store.verifying.tree import leaf_hash, root_by_inclusion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MANIFEST = "manifest.txt"
DATA = "evidence.json"
PAGE = "evidence.html"
_HEAD = "remit evidence pack"
_DIGEST = re.compile(r"^sha256 ([0-9a-f]{64}) (\S+)$", re.MULTILINE)
_MOST_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Judged:
    """What there is to say of a pack."""

    outcome: str
    """`pass`, `fail` or, without a key to trust, `inconclusive`."""
    signer: str
    files: int
    proofs: int
    """Citations whose proof leads to the checkpoint."""
    faults: list[str]


def manifest_text(origin: str, framework: str, at: int, files: Mapping[str, bytes]) -> str:
    """The text that is signed."""
    lines = [_HEAD, f"origin {origin}", f"framework {framework}", f"time {at}"]
    lines += [f"sha256 {hashlib.sha256(body).hexdigest()} {name}" for name, body in sorted(files.items())]
    return "\n".join(lines) + "\n"


def judge(folder: Path, trusted: PublicKey | None) -> Judged:
    """Hold the files of a pack against its manifest, and its citations against its checkpoint."""
    faults: list[str] = []
    try:
        note = Note.parse((folder / MANIFEST).read_text("utf-8"))
    except (MalformedNote, UnicodeDecodeError) as wrong:
        return Judged("fail", "", 0, 0, [f"{MANIFEST} is no signed note: {wrong}"])
    lines = note.text.splitlines()
    named = _DIGEST.findall(note.text)
    if lines[:1] != [_HEAD] or DATA not in {name for _, name in named}:
        faults.append(f"{MANIFEST} is not that of an evidence pack")
    faults += [fault for digest, name in named if (fault := _altered(folder, name, digest))]
    if trusted is not None and not trusted.verifies(note):
        faults.append("the manifest was not signed by the key that you trust")
    proofs = 0
    if not faults:
        proofs, wrong = _proofs(json.loads((folder / DATA).read_text("utf-8")))
        faults += wrong
    outcome = "fail" if faults else "pass" if trusted is not None else "inconclusive"
    return Judged(outcome, ", ".join(name for name, *_ in note.signatures), len(named), proofs, faults)


def _altered(folder: Path, name: str, digest: str) -> str:
    file = folder / name
    if file.name != name or file.is_symlink() or not file.is_file() or file.stat().st_size > _MOST_BYTES:
        return f"{name} is missing"
    same = hashlib.sha256(file.read_bytes()).hexdigest() == digest
    return "" if same else f"{name} is not what was signed"


def _proofs(said: dict[str, Any]) -> tuple[int, list[str]]:
    cited = list(_cited(said))
    with_proof = [each for each in cited if each.get("proof") is not None]
    if not with_proof:
        return 0, []
    try:
        newest = Checkpoint.parse(str(said.get("checkpoint", "")))
        wrong = [each["event"] for each in with_proof if not _leads(each, newest)]
    except (MalformedNote, KeyError, TypeError, ValueError, binascii.Error) as broken:
        return 0, [f"the proofs cannot be read: {broken}"]
    return len(with_proof) - len(wrong), [f"{event} is not under the checkpoint" for event in wrong]


def _leads(cited: dict[str, Any], newest: Checkpoint) -> bool:
    path = [base64.b64decode(node, validate=True) for node in cited["proof"]]
    leaf = leaf_hash(bytes.fromhex(cited["hash"]))
    return root_by_inclusion(cited["leaf"], newest.size, leaf, path) == newest.root


def _cited(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in said.get("rows", []):
        for answer in object_of(row).get("answers", []):
            for seen in object_of(answer).get("events", []):
                yield from object_of(seen).get("cited", [])
