"""Taking back what was remembered or forgotten: put back as it was in the commit that says so, if it still is as this
run left it. What somebody wrote since is named with the three states, and stays (S27).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import CannotUndo
from remit.domain.decisions import AccessRequest
from remit.domain.effects import Effect
from remit.domain.event import object_of
from remit.domain.memory import Memory, image_of, label_of
from remit.engine.step import Step
from remit.gate.difference import Comparison, Conflict
from remit.gate.memory.access import MemoryAccess
from remit.gate.receipts import Standing, touched_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.tools import ObjectImage, Receipt
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.database import Op
    from remit.store.memory import Held, MemoryShelf


def undo_step(receipt: Receipt) -> Step:
    """The step that takes one item back; what is about a user is sealed under their key."""
    return Step(_act, effect=Effect.READ, name=f"undo.{receipt.tool}", subject="subject")


def undo_given(receipt: Receipt, image: ObjectImage) -> tuple[str, str, str]:
    """What identifies it in the journal; whom it is about comes first."""
    kind, _, owner = _scope(receipt).partition(":")
    return (owner if kind == "user" else ""), receipt.path, image.object


async def memory_now(
    shelf: MemoryShelf, team: str, receipt: Receipt, image: ObjectImage, now: int
) -> Comparison:
    """What undo would do to one item, by how it stands now."""
    held = await shelf.find(team, _scope(receipt), _key(receipt, image))
    memory = held.memory if held is not None else None
    over = memory is not None and memory.expires is not None and memory.expires <= now
    return compare_memory(image, None if over else memory)


def compare_memory(image: ObjectImage, current: Memory | None) -> Comparison:
    """An item is put back as a whole or not at all: its value without its label would be another thing."""
    now = image_of(current)
    if now == image.before:
        return Comparison(image.before, done=True)
    if now == image.after:
        return Comparison(image.before)
    sides = [object_of(side) for side in (image.before, image.after, now)]
    differ = [name for name in ("value", "label", "expires") if sides[1].get(name) != sides[2].get(name)]
    conflicts = (Conflict(name, *(side.get(name) for side in sides)) for name in differ)
    return Comparison(image.before, conflicts=tuple(conflicts))


class MemoryUndo(MemoryAccess):
    """One item of one receipt."""

    def __init__(
        self, parts: GateParts, actor: Actor, execution: Execution, receipt: Receipt, image: ObjectImage
    ) -> None:  # fmt: skip
        super().__init__(parts, actor, execution, _scope(receipt))
        self._receipt = receipt
        self._image = image
        self._standing = Standing(parts.keys, actor.team, receipt, image.object)
        self._held: Held | None = None
        self._comparison = Comparison(image.before)

    def request(self) -> AccessRequest:
        """May this run be taken back?"""
        actor = self.actor
        return AccessRequest(
            actor.user, actor.team, actor.agent, "undo", self._receipt.run, {"kind": "run"},
            environment=self.parts.environment,
        )  # fmt: skip

    def card(self) -> dict[str, Any]:
        """What would be taken back."""
        return {"undo": self._receipt.tool, "object": self._image.object, "of": self._receipt.run}

    async def look(self) -> None:
        """Whether it is still as the run left it, and nobody else touched it."""
        receipt, image, execution = self._receipt, self._image, self.execution
        self._held, current = await self.find(_key(receipt, image))
        self._comparison = compare_memory(image, current)
        with execution.on_ground():
            other = await touched_since(
                execution.services.database, self.parts.keys, execution.row.team, receipt, image
            )
        if self._comparison.conflicts:
            raise conflict_of(image, self._comparison, other)
        if other:
            raise CannotUndo(
                f"{image.object} was written by {other} since; taking this back would undo that as well.",
                f"Undo that run first: remit undo {other}",
            )

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Put it back, unless it is so already; the commit of the outcome does it."""
        del args, idempotency_key
        self.pipe.again()
        key, wanted = _key(self._receipt, self._image), self._comparison.wanted
        if self._comparison.done:
            pass
        elif wanted is None:
            self.drop(key, self._held)
        else:
            run, now = self.execution.row.id, self.execution.now()
            label, expires = label_of(wanted["label"]), wanted["expires"]
            await self.put(Memory(key, wanted["value"], self.scope, label, run, now, expires), self._held)
        self.pipe.passed("perform")
        return {"object": self._image.object, "undone": True}

    def action(self) -> dict[str, Any]:
        """Which write is taken back."""
        about = {"operation": "undo", "scope": self.scope, "run": self.execution.row.id}
        undoes = {"run": self._receipt.run, "path": self._receipt.path}
        return {**self.facts(), "memory": about, "undoes": undoes, "object": self._image.object}

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """The receipt does not stand any more."""
        detail, ops = super().settling(wrong)
        if wrong is None and self.consumes and not self.pretends:
            ops = [*ops, self._standing.taken_back(self.execution.row.id, self.execution.now())]
        return detail, ops

    def facts(self) -> dict[str, Any]:
        """Also that it writes."""
        return {**super().facts(), "effect": "write"}

    def replayed(self, execution: Execution, detail: Any) -> None:
        """It used one call, of nobody's budget."""
        del execution, detail


def conflict_of(image: ObjectImage, comparison: Comparison, other: str = "") -> CannotUndo:
    """A stranger wrote it since: the three states, for a person."""
    first = comparison.conflicts[0]
    who = f"{other} wrote it since" if other else "somebody changed it since, or it expired"
    wrong = CannotUndo(
        f'"{first.field}" of {image.object} was {first.before!r}, this run made it {first.after!r}, and now it is '
        f"{first.now!r}: {who}, and that is not overwritten.",
        f"Undo that run first: remit undo {other}"
        if other
        else "Put it right by hand; the log has all three.",
    )
    wrong.detail = [
        {"field": each.field, "before": each.before, "after": each.after, "now": each.now}
        for each in comparison.conflicts
    ]
    return wrong


async def _act(subject: str, path: str, name: str) -> object:
    raise AssertionError(subject, path, name)  # the admission performs it


def _scope(receipt: Receipt) -> str:
    return str(receipt.arguments["scope"])


def _key(receipt: Receipt, image: ObjectImage) -> str:
    return image.object.removeprefix(f"memory:{_scope(receipt)}/")
