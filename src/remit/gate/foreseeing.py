"""What undo would do, as things stand now: every object that a run wrote is looked at, and nothing is put back.

It is a run of its own, because it reads through the gate: each look is decided, journaled and labelled like any other.
Nobody is asked for consent here; who would be asked is said.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionAdmitted
from remit.domain.decisions import Outcome
from remit.domain.effects import Effect
from remit.domain.errors import Refused, Rejected, StepFailed, TimedOut
from remit.engine.flow import Flow
from remit.engine.step import Step
from remit.engine.stepping import perform
from remit.gate.memory.undo import MemoryUndo
from remit.gate.steps import READ_SECONDS
from remit.gate.undo_passage import UndoPassage
from remit.gate.undoing import BLOCKED, difference_of, plan, reason_of

if TYPE_CHECKING:
    from remit.domain.budgets import Amount
    from remit.domain.tools import ObjectImage, Receipt
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.log import Log

FLOW = "remit.undo_preview"
_UNSEEN: Any = object()


class Foreseeing:
    """The flow that looks."""

    def __init__(self, parts: GateParts, log: Log) -> None:
        self._parts = parts
        self._log = log

    def flow(self) -> Flow:
        """It, as a flow of this workspace."""

        async def foresee(run: Any, target: str) -> list[dict[str, Any]]:
            """Say what undo of a run would do now."""
            return await self._foresee(run.execution, run.actor, target)

        return Flow(foresee, FLOW, "", "UTC")

    async def _foresee(self, execution: Execution, actor: Actor, target: str) -> list[dict[str, Any]]:
        with execution.on_ground():
            planned = await plan(self._parts, self._log, target)
        before = Counter(image.object for receipt, _ in planned for image in receipt.images)
        blocked: set[str] = set()
        states: dict[str, Any] = {}
        found: list[dict[str, Any]] = []
        for receipt, each in planned:
            said = {"path": each.path, "tool": each.tool, "at": each.at, "exact": each.exact, "why": each.why}
            if not each.possible:
                found.append({**said, "objects": list(each.objects), "possible": False})
                blocked.update(each.objects)
                continue
            for image in reversed(receipt.images):
                before[image.object] -= 1
                place = {**said, "objects": [image.object], "possible": image.object not in blocked}
                if image.object in blocked:
                    found.append({**place, "exact": False, "why": BLOCKED})
                    continue
                known = states.get(image.object, _UNSEEN)
                told = await self._look(execution, actor, receipt, image, known)
                if told.pop("possible"):
                    states[image.object] = told.pop("state")
                    found.append({**place, **told})
                else:
                    blocked.add(image.object)
                    found.append({**place, "possible": False, "exact": False, **told})
        return found

    async def _look(
        self, execution: Execution, actor: Actor, receipt: Receipt, image: ObjectImage, known: Any
    ) -> dict[str, Any]:
        """One object: whether it can be put back, by how it stands now or will after what is undone before it."""
        try:
            if receipt.kind == "memory":
                memory = MemoryLook(self._parts, actor, execution, receipt, image)
                return await perform(execution, _step(receipt), (receipt.path, image.object), {}, memory)
            tool = self._parts.registry.get(receipt.tool)
            look = UndoLook(self._parts, actor, tool, receipt, image)
            look.known = known
            return await perform(execution, _step(receipt), (receipt.path, image.object), {}, look)
        except (Refused, Rejected, StepFailed, TimedOut) as wrong:
            return {
                "possible": False,
                "why": reason_of(wrong),
                "difference": list(difference_of(wrong.detail)),
            }


class UndoLook(UndoPassage):
    """The look before an undo, and no undo."""

    known: Any = _UNSEEN
    """How the object stands after what is undone before, if anything is."""
    asks = ""

    async def settle(self, execution: Execution, call: Placed) -> None:
        """May it be undone at all? Who would be asked first, is only said."""
        await self.enter(execution)
        decision = self._decide(execution.now())
        if decision.outcome is Outcome.ASK and decision.requirement is not None:
            self.asks = decision.requirement.group
        detail = self.facts() | {"undoes": {"run": self._receipt.run, "path": self._receipt.path}}
        execution.note(ActionAdmitted(call.step.name, call.digest, detail), call.path)

    async def reserve(self, execution: Execution, most: Amount) -> None:
        """It is on nobody's budget."""
        del execution, most

    @property
    def consumes(self) -> bool:
        """It changes nothing."""
        return False

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """What was seen."""
        del args, idempotency_key
        comparison = self._comparison
        assert comparison is not None  # noqa: S101 - made when it was let pass
        return {"possible": True, "done": comparison.done, "asks": self.asks, "state": comparison.wanted}

    async def _current(self) -> tuple[Any, str]:
        return await super()._current() if self.known is _UNSEEN else (self.known, "")


class MemoryLook(MemoryUndo):
    """The same for what is remembered."""

    @property
    def consumes(self) -> bool:
        """It changes nothing."""
        return False

    async def settle(self, execution: Execution, call: Placed) -> None:
        """May it be undone at all? Nobody is asked."""
        await self.enter(execution)
        self._decide(execution.now())
        execution.note(ActionAdmitted(call.step.name, call.digest, self.action()), call.path)

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """What was seen."""
        del args, idempotency_key
        return {"possible": True, "done": self._comparison.done, "asks": "", "state": self._comparison.wanted}


def _step(receipt: Receipt) -> Step:
    return Step(_look, effect=Effect.READ, name=f"look.{receipt.tool}", timeout=READ_SECONDS)


async def _look(path: str, name: str) -> object:
    raise AssertionError(path, name)  # the admission performs it
