"""Receipts: the writes of a run as its log tells them, and the index that says who touched an object since (S27)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import CannotUndo
from remit.domain.event import object_of
from remit.domain.events import StepClaimed, StepDone
from remit.domain.tools import ObjectImage, Receipt
from remit.engine.outside import run_stream
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.engine.execution import Execution
    from remit.store.database import Database
    from remit.store.keys import KeyRing
    from remit.store.log import Entry, Log


async def receipts_of(log: Log, run: str) -> list[Receipt]:
    """The writes of a run that took place, the oldest first."""
    entries, _ = await log.read(run_stream(run), lenient=True)
    return list(_found(run, entries))


def _found(run: str, entries: Iterable[Entry]) -> Iterable[Receipt]:
    claims: dict[str, StepClaimed] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, StepClaimed):
            claims[entry.path] = event
        elif isinstance(event, StepDone) and entry.path in claims:
            claim = claims.pop(entry.path)
            said = object_of(claim.detail)
            if "arguments" in said and "undoes" not in said:
                yield _receipt(run, entry, claim, event)
        elif isinstance(event, StepDone) and _wrote_memory(run, object_of(event.detail)):
            yield _memory_receipt(run, entry, event)


def _receipt(run: str, entry: Entry, claim: StepClaimed, done: StepDone) -> Receipt:
    said, outcome = object_of(claim.detail), object_of(done.detail)
    edited = object_of(outcome.get("edited"))
    return Receipt(
        run, entry.path, done.name, str(said.get("tool_digest", "")),
        object_of(edited.get("arguments") or said["arguments"]), done.result,
        tuple(msgspec.convert(image, ObjectImage) for image in outcome.get("images", ())),
        str(outcome.get("best_effort", "")), claim.key, entry.at, "images" in outcome,
    )  # fmt: skip


def _wrote_memory(run: str, detail: dict[str, Any]) -> bool:
    """Whether this step really wrote to memory, in this very run; a fork has its original's past."""
    about = object_of(detail.get("memory"))
    wrote = "images" in detail or "withheld" in detail
    return wrote and about.get("run") == run and "rehearsed" not in detail


def _memory_receipt(run: str, entry: Entry, done: StepDone) -> Receipt:
    detail = object_of(done.detail)
    about = object_of(detail["memory"])
    images = tuple(msgspec.convert(image, ObjectImage) for image in detail.get("images", ()))
    why = str(detail.get("withheld", ""))
    return Receipt(
        run, entry.path, done.name, "", about, done.result, images, why, "", entry.at, not why, kind="memory"
    )  # fmt: skip


def touched(keys: KeyRing, execution: Execution, path: str, images: Iterable[ObjectImage]) -> list[Op]:
    """What is committed with a receipt: these objects were touched, by this step, now."""
    row = execution.row
    return [
        Op("receipts.add", (row.team, tag_of(keys, row.team, image.object), row.id, path, execution.now()))
        for image in images
    ]


async def touched_since(
    database: Database,
    keys: KeyRing,
    team: str,
    receipt: Receipt,
    image: ObjectImage,
    but: Sequence[str] = (),
) -> str:
    """The run that touched an object after this receipt, if another one did and that still stands."""
    rows = await database.fetch(
        "receipts.later", team, tag_of(keys, team, image.object), receipt.run, receipt.at
    )
    return next((str(row[0]) for row in rows if row[0] not in but), "")


class Standing:
    """One object of a receipt, as undo finds it in the index and leaves it there: it is taken back once, whoever tries
    and however often, even where its state does not show it.
    """

    def __init__(self, keys: KeyRing, team: str, receipt: Receipt, name: str) -> None:
        self._place = (receipt.run, receipt.path, tag_of(keys, team, name))
        self._name = name
        self._known = False

    async def look(self, database: Database, run: str) -> str:
        """The run that took it back, if one did; raises `CannotUndo` while another one has it in hand."""
        rows = await database.fetch("receipts.state", *self._place)
        self._known = bool(rows)
        by, taking = rows[0] if rows else ("", None)
        if taking and taking != run:
            raise CannotUndo(
                f"{self._name} is being taken back by {taking} at this moment.", f"See: remit show {taking}"
            )
        return by

    def take(self, run: str) -> list[Op]:
        """What is committed with the claim: it is this run's to take back."""
        return [Op("receipts.take", (*self._place, run), one=True)] if self._known else []

    def let_go(self, run: str) -> list[Op]:
        """It could not be taken back."""
        return [Op("receipts.let_go", (*self._place, run))] if self._known else []

    def taken_back(self, run: str, at: int) -> Op:
        """What is committed with the outcome: it does not stand any more."""
        return Op("receipts.take_back", (*self._place, run, at))


def tag_of(keys: KeyRing, team: str, name: str) -> str:
    """An object in the index: its name is content, so it is keyed (S7)."""
    return keys.tag(f"object|{team}|{name}")
