"""One action on its way through the gate, piece by piece: how often authority is asked, whose consent counts for what,
what is set aside and what it comes to. Authority, budgets and the run are scripted here, and real in the tests beside.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.action_errors import BudgetExhausted, Denied
from remit.domain.budgets import Account, Amount, Budget
from remit.domain.decisions import AccessRequest, Decision, Outcome, Reason, Requirement
from remit.domain.errors import StoreUnavailable
from remit.gate.actor import Actor
from remit.gate.consents import Consent
from remit.gate.containment.outbox import Outbox
from remit.gate.flag_board import FlagBoard
from remit.gate.holding import Verdict, card_digest, terms_of
from remit.gate.passage import FRESH, Passage
from remit.store.database import Conflict, Op

YES = Decision(Outcome.ALLOW, (Reason("r"),), policy="0123456789abcdef+")
LEADS, MONEY = Requirement("leads", "lead"), Requirement("finance", "money")
MOST = Amount(steps=2)


def asks(requirement: Requirement) -> Decision:
    return Decision(Outcome.ASK, (Reason(requirement.rule, text="why"),), requirement, policy="p")


@dataclass
class House:
    """Authority, people and budgets that do as they are told, and remember what they were asked."""

    answers: list[Decision] = field(default_factory=list[Decision])
    asked: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    disabled: str = ""
    now: int = 100
    until: int = 0
    room: bool = True
    accounts: tuple[Account, ...] = ()
    said: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])

    @property
    def parts(self) -> Any:
        def of(who: str) -> tuple[str, ...]:
            return self.groups.get(who, ())

        def accounts_of(actor: Actor) -> tuple[Account, ...]:
            assert actor.user == "lea"
            return self.accounts

        roles = SimpleNamespace(any=bool(self.groups), of=of, is_disabled=self.disabled.__eq__)
        return SimpleNamespace(
            clock=SimpleNamespace(boot=lambda: self.now), time=SimpleNamespace(latest=lambda: self.until), roles=roles,
            standing=self, budgets=self, halts=SimpleNamespace(any=False), outbox=Outbox(), flags=FlagBoard(),
            registry=SimpleNamespace(find=dict[str, Any]().get), accounts_of=accounts_of,
        )  # fmt: skip

    def judge(self, request: AccessRequest, now: int, agreed: dict[str, str], *more: Any) -> Decision:
        self.asked.append((request, now, dict(agreed), *more))
        return self.answers.pop(0)

    # --- budgets ------------------------------------------------------------------------------------

    def take(self, accounts: Any, most: Amount) -> Any:
        self.said.append(("take", accounts, most))
        return self._held(most) if self.room else None

    async def reserve(self, accounts: Any, most: Amount) -> Any:
        self.said.append(("reserve", accounts, most))
        return self._held(most)

    def _held(self, most: Amount) -> Any:
        return SimpleNamespace(most=most, admitted=False, leased=("pool",), record={"n": most.steps})

    def admit_ops(self, held: Any) -> list[Op]:
        held.admitted = True
        return [Op("admit", (held.most.steps,))]

    def settle_ops(self, held: Any, used: Amount) -> list[Op]:
        return [Op("settle", (held.most.steps, used.steps))]

    def settle(self, held: Any, used: Amount) -> None:
        self.said.append(("settle", held.most.steps, used.steps))

    def lost_ops(self, record: Any) -> list[Op]:
        return [Op("lost", (record,))]

    def count_lost(self, record: Any) -> None:
        self.said.append(("lost", record))

    def charge(self, account: Account, used: Amount) -> None:
        self.said.append(("charge", account.id, used))


class Deed(Passage):
    """An action with arguments."""

    def __init__(self, house: House, actor: Actor) -> None:
        super().__init__(house.parts, actor)
        self.arguments: dict[str, Any] = {"n": 1}
        self.edits: list[tuple[dict[str, Any], str]] = []
        self.bindings = 0

    def request(self) -> AccessRequest:
        return AccessRequest("lea", "support", "clerk", "call", "refund", {}, dict(self.arguments))

    def card(self) -> dict[str, Any]:
        return {"arguments": self.arguments}

    def changed(self, arguments: dict[str, Any], by: str) -> None:
        self.arguments = {**self.arguments, **arguments}
        self.edits.append((arguments, by))

    def bind(self) -> None:
        self.bindings += 1


@pytest.fixture
def house() -> House:
    return House()


def deed(house: House, **more: Any) -> Deed:
    return Deed(house, Actor("lea", "support", "clerk", **more))


def agree(made: Deed, requirement: Requirement, card: dict[str, Any] | None = None, **more: Any) -> None:
    shown = card_digest(card or made.card())
    made._take(
        Verdict(requirement.rule, terms_of(requirement), "sam", shown, f"a-{requirement.rule}", **more)
    )


def test_a_yes_is_asked_for_once_and_as_who_people_are(house: House) -> None:
    house.groups["lea"] = ("leads",)
    house.answers = [YES]
    made = deed(house, capability=cast("Any", "signed"))
    made.run = "r-1"
    assert made._decide(7) is YES
    assert house.asked == [(replace(made.request(), groups=("leads",)), 7, {}, "r-1", "signed")]
    assert (made.decision, made.decided_at, made.bindings, list(made.pipe.stages)) == (
        YES,
        100,
        1,
        ["decide"],
    )
    assert made.facts() == {
        "agent": "clerk", "decision": "allow", "policy": "0123456789abcdef", "rules": ["r"],
    }  # fmt: skip


def test_a_no_is_a_no_and_says_why(house: House) -> None:
    house.answers = [Decision(Outcome.DENY, (Reason("n", text="because"),), policy="p")]
    made = deed(house)
    with pytest.raises(Denied, match="clerk may not call refund: because"):
        made._decide(7)
    assert (made.decision, list(made.pipe.stages)) == (None, ["decide"])
    assert made.facts() == {"agent": "clerk"}


def test_nothing_is_asked_on_behalf_of_who_was_disabled(house: House) -> None:
    house.disabled = "lea"
    with pytest.raises(Denied) as refused:
        deed(house)._decide(7)
    assert refused.value.message == "lea was disabled, and nothing is done for them."
    assert (refused.value.hint, house.asked) == ("See: remit user show", [])


def test_what_a_rule_changes_is_changed_by_nobody(house: House) -> None:
    house.answers = [replace(YES, outcome=Outcome.MODIFY, changes={"n": 5})]
    made = deed(house)
    assert made._decide(7).outcome is Outcome.MODIFY
    assert made.edits == [({"n": 5}, "")]
    facts = made.facts()
    assert (facts["decision"], facts["changes"], facts["reasons"][0]["rule"]) == ("modify", {"n": 5}, "r")
    assert "rules" not in facts


def test_s21_a_consent_counts_for_its_terms_and_the_action_as_it_was_shown(house: House) -> None:
    made = deed(house)
    house.answers = [asks(LEADS)]
    assert made._decide(7).outcome is Outcome.ASK, "nobody has agreed to anything"
    agree(made, MONEY)
    agree(made, LEADS, {"arguments": {"n": 2}})
    house.answers = [asks(LEADS)]
    assert made._decide(7).outcome is Outcome.ASK, "to something else, and as something else"
    agree(made, LEADS)
    house.answers, house.asked = [asks(LEADS), asks(MONEY), YES], []
    assert made._decide(7) is YES
    assert [agreed for _, _, agreed, *_ in house.asked] == [
        {},
        {"lead": "sam"},
        {"lead": "sam", "money": "sam"},
    ]
    facts = made.facts()
    assert (facts["agreed"], facts["consents"]) == ({"lead": "sam", "money": "sam"}, ["a-lead", "a-money"])
    house.answers = [asks(LEADS), asks(LEADS)]
    assert made._decide(7).outcome is Outcome.ASK, "agreed to already, and asked again all the same"
    house.answers = [asks(replace(LEADS, quorum=2))]
    assert made._decide(7).outcome is Outcome.ASK, "a stricter requirement asks again"
    assert made.agreed == {}
    house.answers = [replace(asks(LEADS), requirement=None)]
    assert made._decide(7).outcome is Outcome.ASK
    house.answers = [replace(asks(LEADS), outcome=Outcome.DEFER)]
    assert made._decide(7).outcome is Outcome.DEFER
    assert made._consent(replace(asks(LEADS), outcome=Outcome.ALLOW)) == ""


def test_s28_whoever_changed_it_needs_authority_of_their_own(house: House) -> None:
    house.groups |= {"lea": ("a",), "sam": ("b",)}
    made = deed(house)
    agree(made, LEADS, {"arguments": {"n": 9}}, arguments={"n": 9}, editor="sam")
    assert made.edits == [({"n": 9}, "sam")]
    assert made._given[terms_of(LEADS)].terms == terms_of(LEADS)
    house.answers = [asks(LEADS), YES, YES, asks(MONEY)]
    assert made._decide(7) is YES
    users = [(request.user, request.groups, request.context) for request, *_ in house.asked]
    assert users == [("lea", ("a",), {"n": 9}), ("sam", ("b",), {"n": 9})] * 2
    no = Decision(Outcome.DENY, (Reason("n", text="not theirs"),), policy="p")
    house.answers = [YES, no]
    with pytest.raises(Denied, match="sam may not call refund: not theirs"):
        made._decide(7)
    agree(made, MONEY, arguments={"n": 3}, editor="kim")
    assert made._editors == ("sam", "kim")


def test_s20_a_decision_is_fresh_for_five_seconds_and_for_its_attempt(house: House) -> None:
    made = deed(house)
    assert not made.is_recent
    house.answers = [YES]
    made._decide(7)
    made.passed = 2
    assert (made.fresh(2), made.fresh(1)) == (True, False)
    house.now += FRESH - 1
    assert made.is_recent
    house.now += 1
    assert not made.fresh(2)
    house.now = 99
    assert not made.is_recent, "a clock that went back knows nothing"
    assert FRESH == 5_000_000


async def test_s20_a_claim_uses_every_consent_and_admits_every_reservation(house: House) -> None:
    house.accounts = (Account("run:r", Budget(steps=9)),)
    made = deed(house)
    agree(made, LEADS)
    made._given[terms_of(MONEY)] = Consent(terms_of(MONEY), card_digest(made.card()), "kim", grant="g-1")
    house.answers, house.until = [asks(LEADS), asks(MONEY), YES], 77
    made._decide(7)
    await made.reserve(cast("Any", SimpleNamespace(on_ground=nullcontext)), MOST)
    assert made.claims() == [
        Op("admit", (2,)), Op("consents.use_approval", ("a-lead", 0), one=True),
        Op("consents.use_grant", ("g-1", 77), one=True),
    ]  # fmt: skip
    assert made.claims() == [Op("consents.use_approval", ("a-lead", 1), one=True)]
    assert made.attempts == 2
    assert made.bound(Amount(tokens=3)) == {"most": {"tokens": 3}, "shared": {"n": 2}}
    assert deed(house).bound(Amount()) == {"most": {}}


@pytest.mark.parametrize("room", [True, False])
async def test_what_it_may_use_is_set_aside_before_and_settled_after(room: bool, house: House) -> None:
    ground = cast("Any", SimpleNamespace(on_ground=nullcontext))
    made = deed(house)
    await made.reserve(ground, MOST)
    assert (made.reservations, house.said) == ([], []), "without an account there is nothing to set aside"
    house.accounts, house.room = (Account("run:r", Budget(steps=9)),), room
    made = deed(house)
    await made.reserve(ground, MOST)
    took: list[Any] = [("take", house.accounts, MOST)]
    took += [] if room else [took[0], ("reserve", house.accounts, MOST)]
    assert (house.said, len(made.reservations), "reserve" in made.pipe.stages) == (took, 1, True)
    house.said.clear()
    await made.reserve(ground, Amount(steps=3))
    assert house.said[0] == ("settle", 2, 0), "what no attempt was let pass with is given back"
    made.admitting_ops()
    await made.reserve_more(ground, Amount(steps=4))
    await made.reserve(ground, Amount(steps=5))
    assert [each.most.steps for each in made.reservations] == [3, 5]
    await made.reserve_more(ground, Amount(steps=4))
    assert [op.params for op in made.admitting_ops()] == [(5,), (4,)]
    del made.reservations[1]
    house.said.clear()
    assert made.charge(Amount(steps=1)) == [Op("settle", (3, 1)), Op("settle", (4, 0))]
    made.dropped()
    assert (house.said, made.reservations, made.used) == ([("settle", 3, 1), ("settle", 4, 0)], [], None)


async def test_time_that_is_up_sets_nothing_aside(house: House) -> None:
    ground = cast("Any", SimpleNamespace(on_ground=nullcontext))
    house.until = 49
    await deed(house, until=50).reserve(ground, MOST)
    house.until = 50
    with pytest.raises(BudgetExhausted) as refused:
        await deed(house, until=50).reserve(ground, MOST)
    assert refused.value.message == "clerk has used all the time that it was given."
    assert refused.value.hint == "Give it more time (Budget(seconds=…)), or less to do."
    assert Deed(house, Actor("lea", "support")).out_of_time().message.startswith("the run has used")


def test_s25_what_an_earlier_life_lost_is_charged_as_all_that_it_might_have_used(house: House) -> None:
    account = Account("run:r", Budget(steps=9))
    made, rehearsal = deed(house, accounts=(account,)), deed(house, accounts=(account,))
    run, dry = (cast("Any", SimpleNamespace(dry=each)) for each in (False, True))
    assert made.used_in_lost == Amount()
    bound = {"most": {"steps": 2, "money": 5}, "shared": {"s": 1}}
    made.taken_up(run, cast("Any", None), {"bound": bound, "consents": ["a-1", "a-1"]})
    made.taken_up(run, cast("Any", None), {"bound": {"most": {"steps": 1}}})
    made.taken_up(run, cast("Any", None), None)
    rehearsal.taken_up(dry, cast("Any", None), {"bound": bound})
    assert house.said == [("charge", "run:r", Amount(5, 0, 2, 0)), ("charge", "run:r", Amount(steps=1))]
    assert (made.used_in_lost, made._uses.of("a-1")) == (Amount(5, 0, 3, 0), 2)
    assert made.charge() == [Op("lost", ({"s": 1},)), Op("lost", (None,))]
    house.said.clear()
    made.dropped()
    assert (house.said, made.lost) == ([("lost", {"s": 1}), ("lost", None)], ())
    rehearsal.dropped()
    assert len(house.said) == 2, "what has no outcome is lost by nobody yet"


@pytest.mark.parametrize(
    ("sealed", "admitted", "charged"), [(False, True, True), (True, True, False), (False, False, False)]
)
async def test_s25_what_was_cancelled_after_it_was_let_pass_counts_as_all_used(
    sealed: bool, admitted: bool, charged: bool, house: House
) -> None:
    commits: list[Any] = []
    tasks: list[Any] = []

    async def submit(commit: Any) -> None:
        commits.append(commit.ops)

    services = SimpleNamespace(spawn=tasks.append, database=SimpleNamespace(submit=submit))
    parts = {"services": services, "on_ground": nullcontext, "outbox": KEPT}
    ground = cast("Any", SimpleNamespace(sealed=sealed, **parts))
    house.accounts = (Account("run:r", Budget(steps=9)),)
    made = deed(house)
    made.place = (ground, "p")
    await made.reserve(ground, MOST)
    if admitted:
        made.admitting_ops()
    house.said.clear()
    made.dropped()
    for task in tasks:
        await task
    assert commits == ([[Op("settle", (2, 2))]] if charged else [])
    kept = admitted and not charged
    assert house.said == ([] if kept else [("settle", 2, 2 if charged else 0)])
    assert len(made.reservations) == kept, "what was let pass and has no outcome stays held"


@pytest.mark.parametrize("wrong", [StoreUnavailable("gone"), Conflict("twice")])
async def test_s25_what_cannot_be_settled_counts_as_spent(wrong: Exception, house: House) -> None:
    async def submit(_: Any) -> None:
        raise wrong

    tasks: list[Any] = []
    services = SimpleNamespace(spawn=tasks.append, database=SimpleNamespace(submit=submit))
    house.accounts = (Account("run:r", Budget(steps=9)),)
    made = deed(house)
    made.place = cast("Any", (SimpleNamespace(sealed=False, services=services, outbox=KEPT), "p"))
    made.reservations.append(await house.reserve(house.accounts, MOST))
    made.admitting_ops()
    made.dropped()
    (task,) = tasks
    await task
    assert made.reservations == []


def test_what_was_said_is_told_by_the_outcome_where_it_has_not_left(house: House) -> None:
    taken: list[str] = []

    def take_back(path: str) -> int:
        taken.append(path)
        return int(path == "p" and taken == ["p"])

    for path, told in (("", {}), ("p", {"x": 1}), ("q", {})):
        made = deed(house)
        made.said = {"x": 1}
        if path:
            made.place = cast("Any", (SimpleNamespace(outbox=SimpleNamespace(take_back=take_back)), path))
        assert [made.untold(), made.untold()] == [told, told], "however often it is asked for"
    assert taken == ["p", "p", "q", "q"]
    assert (made.protected, made.consumes, made.leads_on) == (None, False, False)


def _nothing(_: object) -> int:
    return 0


KEPT = SimpleNamespace(send=lambda: None, take_back=_nothing)
