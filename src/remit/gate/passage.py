"""One action on its way through the gate: what every kind of action has in common.

The stages are methods that read as named steps; each leaves its time in the pipe. A passage lives for one step of a
run; what is worth keeping of it goes into the step's events as `detail`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import BudgetExhausted, Denied
from remit.domain.budgets import Amount
from remit.domain.clock import MICROSECONDS
from remit.domain.decisions import AccessRequest, Decision, Outcome
from remit.domain.errors import Infrastructure
from remit.domain.event import object_of
from remit.gate.holding import Verdict, heed, hold, postpone, terms_of
from remit.gate.pipe import Pipe
from remit.store.database import Commit, Conflict
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.budgets import Reservation
    from remit.gate.parts import GateParts
    from remit.store.database import Op

FRESH = 5 * MICROSECONDS
"""A decision older than this is made again before the action takes place (S20)."""


class Passage:
    """What every action carries from stage to stage."""

    def __init__(self, parts: GateParts, actor: Actor) -> None:
        self.parts = parts
        self.actor = actor
        self.pipe = Pipe()
        self.decision: Decision | None = None
        self.decided_at = 0
        self.passed = 0
        """The number of the attempt that was let pass last; 0: none was."""
        self.reservations: list[Reservation] = []
        """One for every attempt that may be charged for."""
        self.used: list[Amount] | None = None
        """What each of them used, once that is known."""
        self.lost: list[dict[str, Any]] = []
        """The bounds of attempts that an earlier life of the run made, and did not live to tell of (S25)."""
        self.agreed: dict[str, str] = {}
        """The rules that asked for a person's consent, and who gave it."""
        self._admitted = 0
        """How many of the reservations the log may know of: their attempts were let pass."""
        self._attempts = 0
        self._ground: Execution | None = None
        self._holds = 0
        """How often somebody was asked."""
        self._consents: dict[str, tuple[Verdict, str]] = {}
        """Who agreed to what a rule asked for, and to exactly which action."""

    def request(self) -> AccessRequest:
        """What authority is asked, as things stand now."""
        raise AssertionError(type(self).__name__)  # every kind of action says it

    def card(self) -> dict[str, Any]:
        """What the person who is asked will see."""
        raise AssertionError(type(self).__name__)  # likewise

    @property
    def protected(self) -> dict[str, Any] | None:
        """What makes it the same write when it is asked for again; None: its arguments."""
        return None

    def changed(self, arguments: dict[str, Any], by: str) -> None:
        """A rule (by nobody) or a person gave the action other arguments."""
        raise AssertionError(type(self).__name__, arguments, by)  # only calls of tools have any

    async def settle(self, execution: Execution, call: Placed) -> None:
        """Ask authority until it says yes: a person may have to agree, or a time to come (S20, S21)."""
        while verdict := await heed(execution, call, self._holds + 1):  # asked in an earlier life of the run
            self._take(verdict)
        deferred = 0
        while True:
            decision = self._decide(execution.now())
            if decision.allows:
                return
            if decision.outcome is Outcome.DEFER:
                deferred += 1
                await postpone(execution, call, decision, deferred, self.facts())
            else:
                number, card = self._holds + 1, self.card()
                self._take(await hold(execution, call, decision, number, card, self.facts()))
            self.pipe.passed("hold")

    def fresh(self, now: int, number: int) -> bool:
        """Whether this very attempt was let pass a moment ago."""
        return self.passed == number and now - self.decided_at < FRESH

    def _decide(self, now: int) -> Decision:
        """Ask authority; raises `Denied` for a no. A consent counts for the terms and the action it was given to."""
        self.agreed = {}
        while True:
            request = self.request()
            decision = self.parts.authority.decide(request, now, self.agreed)
            if decision.outcome is Outcome.DENY:
                self.pipe.passed("decide")
                raise denied(request, decision)
            self.decision, self.decided_at = decision, now
            if decision.changes:
                self.changed(decision.changes, "")
            by = self._consent(decision)
            if not by or decision.requirement is None:
                self.pipe.passed("decide")
                return decision
            self.agreed[decision.requirement.rule] = by

    def _consent(self, decision: Decision) -> str:
        """Who has agreed to what a rule asks for now; nobody if it asks for something else by now (S21)."""
        asked = decision.requirement
        if decision.outcome is not Outcome.ASK or asked is None or asked.rule in self.agreed:
            return ""
        verdict, card = self._consents.get(asked.rule, (None, ""))
        holds = verdict is not None and verdict.terms == terms_of(asked) and card == self._card_digest()
        return verdict.by if verdict is not None and holds else ""

    def _take(self, verdict: Verdict) -> None:
        """Somebody agreed, perhaps to something else than was asked for."""
        self._holds += 1
        if verdict.arguments is not None:
            self.changed(verdict.arguments, verdict.by)
        self._consents[verdict.rule] = (verdict, self._card_digest())

    def _card_digest(self) -> str:
        return canonical.digest(canonical.plain(self.card()))

    async def reserve(self, execution: Execution, most: Amount) -> None:
        """Set aside what it may use at most, on every account or on none, or raise `BudgetExhausted`."""
        self._ground = execution
        self._let_go(but=self._admitted)
        if self.actor.until is not None and execution.now() >= self.actor.until:
            raise self.out_of_time()
        await self.reserve_more(execution, most)
        self.pipe.passed("reserve")

    def out_of_time(self) -> BudgetExhausted:
        """The budget of time is used up."""
        return BudgetExhausted(
            f"{self.actor.agent or 'the run'} has used all the time that it was given.",
            "Give it more time (Budget(seconds=…)), or less to do.",
        )

    async def reserve_more(self, execution: Execution, most: Amount) -> None:
        """Set aside as much again, for another attempt."""
        accounts = self.parts.accounts_of(self.actor)
        if accounts:
            with execution.on_ground():
                self.reservations.append(await self.parts.budgets.reserve(accounts, most))

    def admitting_ops(self) -> list[Op]:
        """What has to be committed before contact, so that a crash cannot hide that money may have been spent."""
        self._admitted, self._attempts = len(self.reservations), self._attempts + 1
        return [op for each in self.reservations for op in self.parts.budgets.admit_ops(each)]

    @property
    def attempts(self) -> int:
        """How many attempts of this life were let pass."""
        return self._attempts

    def bound(self, most: Amount) -> dict[str, Any]:
        """What the log has to know of an attempt to charge for it, should nobody live to tell what it used (S25)."""
        record = self.reservations[-1].record if self.reservations else None
        amounts = {"money": most.money, "tokens": most.tokens, "steps": most.steps, "calls": most.calls}
        found: dict[str, Any] = {"most": {unit: amount for unit, amount in amounts.items() if amount}}
        return found | ({"shared": record} if record is not None else {})

    def charge(self, *used: Amount) -> list[Op]:
        """Each attempt used this much; gives what has to be committed with the outcome."""
        self.used = list(used)
        budgets = self.parts.budgets
        ops = [op for each, amount in self._settlements() for op in budgets.settle_ops(each, amount)]
        return ops + [op for each in self.lost for op in budgets.lost_ops(each.get("shared"))]

    @property
    def used_in_lost(self) -> Amount:
        """What attempts of earlier lives are taken to have used: all that they might have."""
        return sum((Amount(**each["most"]) for each in self.lost), Amount())

    def count_again(self, execution: Execution, used: Amount) -> None:
        """The journal says that it used this much, in an earlier life of the run; a rehearsal uses nothing."""
        if execution.dry:
            return
        for account in self.actor.accounts:
            self.parts.budgets.charge(account, used)

    def taken_up(self, execution: Execution, call: Placed, detail: Any) -> None:
        """An earlier life of the run let an attempt pass, and nobody knows what it used: as much as it might (S25)."""
        del call
        bound = object_of(object_of(detail).get("bound"))
        if bound:
            self.lost.append(bound)
            self.count_again(execution, Amount(**bound["most"]))

    def dropped(self) -> None:
        """It is over: the outcome is durable, or there is none: the run left, or the branch was cancelled."""
        ground = self._ground
        if self.used is None and self._admitted and ground is not None and not ground.sealed:
            ops = self.charge(
                *[each.most for each in self.reservations]
            )  # cancelled: nobody knows what it used
            if ops:
                ground.services.spawn(_commit(ground, ops))
        self._let_go(but=0 if self.used is not None else self._admitted)
        if self.used is not None:
            for each in self.lost:
                self.parts.budgets.count_lost(each.get("shared"))
        self.lost, self.used = [], None

    def _let_go(self, *, but: int) -> None:
        """End the holds, except of the first few, whose attempts were let pass and have no outcome yet."""
        for reservation, amount in self._settlements()[but:]:
            self.parts.budgets.settle(reservation, amount)
        del self.reservations[but:]

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


async def _commit(ground: Execution, ops: list[Op]) -> None:
    with suppress(Infrastructure, Conflict):  # what is not settled counts as spent
        await ground.services.database.submit(Commit(ops=ops))


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
