"""How an action is settled: what an earlier life was told comes first, then authority is asked until it says yes. The
questions themselves are scripted here (`test_asking_people` has real ones).
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.decisions import Decision, Outcome, Reason, Requirement
from remit.gate import passage as module
from remit.gate.actor import Actor
from remit.gate.consents import Consent, Uses
from remit.gate.holding import Verdict, card_digest, terms_of
from remit.gate.passage import Passage
from tests.gate.test_passage import LEADS, MONEY, YES, Deed, House, asks, deed

LATER = Decision(Outcome.DEFER, (Reason("later"),), until=9, policy="p")
CALL = cast("Any", SimpleNamespace(path="p"))


@dataclass
class World:
    """Everybody who is asked, and in which order."""

    log: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    told: list[Verdict] = field(default_factory=list[Verdict])
    earlier: list[Verdict] = field(default_factory=list[Verdict])
    grant: Consent | None = None
    usable: bool = True
    refused: bool = False

    run: Any = None

    def execution(self, *, dry: bool = False) -> Any:
        row = SimpleNamespace(id="r-1")
        self.run = SimpleNamespace(row=row, now=lambda: 7, dry=dry, on_ground=nullcontext)
        return self.run

    def _is_this(self, run: Any, call: Any = CALL) -> None:
        assert run is self.run
        assert call is CALL

    async def heed(self, run: Any, call: Any, number: int) -> Verdict | None:
        self._is_this(run, call)
        self.log.append(("heed", number))
        return self.earlier.pop(0) if self.earlier else None

    async def check_standing(self, run: Any, approval: str, used: int) -> None:
        self._is_this(run)
        self.log.append(("standing", approval, used))

    async def hold(self, run: Any, call: Any, decision: Decision, number: int, *shown: Any) -> Verdict:
        self._is_this(run, call)
        self.log.append(("hold", call.path, decision.requirement, number, *shown))
        return self.told.pop(0)

    async def postpone(self, run: Any, call: Any, decision: Decision, number: int, facts: Any) -> None:
        self._is_this(run, call)
        self.log.append(("postpone", call.path, decision.until, number, facts["decision"]))

    async def find_grant(self, parts: Any, run: Any, request: Any, asked: Requirement, uses: Uses) -> Any:
        self._is_this(run)
        assert (parts.budgets, uses.grants) == (parts.standing, [])
        self.log.append(("grant", request.groups, asked.rule))
        return self.grant

    async def use_now(self, parts: Any, run: Any, grant: str, path: str) -> bool:
        self._is_this(run)
        assert parts.budgets is parts.standing
        self.log.append(("use", grant, path))
        return self.usable

    def is_refused(self, run: Any, call: Any) -> bool:
        self._is_this(run, call)
        return self.refused


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    for name in ("heed", "check_standing", "hold", "postpone", "find_grant", "use_now", "is_refused"):
        monkeypatch.setattr(module, name, getattr(made, name))
    return made


@dataclass
class Standing(House):
    """A house that says whether a run is known, and looks at people when that is due."""

    known: bool = True
    stale: bool = False
    seen: list[Any] = field(default_factory=list[Any])

    @property
    def parts(self) -> Any:
        found = super().parts
        found.roles.stale = self._is_stale
        found.meet = self._meet
        return found

    def _is_stale(self, now: int) -> bool:
        self.seen.append(("stale", now))
        return self.stale

    async def _meet(self) -> None:
        self.seen.append("meet")

    def holds(self, run: Any) -> bool:
        assert run.row.id == "r-1"
        return self.known

    async def enter(self, run: Any) -> None:
        self.seen.append(("enter", run.row.id))


@pytest.fixture
def house() -> Standing:
    return Standing()


def verdict(made: Deed, requirement: Requirement) -> Verdict:
    shown = card_digest(made.card())
    return Verdict(requirement.rule, terms_of(requirement), "sam", shown, f"a-{requirement.rule}")


@pytest.mark.parametrize(("known", "stale"), [(True, False), (False, True)])
async def test_people_and_rules_are_looked_at_before_authority_is_asked(
    known: bool, stale: bool, world: World, house: Standing
) -> None:
    house.known, house.stale, house.answers = known, stale, [YES]
    made = deed(house)
    await made.settle(world.execution(), CALL)
    assert house.seen == [
        ("stale", 100),
        *(["meet"] if stale else []),
        *([] if known else [("enter", "r-1")]),
    ]
    assert (world.log, made.run, house.asked[0][1], house.asked[0][3]) == ([("heed", 1)], "r-1", 7, "r-1")
    assert "hold" not in made.pipe.stages
    assert made._row is world.run.row


async def test_s20_it_is_asked_again_until_it_is_a_yes(world: World, house: Standing) -> None:
    made = deed(house)
    house.answers = [LATER, LATER, asks(LEADS), asks(LEADS), asks(MONEY), asks(LEADS), asks(MONEY), YES]
    world.told = [verdict(made, LEADS), verdict(made, MONEY)]
    await made.settle(world.execution(), CALL)
    held = [each for each in world.log if each[0] in {"postpone", "hold"}]
    assert held[:2] == [("postpone", "p", 9, 1, "defer"), ("postpone", "p", 9, 2, "defer")]
    first, second = held[2:]
    assert first[:5] == ("hold", "p", LEADS, 1, made.card())
    assert (first[5]["decision"], first[6]) == ("ask", "lea")
    assert (second[2:4], second[5]["agreed"]) == ((MONEY, 2), {"lead": "sam"})
    assert made.agreed == {"lead": "sam", "money": "sam"}
    assert "hold" in made.pipe.stages


@pytest.mark.parametrize("refused", [True, False])
async def test_s20_what_an_earlier_life_was_told_counts_and_has_to_stand(
    refused: bool, world: World, house: Standing
) -> None:
    made = deed(house)
    world.refused = refused
    world.earlier = [verdict(made, LEADS), verdict(made, MONEY)]
    house.answers = [asks(LEADS), asks(MONEY), YES]
    made._uses.take_up(["a-money"])
    await made.settle(world.execution(), CALL)
    heeded = [each for each in world.log if each[0] == "heed"]
    assert heeded == [("heed", 1), ("heed", 2), ("heed", 3)]
    standing = [each for each in world.log if each[0] == "standing"]
    assert standing == ([("standing", "a-lead", 0), ("standing", "a-money", 1)] if refused else [])


@pytest.mark.parametrize("consumes", [True, False])
async def test_s20_a_grant_answers_before_anybody_is_asked(
    consumes: bool, world: World, house: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deed, "consumes", consumes)
    house.groups["lea"] = ("x",)
    made = deed(house)
    world.grant = Consent("", "", "kim (grant g-1)", grant="g-1")
    house.answers = [asks(LEADS), asks(LEADS), YES]
    await made.settle(world.execution(), CALL)
    assert world.log == [("heed", 1), ("grant", ("x",), "lead"), *([] if consumes else [("use", "g-1", "p")])]
    assert made.agreed == {"lead": "kim (grant g-1)"}
    given = replace(world.grant, terms=terms_of(LEADS), card=card_digest(made.card()))
    assert made._given == {terms_of(LEADS): given}
    assert not await made._granted(world.execution(), CALL, asks(LEADS)), "it did not hold"
    assert len(world.log) == (2 if consumes else 3)


async def test_s20_where_no_grant_may_answer_none_is_looked_for(world: World, house: Standing) -> None:
    made = deed(house)
    world.grant = Consent("", "", "kim", grant="g-1")
    assert not await made._granted(world.execution(), CALL, YES)
    assert not await made._granted(world.execution(dry=True), CALL, asks(LEADS))
    world.refused = True
    assert not await made._granted(world.execution(), CALL, asks(LEADS))
    assert world.log == []
    world.refused, world.usable = False, False
    assert not await made._granted(world.execution(), CALL, asks(LEADS)), "it is used up by now"
    world.grant = None
    assert not await made._granted(world.execution(), CALL, asks(LEADS))
    assert [each[0] for each in world.log] == ["grant", "use", "grant"]
    assert made._given == {}
    world.grant, world.usable = Consent("", "", "kim", grant="g-2"), True
    made._take(verdict(made, LEADS))
    assert await made._granted(world.execution(), CALL, asks(LEADS)), (
        "a person's word is no grant that failed"
    )


def test_every_kind_of_action_says_itself_what_it_asks_and_shows(house: House) -> None:
    plain = Passage(house.parts, Actor("lea", "support"))
    for act, said in (
        (plain.request, ("Passage",)), (plain.card, ("Passage",)),
        (partial(plain.changed, {"n": 1}, "sam"), ("Passage", {"n": 1}, "sam")),
    ):  # fmt: skip
        with pytest.raises(AssertionError) as wrong:
            act()
        assert wrong.value.args == said
