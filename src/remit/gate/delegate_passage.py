"""A delegation on its way: whether an agent may let another one act for it, and on whose authority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.decisions import AccessRequest
from remit.gate.passage import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.database import Op


class DelegatePassage(Passage):
    """One agent hands on to another."""

    def __init__(self, parts: GateParts, actor: Actor, agent: str) -> None:
        super().__init__(parts, actor)
        self._agent = agent

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Decide, and let somebody agree if a rule asks for it."""
        del number
        self.pipe.again()
        await self.settle(execution, call)
        execution.note(
            ActionAdmitted("delegate", call.digest, {**self.facts(), "to": self._agent}), call.path
        )

    def request(self) -> AccessRequest:
        """May this agent let that one act for it?"""
        actor = self.actor
        return AccessRequest(
            actor.user, actor.team, actor.agent, "delegate", self._agent, {"depth": len(actor.chain) + 1},
            environment=self.parts.environment,
        )  # fmt: skip

    def card(self) -> dict[str, Any]:
        """Who hands on to whom."""
        return {"agent": self.actor.agent, "hands on to": self._agent, "for": self.actor.user}

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Nothing is done here; the agent that was handed the task does it."""
        del args, idempotency_key
        return True

    async def reconcile(self, *args: object, idempotency_key: str = "") -> None:
        """There is nothing to find out."""
        del args, idempotency_key

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        """Nothing is claimed."""
        return None, ()

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """Who handed on, and how it was decided."""
        del wrong
        return {**self.facts(), "to": self._agent}, self.charge(Amount())

    def replayed(self, execution: Execution, detail: Any) -> None:
        """It used nothing."""
        del execution, detail
