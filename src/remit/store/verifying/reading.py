"""A folder that an export wrote: its lines as values. It believes nothing; what cannot be read is a finding or an error
that names the file.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .decisions import Decisions
from .entries import Entry
from .examination import Examination
from .held import Held
from .keys import Introduction
from .notes import MalformedNote, PublicKey
from .outline import FORMAT, Outline, Proof, Step
from .verdicts import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .verdicts import Report

_b64 = base64.b64decode


class NotAnExport(ValueError):
    """The folder holds no export, or one that this verifier is too old for."""


def verify(folder: Path, anchor: Path | None = None, key: str = "") -> Report:
    """Examine an exported log; with an anchor, against what the reader holds; with a key, against that one alone."""
    outline = read_outline(folder)
    examination = Examination(outline, Held.read(anchor) if anchor is not None else None, key_of(key))
    decisions = Decisions()
    commitments, silent = _check_content(folder, examination, decisions)
    outline.unreadable = len(silent)
    for entry in entries(folder):
        if outline.has_content and entry.place not in commitments and entry.place not in silent:
            said = f"{entry.place}: its content was left out, and nobody says why"
            examination.note(
                Finding(Kind.NOT_COVERED, said, ("completeness",), "fail", entry.stream, entry.seq)
            )
        undecided = decisions.take(entry)
        if undecided is not None:
            examination.note(undecided)
        if entry.place in commitments and commitments[entry.place] != entry.commitment:
            said = f"{entry.place}: its content is not what it was committed to"
            examination.note(Finding(Kind.EDITED, said, ("integrity",), "fail", entry.stream, entry.seq))
        examination.take(entry)
    suspects = examination.suspects()
    if suspects:
        for entry in entries(folder):
            examination.look(entry)
    return examination.report()


def entries(folder: Path) -> Iterator[Entry]:
    """Every event, in the order of the leaves."""
    loads = json.loads
    with (folder / "events.jsonl").open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                stream, seq, team, at, kind, path, key_id, commitment, before, digest = loads(line)
                yield Entry(
                    stream, seq, team, at, kind, path, key_id, _b64(commitment), _b64(before), _b64(digest)
                )
            except (ValueError, TypeError):
                raise NotAnExport(f"line {number} of {folder / 'events.jsonl'} is no event") from None


def read_outline(folder: Path) -> Outline:
    """Everything but the events."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        if manifest["format"] != FORMAT:
            raise NotAnExport(
                f"{folder} has format {manifest['format']}; this verifier reads format {FORMAT}"
            )
        outline = Outline(str(manifest["origin"]), str(manifest["scope"]), int(manifest["made_at"]))
        outline.add_checkpoints([(row["size"], row["note"]) for row in _lines(folder / "checkpoints.jsonl")])
        _read_keys(folder, outline)
        outline.add_restores(row["note"] for row in _lines(folder / "restores.jsonl"))
        outline.proofs = [
            Proof(row["stream"], row["seq"], row["leaf"], [_b64(node) for node in row["path"]])
            for row in _lines(folder / "proofs.jsonl")
        ]
        outline.steps = [
            Step(row["first"], row["second"], [_b64(node) for node in row["path"]])
            for row in _lines(folder / "consistency.jsonl")
        ]
    except FileNotFoundError as missing:
        raise NotAnExport(
            f"{folder} is no export of a log: it has no {Path(missing.filename).name}"
        ) from None
    except (ValueError, KeyError, TypeError) as wrong:
        if isinstance(wrong, NotAnExport):
            raise
        raise NotAnExport(f"{folder} is no export of a log: {type(wrong).__name__} {wrong}") from None
    outline.has_content = (folder / "content.jsonl").is_file()
    tables = folder / "state"
    if tables.is_dir():
        outline.tables = {path.stem: list(_lines(path)) for path in sorted(tables.glob("*.jsonl"))}
    return outline


def _read_keys(folder: Path, outline: Outline) -> None:
    for row in _lines(folder / "keys.jsonl"):
        try:
            outline.introductions.append(Introduction(row["introduction"]))
        except MalformedNote as wrong:
            outline.malformed(f"a key of the log is malformed: {wrong}")


def _check_content(
    folder: Path, examination: Examination, decisions: Decisions
) -> tuple[dict[str, bytes], set[str]]:
    """The commitments that the exported contents have, by place; and where it is said that there is none any more."""
    found: dict[str, bytes] = {}
    silent: set[str] = set()
    for row in _lines(folder / "content.jsonl"):
        place = f"{row['stream']}#{row['seq']}"
        if place in found or place in silent:  # whoever reads the file may go by the other one
            said = f"{place}: its content is given twice"
            examination.note(Finding(Kind.EDITED, said, ("integrity",), "fail", row["stream"], row["seq"]))
        if "unreadable" in row:
            said = f"{place}: its content cannot be opened: {row['unreadable']}"
            examination.note(Finding(Kind.EDITED, said, ("integrity",), "fail", row["stream"], row["seq"]))
            silent.add(place)
        elif "content" not in row:
            silent.add(place)
        else:
            decisions.read(place, row["content"])
            content = row["content"].encode("utf-8", "surrogatepass")
            found[place] = hashlib.sha256(_b64(row["salt"]) + content).digest()
    return found, silent


def key_of(text: str) -> PublicKey | None:
    """The key that is named: as text, or by a file that holds it."""
    if not text:
        return None
    try:
        return PublicKey.parse(Path(text).read_text("utf-8") if Path(text).is_file() else text)
    except MalformedNote as wrong:
        raise NotAnExport(str(wrong)) from None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
