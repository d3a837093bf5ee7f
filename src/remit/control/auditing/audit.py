"""What can be asked about the evidence: make a checkpoint, export, verify, show the proof of an event, replace the key
that signs. It needs no code of the workspace.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.control.runs.inspection import find
from remit.control.runs.naming import doubt
from remit.domain.errors import InvalidInput, Refused, StoreReadOnly, UnknownRun, WrongState
from remit.domain.evidence_errors import NotAnExport, UnknownEvent
from remit.domain.ids import worker_id
from remit.store.anchors.file import FileAnchor
from remit.store.anchors.opening import TOKEN, open_anchors
from remit.store.checkpointer import Checkpointer
from remit.store.exporting import CONTENT, RUN, Scope, export_content
from remit.store.exporting import export as write_export
from remit.store.exports import register_export
from remit.store.log_source import LogSource
from remit.store.merkle import Tree
from remit.store.signing import open_signer, origin_of
from remit.store.signing import rotate as rotate_key
from remit.store.verifying import reading
from remit.store.verifying.examination import Examination
from remit.store.verifying.held import Held
from remit.store.verifying.notes import Checkpoint, MalformedNote, PublicKey
from remit.store.verifying.tree import leaf_hash, root_by_inclusion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.store.verifying.verdicts import Report


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A signed checkpoint."""

    origin: str
    size: int
    at: int
    root: str
    key: str
    """The public key that checks it, as `remit audit verify --key` takes it."""
    note: str


@dataclass(frozen=True, slots=True)
class ExportView:
    """What an export wrote."""

    to: str
    scope: str
    events: int
    streams: int
    checkpoint: int
    """How many leaves its newest checkpoint covers."""
    contents: int
    shredded: int
    key: str


@dataclass(frozen=True, slots=True)
class EventProof:
    """That one event is under a signed checkpoint."""

    stream: str
    seq: int
    kind: str
    path: str
    at: int
    hash: str
    leaf: int
    size: int
    inclusion: list[str]
    note: str


def check_anchors(ground: Ground, anchors: Sequence[str]) -> None:
    """Raise `InvalidSetting` for an address that is none; nobody is contacted."""
    open_anchors(anchors, ground.workspace, os.environ.get(TOKEN, ""))


def checkpointer_of(ground: Ground, anchors: Sequence[str], seconds: float, name: str = "") -> Checkpointer:
    """The checkpointer of this process."""
    opened = open_anchors(anchors, ground.workspace, os.environ.get(TOKEN, ""))
    return Checkpointer(
        ground.database,
        ground.keys,
        ground.clock,
        opened,
        name=name or f"audit-{worker_id()}",
        seconds=seconds,
    )


async def checkpoint(ground: Ground, anchors: Sequence[str]) -> CheckpointView:
    """Sign what the log is now; where a worker does that, the newest that it made."""
    made = checkpointer_of(ground, anchors, 1.0)
    try:
        newest = await made.checkpoint()
    finally:
        await made.close()
    if newest is None:
        rows = await ground.database.fetch("evidence.newest")
        if not rows:
            raise WrongState("a worker is about to make the first checkpoint.", "Ask again in a second.")
        newest = Checkpoint.parse(rows[0][2])
    signer = await open_signer(ground.database, ground.keys, ground.clock)
    rows = await ground.database.fetch("evidence.of_size", newest.size)
    return CheckpointView(
        newest.origin, newest.size, newest.at, newest.root.hex(), signer.public.text, rows[0][0]
    )


async def export(ground: Ground, to: Path, scope: Scope, *, content: bool) -> ExportView:
    """Write the log, or a part, for somebody who has only these files."""
    if scope.run:
        scope = Scope(run=(await find(ground.database, scope.run)).id)
    why = await doubt(ground, "team", scope.team) if scope.team else ""
    if why:
        raise InvalidInput(
            f'there is nothing of "{scope.team}" to export: {why}.', "Leave --team out for all."
        )
    _make_room(to)
    signer = await open_signer(ground.database, ground.keys, ground.clock)
    async with ground.database.snapshot() as snapshot:
        source = await LogSource.of(snapshot, signer.origin)
        try:
            if content:  # known before the first byte is there: a shred that comes meanwhile finds it
                await register_export(
                    ground.database, ground.keys, "content", to / CONTENT,
                    team=ground.principal.team, by=ground.principal.id, at=ground.clock.now(),
                )  # fmt: skip
            exported = await write_export(source, to, scope, ground.clock.now())
            if content:
                await export_content(source, ground.database, ground.keys, to, exported)
        except OSError as wrong:
            raise StoreReadOnly(
                f"{to} cannot be written ({wrong.strerror}).", "Choose another place."
            ) from wrong
    return ExportView(
        str(to), scope.text, exported.events, len(exported.streams), source.size, exported.contents,
        exported.shredded, signer.public.text,
    )  # fmt: skip


