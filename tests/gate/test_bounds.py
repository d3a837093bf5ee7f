"""What contracts make of a call, piece by piece: which ones are asked, which answer wins, which slots are used, and
what a person and the log are shown. What a contract answers is scripted here; `tests/policy` proves it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.action_errors import Denied
from remit.domain.decisions import Decision, Outcome, Reason, Requirement
from remit.domain.labels import Integrity, Label
from remit.gate import bounds as module
from remit.gate.bounds import NO_BOUNDS, Bounds
from remit.policy.provenance.checking import Verdict
from tests.policy.worlds import REFUND

YES = Decision(Outcome.ALLOW, (Reason("r"),), policy="p")
CARRIED = ("ask-1",)
PLACE = cast("Any", (object(), "run/refund#1"))
WHY = (Reason("no_slot", text="one"), Reason("sink", text="two"))


@dataclass
class Contract:
    on_violation: str = "ask"
    asks: str = "leads"
    digest: str = "0123456789abcdef+++"


@dataclass
class Run:
    """What a contract's side of a run is to the gate."""

    place: str = "contract"
    contract: Contract = field(default_factory=Contract)
    absent: bool = False
    claimed: dict[str, int] = field(default_factory=dict[str, int])
    ledger: Any = None
    full: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    used: list[tuple[str, int, str]] = field(default_factory=list[tuple[str, int, str]])

    def free(self, path: str, slot: int) -> bool:
        self.asked.append((path, slot))
        return not self.full

    def use(self, path: str, slot: int, key: str) -> None:
        self.used.append((path, slot, key))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The verdicts that are given, one after the other; what was asked takes their place."""
    script: list[Any] = []
    asked: list[Any] = []

    def check(*question: Any) -> Verdict:
        asked.append(question)
        return script.pop(0)

    monkeypatch.setattr(module, "check", check)
    script.append(asked)
    return script


def bounds(*runs: Run, context: str = "") -> Bounds:
    return Bounds(
        tuple(cast("Any", SimpleNamespace(run=run, context=context, carried=CARRIED)) for run in runs)
    )


def test_every_contract_is_asked_about_what_the_one_before_lets_be_sent(told: list[Any]) -> None:
    asked = told.pop(0)
    runs = [
        Run(claimed={"run/refund#1": 3}, ledger="l1"),
        Run(absent=True),
        Run(ledger="l2"),
        Run(ledger="l3"),
    ]
    told += [
        Verdict(True, 0, "", {"amount": 1}),
        Verdict(allows=False, arguments={"amount": 2}),
        Verdict(True, 1, "", {"amount": 3}),
    ]
    made = bounds(*runs, context="ask")
    assert made.bind(REFUND, {"amount": 9}, PLACE) == {"amount": 3}
    assert asked == [
        (runs[0].contract, "l1", REFUND, {"amount": 9}, "ask", 3, CARRIED),
        (runs[2].contract, "l2", REFUND, {"amount": 1}, "ask", None, CARRIED),
        (runs[3].contract, "l3", REFUND, {"amount": 1}, "ask", None, CARRIED),
    ]
    told += [Verdict(True, 0, "", {"amount": 4})] * 3
    assert made.bind(REFUND, {"amount": 9}, None) == {"amount": 4}
    assert [question[5] for question in asked[3:]] == [None] * 3, "what is nowhere has used nothing"
    assert [fact["slot"] for fact in made.facts()["contracts"]] == [0, 0, 0], "of the last call alone"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_violation_is_a_question_that_no_grant_answers_and_a_no_stays_one(
    outcome: Outcome, told: list[Any]
) -> None:
    told[:] = [Verdict(True, 0), Verdict(allows=False, reasons=WHY)]
    made = bounds(Run(), Run())
    made.bind(REFUND, {}, PLACE)
    decision = Decision(outcome, (Reason("r"),), changes={"note": "x"}, policy="p")
    if outcome is Outcome.DENY:
        assert made.combined(decision, {}) is decision
        return
    asked = Requirement("leads", "contract:no_slot", "not in the contract: one; two", violation=True)
    asking = Decision(Outcome.ASK, WHY, asked, {"note": "x"}, policy="p")
    assert made.combined(decision, {}) == asking, "people agree to what a rule has changed already"
    assert made.combined(decision, {"contract:sink": "lea"}).outcome is Outcome.ASK
    assert made.combined(decision, {"contract:no_slot": "lea"}) is decision


def test_where_a_contract_denies_nobody_is_asked(told: list[Any]) -> None:
    told[:] = [Verdict(allows=False, reasons=WHY), Verdict(allows=False, reasons=WHY[1:])]
    made = bounds(Run(), Run(contract=Contract("deny")))
    made.bind(REFUND, {}, PLACE)
    assert made.combined(YES, {"contract:no_slot": "lea"}) == Decision(Outcome.DENY, WHY[1:], policy="p")


def test_a_violation_without_a_reason_is_one_all_the_same(told: list[Any]) -> None:
    told[:] = [Verdict(allows=False)]
    made = bounds(Run())
    made.bind(REFUND, {}, PLACE)
    asked = Requirement("leads", "", "not in the contract: ", violation=True)
    assert made.combined(YES, {}) == Decision(Outcome.ASK, (), asked, policy="p")


def test_slots_are_used_all_or_none(told: list[Any]) -> None:
    told[:] = [Verdict(True, 2, "k2"), Verdict(allows=True), Verdict(True, 0, "k0")]
    runs = [Run(), Run(full=True), Run()]
    made = bounds(*runs)
    made.bind(REFUND, {}, PLACE)
    made.claim(PLACE, "refund")
    assert [run.used for run in runs] == [[("run/refund#1", 2, "k2")], [], [("run/refund#1", 0, "k0")]]
    assert [run.asked for run in runs] == [[("run/refund#1", 2)], [], [("run/refund#1", 0)]]
    made.claim(None, "refund")
    assert (runs[0].used[1:], runs[0].asked[1:]) == ([("", 2, "k2")], [("", 2)])
    runs[2].full = True
    with pytest.raises(Denied, match="refund"):
        made.claim(PLACE, "refund")
    assert (len(runs[0].used), len(runs[2].used)) == (2, 2), "the first is not used either"


def test_what_came_of_it_is_seen_by_every_contract() -> None:
    seen: list[Any] = []

    def saw(*said: Any) -> None:
        seen.append(said)

    ledger = SimpleNamespace(saw=saw)
    made = bounds(Run(ledger=ledger), Run(ledger=ledger), context="ask")
    made.saw(REFUND, {"amount": 1}, 7, PLACE)
    made.saw(REFUND, {"amount": 1}, 7, None)
    called = (REFUND, {"amount": 1}, 7)
    assert seen == [(*called, "run/refund#1", "ask")] * 2 + [(*called, "", "ask")] * 2


def test_the_log_and_a_person_see_slots_and_where_each_value_comes_from(told: list[Any]) -> None:
    label = Label(Integrity.ENDORSED, sources=("user", "crm", "mail"))
    told[:] = [Verdict(True, 1, "k", labels={"amount": label}), Verdict(allows=True, labels={"note": label})]
    made = bounds(Run(), Run("ask/contract"))
    assert (made.facts(), made.card()) == ({}, {})
    assert (NO_BOUNDS.facts(), NO_BOUNDS.card()) == ({}, {})
    made.bind(REFUND, {}, PLACE)
    assert made.facts() == {
        "contracts": [
            {
                "at": "contract", "digest": "0123456789abcdef", "slot": 1, "key": "k",
                "labels": {"amount": label.plain()},
            }
        ]
    }  # fmt: skip
    assert made.card() == {
        "contract": ["0123456789abcdef"] * 2,
        "labels": {"amount": "R crm, mail", "note": "R crm, mail"},
    }


@pytest.mark.parametrize("found", [True, False])
async def test_s24_what_was_picked_is_looked_up_again(
    found: bool, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    picked = cast(
        "Any",
        SimpleNamespace(
            selector=SimpleNamespace(how="largest"),
            table=SimpleNamespace(tool="list_files", arguments={"folder": "x"}),
        ),
    )
    told[:] = [Verdict(True, 0), Verdict(True, 0, precondition=picked), Verdict(True, 0, precondition=picked)]
    made = bounds(Run(), Run(), Run())
    made.bind(REFUND, {}, PLACE)
    asked: list[Any] = []
    reads: list[Any] = []
    standing = [True, False]

    async def read(*what: Any) -> str:
        reads.append(what)
        return "rows"

    def stands(*what: Any) -> bool:
        asked.append(what)
        return standing.pop(0)

    monkeypatch.setattr(module, "stands", stands)
    tools = {"list_files": "tool"} if found else dict[str, str]()
    registry = cast("Any", SimpleNamespace(find=tools.get))
    with pytest.raises(Denied, match="what was the largest has changed since it was looked up") as refused:
        await made.look_again(registry, cast("Any", SimpleNamespace(read=read)))
    assert refused.value.hint == "Look it up again."
    assert reads == ([("tool", {"folder": "x"})] * 2 if found else [])
    assert asked == ([(picked, "rows")] * 2 if found else [])
