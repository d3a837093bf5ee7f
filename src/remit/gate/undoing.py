"""Undo of a run: its receipts backwards, each object taken back as a step of a run of its own, which survives crashes.

What cannot be taken back is named with its reason; earlier writes to the same object then stay as well, because
putting them back would jump over what stands in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from remit.domain import errors
from remit.domain.action_errors import CannotUndo
from remit.domain.effects import Effect
from remit.domain.errors import Refused, Rejected, TimedOut
from remit.domain.event import object_of
from remit.domain.events import StepAbsent, StepClaimed, StepDone, StepFailed
from remit.domain.tools import Undo
from remit.engine.flow import Flow
from remit.engine.step import Step
from remit.engine.stepping import perform
from remit.gate.containment.watched import Watched
from remit.gate.memory.undo import MemoryUndo, undo_given, undo_step
from remit.gate.receipts import receipts_of
from remit.gate.undo_passage import UndoPassage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.tools import ObjectImage, Receipt
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.log import Log
    from remit.tools.tool import Tool

FLOW = "remit.undo"
BLOCKED = "a later write to the same object could not be taken back"


@dataclass(frozen=True, slots=True)
class PlannedUndo:
    """One receipt, and what undo would do about it."""

    path: str
    tool: str
    objects: tuple[str, ...]
    at: int
    possible: bool
    exact: bool = True
    why: str = ""
    """Why not, or why not exactly."""


async def plan(parts: GateParts, log: Log, run: str) -> list[tuple[Receipt, PlannedUndo]]:
    """The receipts of a run, the newest first, with what can be done about each."""
    receipts = await receipts_of(log, run)
    return [(receipt, _planned(parts, receipt)) for receipt in reversed(receipts)]


def _planned(parts: GateParts, receipt: Receipt) -> PlannedUndo:
    tool = parts.registry.find(receipt.tool) if receipt.kind == "tool" else None
    objects = tuple(image.object for image in receipt.images)
    why = receipt.best_effort if receipt.kind == "memory" else _why_not(tool, receipt)
    exact = not receipt.best_effort
    return PlannedUndo(
        receipt.path,
        receipt.tool,
        objects,
        receipt.at,
        not why,
        exact and not why,
        why or receipt.best_effort,
    )


def _why_not(tool: Tool | None, receipt: Receipt) -> str:
    if tool is None:
        return "this workspace does not have the tool any more"
    if tool.manifest.effect is Effect.IRREVERSIBLE:
        return "it is irreversible"
    if tool.manifest.undo is Undo.NONE:
        return tool.manifest.best_effort or "the tool does not say how it is undone"
    if not receipt.captured:
        return receipt.best_effort or "nothing was captured of how things stood before"
    return ""


class Undoing:
    """The flow that takes a run back."""

    def __init__(self, parts: GateParts, log: Log) -> None:
        self._parts = parts
        self._log = log

    def flow(self) -> Flow:
        """It, as a flow of this workspace."""

        async def undo(run: Any, target: str) -> dict[str, Any]:
            """Take back what a run did."""
            return await self.take_back(run.execution, run.actor, target)

        return Flow(undo, FLOW, "", "UTC")

    async def take_back(
        self, execution: Execution, actor: Actor, target: str, since: int = 0, only: Sequence[str] | None = None
    ) -> dict[str, Any]:  # fmt: skip
        """Take back what a run did since a time, or of that what stands at these places."""
        with execution.on_ground():
            found = await plan(self._parts, self._log, target)
        planned = [each for each in found if each[0].at >= since and (only is None or each[0].path in only)]
        done: list[dict[str, Any]] = []
        left: list[dict[str, Any]] = []
        blocked: set[str] = set()
        moved: dict[str, str] = {}
        for receipt, each in planned:
            if not each.possible:
                begun = _begun(execution, receipt)
                left.append({"path": each.path, "tool": each.tool, "why": f"{each.why}{begun}"})
                blocked.update(each.objects)
                continue
            told, failed = await self._take_back_one(execution, actor, receipt, blocked, moved)
            done.extend(told)
            left.extend(failed)
        return {"run": target, "undone": done, "left": left}

    async def _take_back_one(
        self, execution: Execution, actor: Actor, receipt: Receipt, blocked: set[str], moved: dict[str, str]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        done: list[dict[str, Any]] = []
        left: list[dict[str, Any]] = []
        images = tuple(reversed(receipt.images))
        for image in images:
            place = {"path": receipt.path, "tool": receipt.tool, "object": image.object}
            if image.object in blocked:
                left.append({**place, "why": BLOCKED})
                continue
            now = replace(image, object=moved.get(image.object, image.object))
            try:
                told = await self._step(execution, actor, receipt, now, image.object)
                told = told or {"object": now.object, "undone": True}  # a person said that it is
            except (Refused, Rejected, errors.StepFailed, TimedOut) as wrong:
                blocked.add(image.object)
                left.append(
                    {
                        **place,
                        "why": reason_of(wrong),
                        "difference": wrong.detail and difference_of(wrong.detail),
                    }
                )
                continue
            if "now" in told:
                moved[image.object] = told["now"]
            done.append({**place, **told})
        return done, left

    async def _step(
        self, execution: Execution, actor: Actor, receipt: Receipt, image: ObjectImage, known_as: str
    ) -> dict[str, Any]:
        if receipt.kind == "memory":
            undo = MemoryUndo(self._parts, actor, execution, receipt, image)
            return await perform(execution, undo_step(receipt), undo_given(receipt, image), {}, Watched(undo))
        tool = self._parts.registry.find(receipt.tool)
        if tool is None:
            raise CannotUndo(f"this workspace does not have {receipt.tool} any more.")
        step = Step(
            _acts,
            effect=Effect.WRITE,
            name=f"undo.{receipt.tool}",
            timeout=tool.manifest.timeout,
            reconcile=_acts,
        )
        passage = UndoPassage(self._parts, actor, tool, receipt, image, known_as=known_as)
        return await perform(execution, step, (receipt.path, image.object), {}, Watched(passage))


async def _acts(path: str, name: str) -> object:
    raise AssertionError(path, name)  # the admission performs it


def _begun(execution: Execution, receipt: Receipt) -> str:
    """What an earlier life of this undo had begun, and nobody can look into any more; empty if it had not."""
    objects: list[str] = []
    for entries in execution.journal.at_path.values():
        claimed = next((each.event for each in entries if isinstance(each.event, StepClaimed)), None)
        detail = object_of(claimed.detail) if claimed is not None else {}
        if detail.get("undoes") != {"run": receipt.run, "path": receipt.path}:
            continue
        if not isinstance(entries[-1].event, StepDone | StepFailed | StepAbsent):
            objects.append(str(detail.get("object")))
    if not objects:
        return ""
    return (
        f"; taking back {', '.join(objects)} had begun when this undo was interrupted, and without the tool nobody"
        " can tell whether it took place: look there, and put it right by hand"
    )


def reason_of(wrong: Any) -> str:
    """Why something could not be taken back, without the words around it."""
    return getattr(wrong, "reason", "") or wrong.message


def difference_of(detail: Any) -> Sequence[Any]:
    """The three states, where somebody changed it since."""
    why = object_of(detail).get("why", detail)
    return cast("Sequence[Any]", why) if isinstance(why, list) else ()