def verify_export(folder: Path, anchor: Path | None, key: str) -> Report:
    """Judge an export by its files alone."""
    try:
        return reading.verify(folder, anchor, key)
    except reading.NotAnExport as wrong:
        raise NotAnExport(f"{wrong}.", "Name a folder that remit audit export wrote.") from None
    except OSError as wrong:
        raise NotAnExport(f"{wrong.filename or folder} cannot be read: {wrong.strerror}.") from None


async def verify_log(ground: Ground, anchor: Path | None, key: str, anchors: Sequence[str]) -> Report:
    """Judge the live database by the same rules; without a named anchor, by the file that the settings name."""
    held = held_by(ground, anchor, anchors)
    async with ground.database.snapshot() as snapshot:
        source = await LogSource.of(snapshot, await origin_of(ground.database))
        examination = Examination(await source.outline(), held, _key(key))
        async for entry in source.entries():
            examination.take(entry)
        if examination.suspects():
            async for entry in source.entries():
                examination.look(entry)
    return examination.report()


async def show(ground: Ground, place: str) -> EventProof:
    """The proof that an event is under the newest checkpoint."""
    stream, seq = await _place(ground, place)
    leaves: list[bytes] = []
    found: tuple[int, Any] | None = None
    async with ground.database.snapshot() as snapshot:
        source = await LogSource.of(snapshot, await origin_of(ground.database))
        number = 0
        async for entry in source.entries():
            if (entry.stream, entry.seq) == (stream, seq):
                found = (number, entry)
            if number < source.size:
                leaves.append(leaf_hash(entry.hash))
            number += 1
    if found is None:
        raise UnknownEvent(
            f"the log has no event {seq} in {stream}.", "Events are counted from 1 in each stream."
        )
    leaf, entry = found
    if leaf >= source.size:
        raise WrongState(f"{entry.place} is not under a checkpoint yet.", "Make one: remit audit checkpoint")
    newest = Checkpoint.parse(source.checkpoints[-1].note)
    path = Tree(leaves).inclusion(leaf)
    if root_by_inclusion(leaf, newest.size, leaf_hash(entry.hash), path) != newest.root:
        raise WrongState(
            f"{entry.place} is in the log, and not what its checkpoint was signed over.",
            "Find out what was changed: remit audit verify",
        )
    return EventProof(
        stream, seq, entry.kind, entry.path, entry.at, entry.hash.hex(), leaf, newest.size,
        [base64.b64encode(node).decode() for node in path], source.checkpoints[-1].note,
    )  # fmt: skip


async def rotate(ground: Ground) -> str:
    """Let a new key sign from here on, introduced by the one before; gives its public half."""
    return (await rotate_key(ground.database, ground.keys, ground.clock, ground.principal.id)).public.text


async def public_keys(ground: Ground) -> list[str]:
    """Every key that has signed, the first one first: who trusts it can follow to the others."""
    await open_signer(ground.database, ground.keys, ground.clock)
    return [row[1] for row in await ground.database.fetch("evidence.keys")]


def _make_room(to: Path) -> None:
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken = any(to.iterdir())
    except OSError as wrong:
        raise StoreReadOnly(f"{to} cannot be written ({wrong.strerror}).", "Choose another place.") from wrong
    if taken:
        raise Refused(f"{to} is not empty, and an export never overwrites anything.", "Name a new folder.")


def held_by(ground: Ground, anchor: Path | None, anchors: Sequence[str]) -> Held | None:
    """The checkpoints in a named file, or in the anchor of the settings; None where there are none."""
    if anchor is not None:
        try:
            return Held.read(anchor)
        except OSError as wrong:
            raise NotAnExport(f"the anchor {anchor} cannot be read: {wrong.strerror}.") from None
    files = [each for each in open_anchors(anchors, ground.workspace) if isinstance(each, FileAnchor)]
    return Held.read(files[0].path) if files and files[0].path.exists() else None


def _key(text: str) -> PublicKey | None:
    try:
        return reading.key_of(text)
    except (reading.NotAnExport, MalformedNote) as wrong:
        raise NotAnExport(f"{wrong}.", "A key looks like NAME+ID+KEY; see them: remit audit key") from None


async def _place(ground: Ground, text: str) -> tuple[str, int]:
    """`STREAM#SEQ`, where a run may be shortened as everywhere."""
    stream, mark, number = text.rpartition("#")
    if not mark or not number.isdecimal():
        raise UnknownEvent(
            f'"{text}" names no event.',
            "Say STREAM#NUMBER, such as run:r-7f3k#4, team:default#2 or workspace#1.",
        )
    if stream == "workspace" or stream.startswith("team:"):
        return stream, int(number)
    wanted = stream.removeprefix(RUN)
    try:
        return RUN + (await find(ground.database, wanted)).id, int(number)
    except UnknownRun:
        return RUN + wanted, int(number)
