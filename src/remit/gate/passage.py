"""One action on its way through the gate: what every kind of action has in common.

The stages are methods that read as named steps; each leaves its time in the pipe. A passage lives for one step of a
run; what is worth keeping of it goes into the step's events as `detail`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import BudgetExhausted, Denied
from remit.domain.budgets import Amount
from remit.domain.clock import MICROSECONDS
from remit.domain.decisions import AccessRequest, Decision, Outcome
from remit.domain.errors import Infrastructure
from remit.domain.event import object_of
from remit.gate.bounds import NO_BOUNDS, Bounds
from remit.gate.budgeting.pools import plain
from remit.gate.consents import Consent, Uses, check_standing, find_grant, is_refused, use_now
from remit.gate.containment.deciding import contained
from remit.gate.explaining import denied
from remit.gate.holding import Verdict, card_digest, heed, hold, postpone, terms_of
from remit.gate.pipe import Pipe
from remit.store.database import Commit, Conflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.runs import RunRow
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.budgeting.budgets import Reservation
    from remit.gate.parts import GateParts
    from remit.store.database import Op

_NOTHING = Amount()
FRESH = 5 * MICROSECONDS
"""A decision older than this is made again before the action takes place (S20)."""


class Passage:
    """What every action carries from stage to stage."""

    decision: Decision | None = None
    decided_at = -FRESH
    """By the boot clock: a decision grows old whatever somebody sets the other clock to."""
    passed = 0
    """The number of the attempt that was let pass last; 0: none was."""
    used: Sequence[Amount] | None = None
    """What each of them used, once that is known."""
    lost: tuple[dict[str, Any], ...] = ()
    """The bounds of attempts that an earlier life of the run made, and did not live to tell of (S25)."""
    run = ""
    """The run, once it is known by which rules it is judged."""
    place: tuple[Execution, str] | None = None
    """The run, and where in it, once that is known."""
    models: tuple[str, ...] = ()
    """The models that may answer, where it asks one."""
    bounds = NO_BOUNDS
    """What the contracts say of it; only calls of tools are held against any."""
    _row: RunRow | None = None
    _admitted = 0
    """How many of the reservations the log may know of: their attempts were let pass."""
    _attempts = 0
    _holds = 0
    """How often somebody was asked."""
    _editors: tuple[str, ...] = ()
    """Reviewers who changed the arguments, and need authority of their own (S28)."""

    def __init__(self, parts: GateParts, actor: Actor) -> None:
        self.parts = parts
        self.actor = actor
        self.pipe = Pipe()
        self.reservations: list[Reservation] = []
        """One for every attempt that may be charged for."""
        self.agreed: dict[str, str] = {}
        """The rules that asked for a person's consent, and who gave it."""
        self.said: dict[str, Any] = {}
        """What the log was told when it was let pass."""
        self._untold: dict[str, Any] = {}
        """The same, where it was not told."""
        self._consents: dict[str, Consent] = {}
        """Who agreed to what a rule asked for, and to exactly which action."""
        self._given: dict[str, Consent] = {}
        """All that was agreed to here, by the terms that were asked for."""
        self._uses = Uses()
        if actor.bounds:
            self.bounds = Bounds(actor.bounds)

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

    @property
    def consumes(self) -> bool:
        """Whether it has a claim, in whose commit consents are used."""
        return False

    @property
    def leads_on(self) -> bool:
        """Whether its outcome need not be waited for."""
        return False

    def changed(self, arguments: dict[str, Any], by: str) -> None:
        """A rule (by nobody) or a person gave the action other arguments."""
        raise AssertionError(type(self).__name__, arguments, by)  # only calls of tools have any

    def bind(self) -> None:
        """Hold it against the contracts of whoever acts, before authority is asked; only calls of tools have any."""

    def untold(self) -> dict[str, Any]:
        """What was said when it was let pass, if that has not left for the log yet: the outcome tells it instead."""
        place = self.place
        if place is not None and (taken := place[0].outbox.take_back(place[1])):
            for each in self.reservations[-taken:]:
                each.admitted = False
            self._untold = self.said
        return self._untold

    async def settle(self, execution: Execution, call: Placed) -> None:
        """Ask authority until it says yes: a person may have to agree, or a time to come (S20, S21)."""
        self._row = execution.row
        while verdict := await heed(execution, call, self._holds + 1):  # asked in an earlier life of the run
            if is_refused(execution, call):
                await check_standing(execution, verdict.approval, self._uses.of(verdict.approval))
            self._take(verdict)
        await self.meet(execution)
        await self.enter(execution)
        deferred = 0
        while True:
            decision = self._decide(execution.now())
            if decision.allows:
                return
            if decision.outcome is Outcome.DEFER:
                deferred += 1
                await postpone(execution, call, decision, deferred, self.facts())
            elif not await self._granted(execution, call, decision):
                number, card = self._holds + 1, self.card()
                self._take(await hold(execution, call, decision, number, card, self.facts(), self.actor.user))
            self.pipe.passed("hold")

    def fresh(self, number: int) -> bool:
        """Whether this very attempt was let pass a moment ago."""
        return self.passed == number and self.is_recent

    @property
    def is_recent(self) -> bool:
        """Whether what was decided counts still (S20)."""
        return 0 <= self.parts.clock.boot() - self.decided_at < FRESH

    def _decide(self, now: int) -> Decision:
        """Ask authority; raises `Denied` for a no. A consent counts for the terms and the action it was given to."""
        self.agreed = {}
        self.check_people()
        while True:
            self.bind()
            request = self.as_known(self.request())
            decision = self.bounds.combined(self.judge(request, now), self.agreed)
            decision = contained(self.parts, self.actor, self._row, request, decision, self.agreed)
            if decision.outcome is Outcome.DENY:
                self.pipe.passed("decide")
                raise denied(request, decision)
            for editor in self._editors:
                own = replace(request, user=editor, groups=self.parts.roles.of(editor))
                theirs = self.judge(own, now)
                if theirs.outcome is Outcome.DENY:
                    raise denied(replace(own, agent=""), theirs)
            self.decision, self.decided_at = decision, self.parts.clock.boot()
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
        consent = self._given.get(terms_of(asked))
        if consent is None or consent.card != card_digest(self.card()):
            return ""
        self._consents[asked.rule] = consent
        return consent.by

    def _take(self, verdict: Verdict) -> None:
        """Somebody agreed, perhaps to something else than was asked for."""
        self._holds += 1
        if verdict.arguments is not None:
            self.changed(verdict.arguments, verdict.editor)
            self._editors += (verdict.editor,)
        self._given[verdict.terms] = Consent(verdict.terms, verdict.card, verdict.by, verdict.approval)

    async def _granted(self, execution: Execution, call: Placed, decision: Decision) -> bool:
        """Whether somebody agreed in advance."""
        asked = decision.requirement
        if asked is None or is_refused(execution, call) or execution.dry:
            return False
        known = self._given.get(terms_of(asked))
        if known is not None and known.grant:
            return False  # it did not hold: the terms are others
        grant = await find_grant(self.parts, execution, self.as_known(self.request()), asked, self._uses)
        if grant is None or not (
            self.consumes or await use_now(self.parts, execution, grant.grant, call.path)
        ):
            return False
        self._given[terms_of(asked)] = replace(grant, terms=terms_of(asked), card=card_digest(self.card()))
        return True

    async def meet(self, execution: Execution) -> None:
        """See who people are by now, which rules are in force, and what was revoked."""
        if self.parts.roles.stale(self.parts.clock.boot()):
            with execution.on_ground():
                await self.parts.meet()

    async def enter(self, execution: Execution) -> None:
        """The run is bound by the rules it was born under, too (S21)."""
        self.run, standing = execution.row.id, self.parts.standing
        if not standing.holds(execution):
            await standing.enter(execution)

    def judge(self, request: AccessRequest, now: int) -> Decision:
        """The answer of everything that has authority over this run."""
        return self.parts.standing.judge(request, now, self.agreed, self.run, self.actor.capability)

    def as_known(self, request: AccessRequest) -> AccessRequest:
        """A request with the groups that its user is in."""
        roles = self.parts.roles
        return replace(request, groups=roles.of(request.user)) if roles.any else request

    def check_people(self) -> None:
        """Nothing is done on behalf of somebody who was disabled."""
        if self.parts.roles.is_disabled(self.actor.user):
            raise Denied(
                f"{self.actor.user} was disabled, and nothing is done for them.", "See: remit user show"
            )

    def claims(self) -> list[Op]:
        """What is committed with a claim: the bounds of the attempt, and the use of every consent (S20)."""
        used = [self._consents[rule] for rule in self.agreed if rule in self._consents]
        return [*self.admitting_ops(), *self._uses.ops(used, self.parts.time.latest())]

    async def reserve(self, execution: Execution, most: Amount) -> None:
        """Set aside what it may use at most, on every account or on none, or raise `BudgetExhausted`."""
        if len(self.reservations) > self._admitted:
            self._let_go(but=self._admitted)
        if self.actor.until is not None and self.parts.time.latest() >= self.actor.until:
            raise self.out_of_time()
        if not self._take_at_once(most):
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
        if not self._take_at_once(most):
            with execution.on_ground():
                accounts = self.parts.accounts_of(self.actor)
                self.reservations.append(await self.parts.budgets.reserve(accounts, most))

    def _take_at_once(self, most: Amount) -> bool:
        """Whether it could be set aside without asking anybody, or there is no account."""
        accounts = self.parts.accounts_of(self.actor)
        held = self.parts.budgets.take(accounts, most) if accounts else None
        if held is not None:
            self.reservations.append(held)
        return held is not None or not accounts

    def admitting_ops(self) -> list[Op]:
        """What has to be committed before contact, so that a crash cannot hide that money may have been spent."""
        self._admitted, self._attempts = len(self.reservations), self._attempts + 1
        ops: list[Op] = []
        for each in self.reservations:
            if not each.admitted:
                ops += self.parts.budgets.admit_ops(each)
        return ops

    @property
    def attempts(self) -> int:
        """How many attempts of this life were let pass."""
        return self._attempts

    def bound(self, most: Amount) -> dict[str, Any]:
        """What the log has to know of an attempt to charge for it, should nobody live to tell what it used (S25)."""
        found: dict[str, Any] = {"most": plain(most)}
        if self.reservations and (record := self.reservations[-1].record) is not None:
            found["shared"] = record
        return found

    def charge(self, *used: Amount) -> list[Op]:
        """Each attempt used this much; gives what has to be committed with the outcome."""
        self.used = used
        self.untold()
        budgets = self.parts.budgets
        ops: list[Op] = []
        for number, each in enumerate(self.reservations):
            if each.leased:
                ops += budgets.settle_ops(each, self._used_by(number))
        for each in self.lost:
            ops += budgets.lost_ops(each.get("shared"))
        return ops

    @property
    def used_in_lost(self) -> Amount:
        """What attempts of earlier lives are taken to have used: all that they might have."""
        return sum((Amount(**each["most"]) for each in self.lost), Amount()) if self.lost else _NOTHING

    def count_again(self, execution: Execution, used: Amount) -> None:
        """The journal says that it used this much, in an earlier life of the run; a rehearsal uses nothing."""
        if execution.dry:
            return
        for account in self.actor.accounts:
            self.parts.budgets.charge(account, used)

    def taken_up(self, execution: Execution, call: Placed, detail: Any) -> None:
        """An earlier life of the run let an attempt pass, and nobody knows what it used: as much as it might (S25)."""
        del call
        self._uses.take_up(object_of(detail).get("consents") or ())
        bound = object_of(object_of(detail).get("bound"))
        if bound:
            self.lost += (bound,)
            self.count_again(execution, Amount(**bound["most"]))

    def dropped(self) -> None:
        """It is over: the outcome is durable, or there is none: the run left, or the branch was cancelled."""
        ground = self.place[0] if self.place is not None else None
        if self.used is None and self._admitted and ground is not None and not ground.sealed:
            ground.outbox.send()  # that it took place is told by itself: there is no outcome to tell it
            ops = self.charge(*[each.most for each in self.reservations])  # cancelled: nobody knows
            if ops:
                ground.services.spawn(_commit(ground, ops))
        self._let_go(but=0 if self.used is not None else self._admitted)
        if self.used is not None:
            for each in self.lost:
                self.parts.budgets.count_lost(each.get("shared"))
        self.lost, self.used = (), None

    def called_off(self) -> None:
        """A halt interrupted an attempt that may be made again; it was counted when it was let pass."""

    def _let_go(self, *, but: int) -> None:
        """End the holds, except of the first few, whose attempts were let pass and have no outcome yet."""
        for number in range(but, len(self.reservations)):
            self.parts.budgets.settle(self.reservations[number], self._used_by(number))
        del self.reservations[but:]

    def _used_by(self, number: int) -> Amount:
        """What the attempt used for which this reservation was made; nothing, if it was not made."""
        return self.used[number] if self.used is not None and number < len(self.used) else _NOTHING

    def facts(self) -> dict[str, Any]:
        """Who did it, what was decided and how long the stages took: a part of every detail."""
        found: dict[str, Any] = {}
        if self.actor.agent:
            found["agent"] = self.actor.agent
        decision = self.decision
        if decision is not None:
            found["decision"] = str(decision.outcome)
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
            found["consents"] = [self._consents[rule].name for rule in self.agreed if rule in self._consents]
        return found


async def _commit(ground: Execution, ops: list[Op]) -> None:
    with suppress(Infrastructure, Conflict):  # what is not settled counts as spent
        await ground.services.database.submit(Commit(ops=ops))
