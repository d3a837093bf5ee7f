"""One action on its way through the gate: what every kind of action has in common.

The stages are methods that read as named steps; each leaves its time in the pipe. A passage lives for one step of a
run; what is worth keeping of it goes into the step's events as `detail`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import BudgetExhausted, Denied
from remit.domain.budgets import Amount
from remit.domain.clock import MICROSECONDS
from remit.domain.decisions import AccessRequest, Decision, Outcome
from remit.gate.holding import hold, postpone
from remit.gate.pipe import Pipe

if TYPE_CHECKING:
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.budgets import Reservation
    from remit.gate.parts import GateParts
    from remit.store.database import Op

_FRESH = 5 * MICROSECONDS
"""A decision older than this is made again before the action takes place (S20)."""


class Passage:
    """What every action carries from stage to stage."""

    def __init__(self, parts: GateParts, actor: Actor) -> None:
        self.parts = parts
        self.actor = actor
        self.pipe = Pipe()
        self.decision: Decision | None = None
        self.decided_at = 0
        self.reservations: list[Reservation] = []
        """One for every attempt that may be charged for."""
        self.used: list[Amount] | None = None
        """What each of them used, once that is known."""
        self._committed = False
        """Whether the log may know already that it was let pass."""
        self.agreed: dict[str, str] = {}
        """The rules that asked for a person's consent, and who gave it."""

    def request(self) -> AccessRequest:
        """What authority is asked, as things stand now."""
        raise AssertionError(type(self).__name__)  # every kind of action says it

    def card(self) -> dict[str, Any]:
        """What the person who is asked will see."""
        raise AssertionError(type(self).__name__)  # likewise

    def changed(self, arguments: dict[str, Any], by: str) -> None:
        """A rule (by nobody) or a person gave the action other arguments."""
        raise AssertionError(type(self).__name__, arguments, by)  # only calls of tools have any

    async def settle(self, execution: Execution, call: Placed) -> None:
        """Ask authority until it says yes: a person may have to agree, or a time to come (S20, S21)."""
        rounds = 0
        while True:
            decision = self.decide(self.request(), execution.now())
            if decision.changes:
                self.changed(decision.changes, "")
            if decision.allows:
                return
            rounds += 1
            if decision.outcome is Outcome.DEFER:
                await postpone(execution, call, decision, rounds, self.facts())
                self.pipe.passed("hold")
                continue
            verdict = await hold(execution, call, decision, rounds, self.card(), self.facts())
            self.pipe.passed("hold")
            self.agreed[verdict.rule] = verdict.by
            if verdict.arguments is not None:
                self.changed(verdict.arguments, verdict.by)

    def fresh(self, now: int) -> bool:
        """Whether it was let pass a moment ago."""
        return self.decision is not None and now - self.decided_at < _FRESH

    def decide(self, request: AccessRequest, now: int) -> Decision:
        """Ask authority; raises `Denied` for a no."""
        decision = self.parts.authority.decide(request, now, self.agreed)
        self.pipe.passed("decide")
        if decision.outcome is Outcome.DENY:
            raise denied(request, decision)
        self.decision = decision
        return decision

    async def reserve(self, execution: Execution, most: Amount) -> None:
        """Set aside what it may use at most, on every account or on none, or raise `BudgetExhausted`."""
        self._let_go()
        if self.actor.until is not None and execution.now() >= self.actor.until:
            raise BudgetExhausted(
                f"{self.actor.agent or 'the run'} has used all the time that it was given.",
                "Give it more time (Budget(seconds=…)), or less to do.",
            )
        await self.reserve_more(execution, most)
        self.pipe.passed("reserve")

    async def reserve_more(self, execution: Execution, most: Amount) -> None:
        """Set aside as much again, for another attempt."""
        accounts = self.parts.accounts_of(self.actor)
        if accounts:
            with execution.on_ground():
                self.reservations.append(await self.parts.budgets.reserve(accounts, most))

    def admitting_ops(self) -> list[Op]:
        """What has to be committed before contact, so that a crash cannot hide that money may have been spent."""
        self._committed = True
        return [op for each in self.reservations for op in self.parts.budgets.admit_ops(each)]

    def charge(self, *used: Amount) -> list[Op]:
        """Each attempt used this much; gives what has to be committed with the outcome."""
        self.used = list(used)
        return [
            op for each, amount in self._settlements() for op in self.parts.budgets.settle_ops(each, amount)
        ]

    def count_again(self, used: Amount) -> None:
        """The journal says that it used this much, in an earlier life of the run."""
        for account in self.actor.accounts:
            self.parts.budgets.charge(account, used)

    def taken_up(self, execution: Execution, call: Placed, detail: Any) -> None:
        """An earlier life of the run claimed it; what only reads keeps nothing of that."""
        del execution, call, detail

    def dropped(self) -> None:
        """It is over: the outcome is durable, or the run left before there was one."""
        self._let_go()

    def _let_go(self) -> None:
        for reservation, amount in self._settlements():
            if self.used is not None:
                self.parts.budgets.settle(reservation, amount)
            elif not self._committed:
                self.parts.budgets.release(reservation)
        self.reservations, self.used = [], None

    def _settlements(self) -> list[tuple[Reservation, Amount]]:
        used = self.used or []
        amounts = [*used, *([Amount()] * len(self.reservations))]
        return list(zip(self.reservations, amounts, strict=False))

    def facts(self) -> dict[str, Any]:
        """Who did it, what was decided and how long the stages took: a part of every detail."""
        found: dict[str, Any] = {}
        if self.actor.agent:
            found["agent"] = self.actor.agent
        decision = self.decision
        if decision is not None:
            found["decision"] = decision.outcome.value
            if decision.policy:
                found["policy"] = decision.policy[:16]
            if decision.outcome is Outcome.ALLOW:
                found["rules"] = [reason.rule for reason in decision.reasons]
            else:
                found["reasons"] = msgspec.to_builtins(decision.reasons)
            if decision.changes:
                found["changes"] = decision.changes
        if self.agreed:
            found["agreed"] = self.agreed
        return found


def denied(request: AccessRequest, decision: Decision) -> Denied:
    """A no that says which rule, what it is about, and what can be done instead."""
    reason = decision.reasons[0] if decision.reasons else None
    what = f"{request.action} {request.resource}"
    because = f": {reason.text or reason.rule}" if reason is not None else ""
    where = f" ({reason.place})" if reason is not None and reason.place else ""
    wrong = Denied(
        f"{request.agent or request.user} may not {what}{because}{where}.",
        " ".join(reason.remedies) if reason is not None else "",
    )
    wrong.detail = {"reasons": msgspec.to_builtins(decision.reasons), "policy": decision.policy[:16]}
    return wrong
