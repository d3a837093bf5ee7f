"""Consents and grants, piece by piece: what is used up by which attempt, who might agree, and which grant answers what.
How they hold in a run, across restarts and against two who come at once, is proven beside (`test_s20_approvals`).
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.approvals import Bound, GrantTerms
from remit.domain.decisions import AccessRequest, Decision, Outcome, Requirement
from remit.domain.errors import Shredded
from remit.domain.people_errors import ApprovalConsumed
from remit.domain.people_events import GrantMade, GrantUsed
from remit.engine.outside import team_stream
from remit.gate import consents as module
from remit.gate.consents import (
    Consent,
    Uses,
    check_standing,
    find_grant,
    is_refused,
    may_agree,
    terms_of_grant,
    use_now,
)
from remit.store.database import Conflict, Op
from tests.policy.worlds import REFUND, call

ASKED = Requirement("leads", "limit")
REQUEST = replace(call(REFUND, amount=5), environment="prod")


@dataclass
class Crew:
    """Who people are."""

    people: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    disabled: set[str] = field(default_factory=set[str])

    @property
    def any(self) -> bool:
        return bool(self.people)

    def knows(self, person: str) -> bool:
        return person in self.people

    def is_disabled(self, person: str) -> bool:
        return person in self.disabled

    def of(self, person: str) -> tuple[str, ...]:
        return self.people[person]


@dataclass
class House:
    """What the gate holds, as far as consents look at it."""

    roles: Crew = field(default_factory=Crew)
    outcome: Outcome = Outcome.ALLOW
    asked: list[tuple[AccessRequest, int]] = field(default_factory=list[tuple[AccessRequest, int]])
    rows: dict[tuple[Any, ...], list[Any]] = field(default_factory=dict[tuple[Any, ...], list[Any]])
    events: dict[tuple[str, int], Any] = field(default_factory=dict[tuple[str, int], Any])

    @property
    def parts(self) -> Any:
        return SimpleNamespace(roles=self.roles, authority=self, time=SimpleNamespace(latest=lambda: 900))

    @property
    def execution(self) -> Any:
        services = SimpleNamespace(database=self, log=self)
        row = SimpleNamespace(id="r-1")
        return SimpleNamespace(
            services=services, on_ground=nullcontext, now=lambda: 77, row=row, refused={"p/consent"}
        )

    def decide(self, request: AccessRequest, now: int) -> Decision:
        self.asked.append((request, now))
        return Decision(self.outcome)

    async def fetch(self, *query: Any) -> list[Any]:
        return self.rows.get(query, [])

    async def read_one(self, stream: str, seq: int) -> Any:
        found = self.events[stream, seq]
        if found is None:
            raise Shredded("gone")
        return SimpleNamespace(event=found)

    def grant(self, name: str, event: Any, by: str = "sam") -> list[Any]:
        self.events["s", len(self.events)] = event
        return [name, *[None] * 7, "s", len(self.events) - 1, None, by]


def granted(tool: str = "refund", agent: str = "", run: str = "", bounds: Any = None) -> GrantMade:
    return GrantMade("g", tool, agent, run, 1, 999, "sam", bounds)


def test_s20_an_attempt_uses_a_consent_once_more_and_a_grant_only_once() -> None:
    uses = Uses()
    approval, grant = Consent("t", "c", "lea", approval="a-1"), Consent("t", "c", "sam", grant="g-1")
    assert (approval.name, grant.name) == ("a-1", "g-1")
    assert list(uses.ops([approval, grant], 7)) == [
        Op("consents.use_approval", ("a-1", 0), one=True), Op("consents.use_grant", ("g-1", 7), one=True),
    ]  # fmt: skip
    assert list(uses.ops([approval, grant], 8)) == [Op("consents.use_approval", ("a-1", 1), one=True)]
    assert (uses.of("a-1"), uses.of("g-1"), uses.of("a-2"), uses.grants) == (2, 2, 0, ["g-1"])
    taken = Uses()
    taken.take_up(["a-1", "a-1", "g-2"])
    assert list(taken.ops([approval, replace(grant, grant="g-2")], 9)) == [
        Op("consents.use_approval", ("a-1", 2), one=True)
    ]
    assert (taken.of("a-1"), taken.of("g-2")) == (3, 2)
    assert list(uses.ops([Consent("t", "c", "lea")], 9)) == []


def test_s20_only_the_action_that_the_log_refused_is_refused() -> None:
    execution = House().execution
    assert is_refused(execution, cast("Any", SimpleNamespace(path="p")))
    assert not is_refused(execution, cast("Any", SimpleNamespace(path="q")))


@pytest.mark.parametrize(
    ("state", "used", "stands"),
    [("approved", 2, True), ("approved", 1, False), ("revoked", 2, False), (None, 0, False)],
)
async def test_s20_a_consent_stands_as_it_was_given_and_used(
    state: str | None, used: int, stands: bool
) -> None:
    house = House()
    if state is not None:
        row: list[Any] = [None] * 17
        row[10], row[16] = state, used
        house.rows["approvals.get", "a-1"] = [row]
    if stands:
        return await check_standing(house.execution, "a-1", 2)
    with pytest.raises(ApprovalConsumed) as refused:
        await check_standing(house.execution, "a-1", 2)
    assert refused.value.message == "the consent a-1 was used already, or was taken back."
    assert refused.value.hint == "Ask for the action again."
    return None


def test_s21_who_may_agree_is_asked_as_they_are_now() -> None:
    house = House()
    assert may_agree(house.parts, "owner", REQUEST, ASKED, 3), "without users the owner can"
    assert house.asked == []
    house.roles.people |= {
        "sam": ("leads", "reviewer"),
        "lea": ("leads",),
        "kim": ("leads",),
        "bo": ("other",),
    }
    house.roles.disabled.add("kim")
    for person in ("nobody", "kim", "lea"):
        assert not may_agree(house.parts, person, REQUEST, ASKED, 3)
    assert house.asked == [], "an unknown, a disabled one and whoever asks is nobody's question"
    assert may_agree(house.parts, "sam", REQUEST, ASKED, 3)
    assert may_agree(house.parts, "bo", REQUEST, ASKED, 4)
    facts = {"kind": "approval", "group": "leads", "rule": "limit", "agent": "triage", "mine": True}
    expected = AccessRequest(
        "sam", "support", "", "approve", "refund", facts, groups=("leads", "reviewer"), environment="prod"
    )
    other = replace(expected, user="bo", groups=("other",), facts={**facts, "mine": False})
    assert house.asked == [(expected, 3), (other, 4)]
    for outcome in set(Outcome) - {Outcome.ALLOW}:
        house.outcome = outcome
        assert not may_agree(house.parts, "sam", REQUEST, ASKED, 3)


def test_a_grant_covers_what_its_event_says() -> None:
    made = granted(agent="triage", run="r-1", bounds=[["amount", "<=", 5]])
    assert terms_of_grant(made) == GrantTerms("refund", "triage", "r-1", (Bound("amount", "<=", 5),))
    assert terms_of_grant(granted()) == GrantTerms("refund", "", "", ())


async def test_s20_the_first_living_grant_that_covers_the_call_answers() -> None:
    house = House(Crew({"sam": ("leads",), "kim": ("leads",)}, {"kim"}))
    house.rows["grants.living", "support", "refund", 900] = [
        house.grant("g-1", None), house.grant("g-2", "another event"), house.grant("g-3", granted(tool="wipe")),
        house.grant("g-4", granted(agent="critic")), house.grant("g-5", granted(run="r-2")),
        house.grant("g-6", granted(bounds=[["amount", "<=", 4]])), house.grant("g-7", granted(), "kim"),
        house.grant("g-8", granted(agent="triage", run="r-1", bounds=[["amount", "<=", 5]])),
        house.grant("g-9", granted()),
    ]  # fmt: skip
    found = await find_grant(house.parts, house.execution, REQUEST, ASKED, Uses())
    assert found == Consent("", "", "sam (grant g-8)", grant="g-8")
    assert [now for _, now in house.asked] == [77]
    again = Uses()
    again.take_up(["g-9", "a-1"])
    house.rows["grants.again", "g-9", 900] = [house.rows["grants.living", "support", "refund", 900][-1]]
    found = await find_grant(house.parts, house.execution, REQUEST, ASKED, again)
    assert found == Consent("", "", "sam (grant g-9)", grant="g-9"), (
        "an attempt goes on under the one it used"
    )
    house.rows.clear()
    assert await find_grant(house.parts, house.execution, REQUEST, ASKED, Uses()) is None


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        (replace(REQUEST, action="undo"), ASKED),
        (REQUEST, replace(ASKED, violation=True)),
        (REQUEST, replace(ASKED, quorum=2)),
    ],
)
async def test_s20_no_grant_answers_for_a_broken_bound_or_for_several_people(
    request_: AccessRequest, asked: Requirement
) -> None:
    house = House()
    house.rows["grants.living", "support", "refund", 900] = [house.grant("g-1", granted())]
    assert await find_grant(house.parts, house.execution, REQUEST, ASKED, Uses())
    assert await find_grant(house.parts, house.execution, request_, asked, Uses()) is None


@pytest.mark.parametrize("used_up", [False, True])
async def test_s20_what_has_no_claim_uses_its_grant_in_a_commit_of_its_own(
    used_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, sealed, commits = House(), list[Any](), list[Any]()

    def seal(*what: Any) -> str:
        sealed.append(what)
        return "event"

    async def team_key(team: str, now: int) -> str:
        return f"key of {team} at {now}"

    async def submit(commit: Any) -> None:
        commits.append(commit)
        if used_up:
            raise Conflict("used up")

    monkeypatch.setattr(module, "shared_event", seal)
    services = SimpleNamespace(
        keys=SimpleNamespace(team_key=team_key), database=SimpleNamespace(submit=submit)
    )
    row = SimpleNamespace(id="r-1", team="support")
    execution: Any = SimpleNamespace(services=services, row=row, now=lambda: 77, on_ground=nullcontext)
    assert await use_now(house.parts, execution, "g-1", "p") is not used_up
    used = GrantUsed("g-1", "r-1", "p")
    assert sealed == [(team_stream("support"), "support", "key of support at 77", used, 77)]
    (commit,) = commits
    assert commit.ops == [Op("consents.use_grant", ("g-1", 900), one=True)]
    assert (commit.shared, commit.events, commit.fence) == (["event"], [], None)
