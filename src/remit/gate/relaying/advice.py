"""A local tool of a foreign agent that a rule wants a person's consent for: a durable step of its own, in which nothing
is done. Whoever agreed has agreed to exactly these words; the agent then does what its model proposed, by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Denied
from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.decisions import AccessRequest
from remit.domain.effects import Effect
from remit.engine.step import Step
from remit.gate.passage import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.database import Op

LOCAL = "local:"
"""What stands before the name of a local tool where tools are named; no tool of a workspace is called that."""


async def _nothing(arguments: dict[str, object]) -> object:
    raise AssertionError(arguments)  # the admission performs it


ADVISE = Step(_nothing, effect=Effect.READ, name="advise")


class AdvicePassage(Passage):
    """One proposal."""

    def __init__(self, parts: GateParts, actor: Actor, tool: str, arguments: str) -> None:
        super().__init__(parts, actor)
        self._tool = tool
        self._arguments = arguments

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Decide, and let somebody agree."""
        del number
        self.pipe.again()
        await self.settle(execution, call)
        self.place = (execution, call.path)
        execution.admit(ActionAdmitted("advise", call.digest, self._said()), call.path)

    def request(self) -> AccessRequest:
        """May the agent be told to use it?"""
        actor, context = self.actor, {"arguments": self._arguments}
        return AccessRequest(
            actor.user, actor.team, actor.agent, "advise", self._tool, {}, context,
            environment=self.parts.environment,
        )  # fmt: skip

    def card(self) -> dict[str, Any]:
        """What a model proposes to an agent that is not ours."""
        return {
            "tool": self._tool, "arguments": {"arguments": self._arguments}, "agent": self.actor.agent,
            "for": self.actor.user, "enforced": False,
        }  # fmt: skip

    def changed(self, arguments: dict[str, Any], by: str) -> None:
        """Nobody can change what an agent does in its own process."""
        if arguments != {"arguments": self._arguments}:
            raise Denied(
                f"{by or 'a rule'} wants other arguments, and a local tool is called by its agent alone.",
                "Agree to it as it is, or not.",
            )

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Nothing is done here."""
        del args, idempotency_key
        return True

    async def reconcile(self, *args: object, idempotency_key: str = "") -> None:
        """There is nothing to find out."""
        del args, idempotency_key

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        """Nothing is claimed."""
        return None, ()

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        """Who agreed, and how it was decided."""
        del wrong
        self.untold()
        return self._said(), self.charge(Amount())

    def replayed(self, execution: Execution, detail: Any) -> None:
        """It used nothing."""

    def _said(self) -> dict[str, Any]:
        return {**self.facts(), "tool": self._tool, "arguments": self._arguments, "advised": True}
