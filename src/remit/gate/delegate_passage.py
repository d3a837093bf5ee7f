"""A delegation on its way: whether an agent may let another one act for it, and on whose authority."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.capabilities import Signed
from remit.domain.clock import MICROSECONDS
from remit.domain.decisions import AccessRequest
from remit.domain.event import object_of
from remit.gate.passage import Passage
from remit.gate.standing.capabilities import LONGEST
from remit.policy.delegation import attenuate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.domain.capabilities import Terms
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.store.database import Op


@dataclass(frozen=True, slots=True)
class Task:
    """What is delegated: who that is, with which tools, out of which budget, and on which terms."""

    digest: str
    tools: Mapping[str, str]
    budget: Mapping[str, int] = field(default_factory=dict[str, int])
    terms: Terms | None = None


def latest(begins: int, actor: Actor, terms: Terms | None) -> int:
    """Until when somebody may be let act: not beyond the time of whoever lets it."""
    times = [begins + LONGEST, *([actor.until] if actor.until is not None else [])]
    if terms is not None and terms.seconds is not None:
        times.append(begins + int(terms.seconds * MICROSECONDS))
    return min(times)


class DelegatePassage(Passage):
    """One agent hands on to another."""

    def __init__(self, parts: GateParts, actor: Actor, agent: str, task: Task | None = None) -> None:
        super().__init__(parts, actor)
        self._agent = agent
        self._task = task
        self.signed: Signed | None = None
        """How far the other may act."""

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Decide, and let somebody agree if a rule asks for it."""
        del number
        self.pipe.again()
        await self.settle(execution, call)
        self.place = (execution, call.path)
        if self._task is not None:
            await self._sign(execution, self._task)
        execution.admit(ActionAdmitted("delegate", call.digest, self._said()), call.path)

    async def _sign(self, execution: Execution, task: Task) -> None:
        """Say in writing how far the other may act: never further than whoever delegates."""
        actor, now = self.actor, execution.now()
        terms, capabilities = task.terms, self.parts.standing.capabilities
        expires = latest(self.parts.time.earliest(), actor, terms)
        capability = attenuate(
            actor.capability.capability if actor.capability is not None else None,
            run=capabilities.origin(execution.row.id), holder=self._agent, agent=task.digest, tools=task.tools,
            expires=expires,
            budget=task.budget, terms=terms,
        )  # fmt: skip
        with execution.on_ground():
            self.signed = await capabilities.sign(
                self.parts.keys, actor.team, capability, now, execution.row.id
            )

    def _said(self) -> dict[str, Any]:
        signed = {"capability": self.signed.plain()} if self.signed is not None else {}
        return {**self.facts(), "to": self._agent, **signed}

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
        self.untold()
        return self._said(), self.charge(Amount())

    def replayed(self, execution: Execution, detail: Any) -> None:
        """It used nothing; what was delegated counts as it was signed."""
        del execution
        known = object_of(object_of(detail).get("capability"))
        self.signed = Signed.of(known) if known else None
