"""Taking one object back, on its way: decided like any action, compared field by field, claimed, and put back only if
nobody has changed it since. A stranger's edit is never overwritten (S27).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import CannotUndo
from remit.domain.budgets import Amount
from remit.domain.decisions import AccessRequest
from remit.domain.effects import Absent, Happened
from remit.gate.difference import Comparison, compare
from remit.gate.nesting import Reachable
from remit.gate.passage import Passage
from remit.gate.receipts import Standing, touched_since
from remit.tools.binding import ToolContext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.tools import ObjectImage, Performed, Receipt
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.database import Op
    from remit.tools.tool import Tool


class UndoPassage(Passage):
    """One object of one receipt."""

    def __init__(
        self, parts: GateParts, actor: Actor, tool: Tool, receipt: Receipt, image: ObjectImage, *, known_as: str = ""
    ) -> None:  # fmt: skip
        """`known_as` is the object's name in the receipt, where it was made anew under another one since."""
        super().__init__(parts, actor)
        self._tool = tool
        self._receipt = receipt
        self._image = image
        self._standing = Standing(parts.keys, actor.team, receipt, known_as or image.object)
        self._before = ""
        """The run that took it back before, if one did."""
        self._comparison: Comparison | None = None
        self._precondition = ""
        self._context: ToolContext | None = None
        self._performed: Performed | None = None
        self._execution: Execution | None = None

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Decide, see whether anybody touched the object since, and look at it as it stands."""
        if self.fresh(number):
            return
        self.pipe.again()
        self._execution = execution
        await self.settle(execution, call)
        self._context = self._make_context(execution, call)
        with execution.on_ground():
            self._before = await self._standing.look(execution.services.database, execution.row.id)
        if self._before:
            self._comparison = Comparison(self._image.before, done=True)
        else:
            await self._compare(execution)
        self.pipe.passed("compare")
        await self.reserve(execution, Amount(calls=1))
        self.passed = number

    async def _compare(self, execution: Execution) -> None:
        with execution.on_ground():
            other = await touched_since(
                execution.services.database, self.parts.keys, execution.row.team, self._receipt, self._image
            )
        if other:
            raise CannotUndo(
                f"{self._image.object} was changed by {other} since; taking this back would undo that as well.",
                f"Undo that run first: remit undo {other}",
            )
        current, self._precondition = await self._current()
        self._comparison = compare(self._image, current)
        if self._comparison.conflicts:
            raise _conflict(self._image, self._comparison)

    @property
    def consumes(self) -> bool:
        """It writes."""
        return True

    def request(self) -> AccessRequest:
        """May this write be taken back?"""
        actor, manifest = self.actor, self._tool.manifest
        return AccessRequest(
            actor.user, actor.team, actor.agent, "undo", manifest.name,
            {"digest": manifest.digest, "kind": "tool"}, environment=self.parts.environment,
        )  # fmt: skip

    def card(self) -> dict[str, Any]:
        """What would be taken back."""
        return {"undo": self._tool.name, "object": self._image.object, "of": self._receipt.run}

    def _make_context(self, execution: Execution, call: Placed) -> ToolContext:
        manifest, row, actor = self._tool.manifest, execution.row, self.actor

        async def secret(name: str) -> str:
            return await self.parts.vault.give(name, manifest, row.id, actor.user)

        return ToolContext(
            row.id, call.path, actor.team, actor.user, actor.agent, key=f"undo-{self._receipt.key}",
            seconds=manifest.timeout, secret=secret if manifest.secrets else None,
        )  # fmt: skip

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Put it back, unless it is so already."""
        del args, idempotency_key
        self.pipe.again()
        comparison, context = self._comparison, self._context
        assert comparison is not None  # noqa: S101 - made when it was let pass
        assert context is not None  # noqa: S101 - likewise
        if not comparison.done:
            with Reachable(self.parts, self.actor, context):
                self._performed = await self._tool.binding.restore(
                    self._receipt, self._image, comparison.wanted, self._precondition, context
                )
        self.pipe.passed("perform")
        return self._told()

    async def reconcile(self, *args: object, idempotency_key: str = "") -> Happened | Absent | None:
        """Look whether the object is back; where the write changed no state that shows it, a person is asked."""
        del args, idempotency_key
        current, _ = await self._current()
        image, comparison = self._image, compare(self._image, current)
        if comparison.done:
            return Happened(self._told())
        shows = compare(image, image.before) != compare(image, image.after)
        return Absent() if shows and not comparison.conflicts else None

    async def _current(self) -> tuple[Any, str]:
        context = self._context
        assert context is not None  # noqa: S101 - made when it was let pass
        with Reachable(self.parts, self.actor, context):
            return await self._tool.binding.current(self._receipt, self._image, context)

    def _told(self) -> dict[str, Any]:
        moved = next((i.object for i in self._performed.images), "") if self._performed is not None else ""
        told: dict[str, Any] = {"object": self._image.object, "undone": True}
        if moved and moved != self._image.object:
            told["now"] = moved
        if self._before:
            return {**told, "before": self._before}
        best_effort = self._receipt.best_effort or (self._performed.best_effort if self._performed else "")
        if best_effort:
            told["best_effort"] = best_effort
        return told

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        """Which write is taken back, and how the object stood before."""
        detail = self.facts() | {
            "undoes": {"run": self._receipt.run, "path": self._receipt.path}, "object": self._image.object,
        }  # fmt: skip
        execution = self._execution
        ops = self.claims()
        if execution is not None and not self._before:
            ops += self._standing.take(execution.row.id)
        return detail | {"bound": self.bound(Amount(calls=1))}, ops

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """The receipt does not stand any more."""
        ops = self.charge(*[Amount(calls=1)] * self.attempts)
        detail: dict[str, Any] = {"pipe": self.pipe.stages, "object": self._image.object}
        if wrong is not None:
            detail["why"] = getattr(wrong, "detail", None)
        execution = self._execution
        if execution is None or self._before or not self.consumes:
            return detail, ops
        run = execution.row.id
        if wrong is not None:
            return detail, [*ops, *self._standing.let_go(run)]
        return detail, [*ops, self._standing.taken_back(run, execution.now())]

    def taken_up(self, execution: Execution, call: Placed, detail: Any) -> None:
        """An earlier life claimed it; whether the object is back can be looked at."""
        super().taken_up(execution, call, detail)
        self._execution = execution
        self._context = self._make_context(execution, call)

    def replayed(self, execution: Execution, detail: Any) -> None:
        """It used one call."""
        del execution, detail


def _conflict(image: ObjectImage, comparison: Comparison) -> CannotUndo:
    first = comparison.conflicts[0]
    where = f'"{first.field}" of {image.object}' if first.field else image.object
    if first.now is None and not first.field:
        wrong = CannotUndo(
            f"{image.object} is not there any more: somebody removed it since, and it is not made anew.",
            "Make it anew by hand, if it should be there; its states stand in the log.",
        )
        wrong.detail = [asdict(conflict) for conflict in comparison.conflicts]
        return wrong
    wrong = CannotUndo(
        f"{where} was {first.before!r}, this run made it {first.after!r}, and now it is {first.now!r}: "
        "somebody changed it since, and that is not overwritten.",
        "Put it right by hand; the three states stand in the log.",
    )
    wrong.detail = [asdict(conflict) for conflict in comparison.conflicts]
    return wrong
