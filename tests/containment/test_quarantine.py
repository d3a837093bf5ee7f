"""What halts and quarantines make of a yes, piece by piece: which one covers what, how old what is known may be, and
what is asked of whom. How they arrive in time, and stop runs that are under way, is proven beside (`test_s20_halts`).
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.decisions import AccessRequest, Decision, Outcome, Reason, Requirement
from remit.domain.errors import Shredded, StoreUnavailable
from remit.domain.halt_errors import HaltsUnknown
from remit.domain.halt_events import HaltOpened
from remit.domain.halts import Concern, HaltMode, HaltScope
from remit.domain.tools import ArgumentRole
from remit.gate.actor import Actor
from remit.gate.containment.board import OPEN_ENDED, HaltBoard
from remit.gate.containment.deciding import contained
from remit.gate.containment.outbox import Outbox
from remit.gate.containment.quarantine import confined, stays_inside, without_model
from remit.gate.flag_board import FlagBoard
from remit.store.database import Conflict, Op
from remit.testing import ManualClock
from tests.policy.worlds import READ, REFUND, WIPE, call

YES = Decision(Outcome.ALLOW, (Reason("r"),), policy="p")
CHANGED = Decision(Outcome.MODIFY, (Reason("r"),), changes={"amount": 1}, policy="p")
ROW = cast("Any", SimpleNamespace(id="r-1", team="support", pin="pin", flow="flow"))
CLERK = Actor("lea", "support", "clerk", ("lead",))


class Halts:
    """A database and a log that hold halts, and count who looks."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.version = 0
        self.away = False
        self.asked: list[str] = []
        self.submitted: list[Any] = []
        self.parked = 0
        self.refuses = False
        self.reason: str | None = "too much"

    def add(
        self, scope: HaltScope, target: str, mode: HaltMode = HaltMode.HALT, until: int | None = None
    ) -> None:
        self.version += 1
        name = f"h-{len(self.rows) + 1}"
        self.rows.append(
            (name, "support", scope.value, target, mode.value, 1, "sam", until, "s", len(self.rows))
        )

    async def fetch(self, name: str, *_: object) -> list[tuple[Any, ...]]:
        self.asked.append(name)
        if self.away:
            raise StoreUnavailable("gone")
        if name == "halts.version":
            return [(self.version,)]
        return {"halts.parked": [(self.parked,)], "halts.standing": self.rows}[name]

    async def submit(self, commit: Any) -> None:
        self.submitted.append(commit.ops)
        if self.refuses:
            raise Conflict("somebody was quicker")

    def announce(self) -> None:
        self.submitted.append("announced")

    async def read_one(self, stream: str, seq: int) -> Any:
        row = self.rows[seq]
        assert stream == "s"
        if self.reason is None:
            raise Shredded("gone")
        if not self.reason:
            return SimpleNamespace(event="another event")
        return SimpleNamespace(
            event=HaltOpened(row[0], row[2], row[3], row[4], "too much", row[6], row[7], None)
        )


@pytest.fixture
def halts() -> Halts:
    return Halts()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def board_of(halts: Halts, clock: ManualClock) -> HaltBoard:
    return HaltBoard(cast("Any", halts), cast("Any", halts), clock)


async def looked(halts: Halts, clock: ManualClock) -> HaltBoard:
    board = board_of(halts, clock)
    await board.look()
    return board


async def test_s20_the_one_that_covers_is_found_by_mode_and_scope(halts: Halts, clock: ManualClock) -> None:
    halts.add(HaltScope.AGENT, "other")
    halts.add(HaltScope.AGENT, "clerk", HaltMode.QUARANTINE)
    halts.add(HaltScope.AGENT, "lead")
    board = await looked(halts, clock)
    about = CLERK.concern(ROW, "refund", "small")
    assert about == Concern("support", "r-1", "pin", ("lead", "clerk"), "lea", "refund", "small")
    assert Actor("lea", "support").concern(ROW) == Concern("support", "r-1", "pin", (), "lea")
    halted, confining = board.covering(about), board.quarantine(about)
    assert halted is not None
    assert confining is not None
    assert (halted.id, halted.sentence) == ("h-3", "agent lead is halted by sam: too much")
    assert (confining.id, confining.at, confining.by, confining.team) == ("h-2", 1, "sam", "support")
    assert confining.sentence == "agent clerk is in quarantine by sam: too much"
    assert board.covering(replace(about, agents=())) is None
    assert board.agent("lead", "support") == halted
    assert board.agent("clerk", "support") is None, "a quarantine is no halt"
    assert board.agent("lead", "sales") is None
    halts.add(HaltScope.RUN, "r-9")
    await board.look()
    assert board.agent("nobody", "support") is None
    halts.add(HaltScope.ALL, "")
    await board.look()
    assert board.agent("nobody", "support") is None, "everything is halted, and not this agent by name"
    assert (board.any, board.version) == (True, 5)


@pytest.mark.parametrize("reason", [None, ""])
async def test_s20_a_halt_stands_whose_reason_nobody_can_read(
    reason: str | None, halts: Halts, clock: ManualClock
) -> None:
    halts.add(HaltScope.AGENT, "clerk")
    halts.reason = reason
    halt = (await looked(halts, clock)).covering(CLERK.concern(ROW))
    assert halt is not None
    assert (halt.reason, halt.sentence) == ("", "agent clerk is halted by sam")


async def test_s20_where_nothing_stands_nothing_is_forbidden(halts: Halts, clock: ManualClock) -> None:
    board = await looked(halts, clock)
    assert (board.any, board.covering(CLERK.concern(ROW)), board.holds(ROW)) == (False, None, None)
    assert halts.asked == ["halts.version"], "no state is read that is known"


@pytest.mark.parametrize(
    ("scope", "target", "until", "expected"),
    [
        (HaltScope.RUN, "r-1", None, OPEN_ENDED),
        (HaltScope.RUN, "r-1", 9, 9),
        (HaltScope.AGENT, "flow", 9, 9),
        (HaltScope.RELEASE, "pi", None, OPEN_ENDED),
        (HaltScope.TEAM, "support", None, OPEN_ENDED),
        (HaltScope.TOOL, "", None, None),
        (HaltScope.RUN, "r-2", None, None),
    ],
)
async def test_s20_a_run_as_a_whole_stands_still_until_its_halt_ends(
    halts: Halts, clock: ManualClock, scope: HaltScope, target: str, until: int | None, expected: int | None
) -> None:
    when = None if until is None else clock.now() + until
    halts.add(scope, target, until=when)
    board = await looked(halts, clock)
    assert board.holds(ROW) == (when if expected == until and until is not None else expected)
    await clock.advance(1)
    assert board.holds(ROW) == (None if until is not None else expected), "it ends by itself"


async def test_s20_what_is_known_is_looked_at_again_after_a_second_and_forbids_after_five(
    halts: Halts, clock: ManualClock
) -> None:
    board = board_of(halts, clock)
    assert board.stale(), "nothing is known yet"
    await board.look()
    assert not board.stale()
    await clock.advance(0.999999)
    assert not board.stale()
    await clock.advance(0.000001)
    assert board.stale()
    halts.away = True
    await clock.advance(3.999999)
    await board.require()
    with pytest.raises(HaltsUnknown):
        await board.require(afresh=True)
    await clock.advance(0.000001)
    with pytest.raises(HaltsUnknown) as refused:
        await board.require()
    said = "nothing may act: which halts stand could not be read for 5 s (gone)"
    assert (refused.value.message, refused.value.hint) == (
        said, "Bring the database back; runs go on by themselves.",
    )  # fmt: skip
    board.limit(7.5)
    await board.require()
    await clock.advance(2.5)
    with pytest.raises(HaltsUnknown, match=r"for 7\.5 s"):
        await board.require()
    halts.away = False
    await board.require(afresh=True)
    assert not board.stale()


async def test_s20_whoever_is_under_way_is_told_and_what_was_lifted_wakes_runs(
    halts: Halts, clock: ManualClock
) -> None:
    board = board_of(halts, clock)
    heeded: list[str] = []

    class Flight:
        def heed(self) -> None:
            heeded.append("flight")

    board.flights.add(Flight())
    board.changed = lambda: heeded.append("changed")
    await board.look()
    assert heeded == []
    halts.add(HaltScope.ALL, "")
    await board.look()
    assert (heeded, halts.submitted) == (["flight", "changed"], [])
    await board.look()
    assert len(heeded) == 2, "the same state is no news"
    halts.rows.clear()
    halts.version += 1
    halts.refuses = True
    await board.look()
    assert heeded == ["flight", "changed"] * 2 + ["changed"]
    (wake,), announced = halts.submitted
    assert (wake, announced) == (Op("halts.wake", (clock.now(),)), "announced")


async def test_quarantine_asks_operators_about_exactly_this_and_no_grant_answers(
    halts: Halts, clock: ManualClock
) -> None:
    halts.add(HaltScope.AGENT, "clerk", HaltMode.QUARANTINE)
    board = await looked(halts, clock)
    about = CLERK.concern(ROW)
    said = "agent clerk is in quarantine by sam: too much"
    remedies = ("Let somebody agree to exactly this.", "Lift the quarantine: remit lift h-1")
    reason = Reason("quarantine:h-1", "", said, remedies=remedies)
    asked = Requirement("operators", "quarantine:h-1", said, violation=True)
    for yes in (YES, CHANGED):
        assert confined(board, about, yes, {"r": "sam"}) == Decision(
            Outcome.ASK, (reason,), asked, yes.changes, policy="p"
        )
        assert confined(board, about, yes, {"quarantine:h-1": "sam"}) is yes
        assert confined(board, replace(about, agents=("lead",)), yes, {}) is yes
    for outcome in (Outcome.DENY, Outcome.ASK, Outcome.DEFER):
        other = replace(YES, outcome=outcome)
        assert confined(board, about, other, {}) is other
    halt = board.quarantine(about)
    assert halt is not None
    lift = ("Lift it: remit lift h-1",)
    assert without_model(halt, YES) == Decision(
        Outcome.DENY, (Reason("h-1", "", said, remedies=lift),), policy="p"
    )


@pytest.mark.parametrize("role", list(ArgumentRole))
def test_only_what_reads_and_names_no_place_stays_inside(role: ArgumentRole) -> None:
    ways_out = {ArgumentRole.URL, ArgumentRole.DESTINATION, ArgumentRole.CODE}
    assert stays_inside(replace(READ, roles={"id": role})) is (role not in ways_out)
    assert not stays_inside(replace(REFUND, roles={"amount": role}))
    assert stays_inside(READ)


async def test_quarantine_lets_pass_what_stays_inside_and_what_is_recalled(
    halts: Halts, clock: ManualClock
) -> None:
    halts.add(HaltScope.AGENT, "clerk", HaltMode.QUARANTINE)
    board = await looked(halts, clock)
    tools = {each.name: SimpleNamespace(manifest=each) for each in (REFUND, READ, WIPE)}
    parts = cast(
        "Any",
        SimpleNamespace(
            registry=SimpleNamespace(find=tools.get), halts=board, outbox=Outbox(), flags=FlagBoard()
        ),
    )

    def made_of(request: AccessRequest, decision: Decision = YES, row: Any = ROW) -> Decision:
        return contained(parts, CLERK, row, request, decision, {})

    def memory(operation: str) -> AccessRequest:
        return AccessRequest("lea", "support", "clerk", "memory", "team", {}, {"operation": operation})

    assert made_of(call(REFUND)).outcome is Outcome.ASK
    assert made_of(call(READ)) is YES
    assert made_of(memory("recall")) is YES
    assert made_of(memory("remember")).outcome is Outcome.ASK
    assert made_of(replace(memory("recall"), action="delegate")).outcome is Outcome.ASK
    assert made_of(replace(call(READ), action="undo")).outcome is Outcome.ASK, "no call of the tool"
    assert made_of(call(REFUND), row=None) is YES
    no = replace(YES, outcome=Outcome.DENY)
    assert made_of(call(REFUND), no) is no
    halts.rows[0] = (*halts.rows[0][:2], "tool", "refund", *halts.rows[0][4:])
    halts.version += 1
    await board.look()
    assert made_of(call(REFUND)).outcome is Outcome.ASK
    assert made_of(call(WIPE)) is YES
    halts.rows[0] = (*halts.rows[0][:3], "team", *halts.rows[0][4:])
    halts.version += 1
    await board.look()
    assert made_of(memory("remember")) is YES, "a memory is no tool, whatever its name"


def test_the_outbox_holds_what_cannot_be_undone_until_somebody_looked() -> None:
    outbox = Outbox(90.0, {"refund": 30.0, "get_ticket": 9.0})
    assert [outbox.holds(each) for each in (WIPE, REFUND, READ)] == [90.0, 30.0, 0.0]
    assert [Outbox(90.0).holds(each) for each in (WIPE, REFUND, READ)] == [90.0, 0.0, 0.0]
    own = [replace(each, hold=5.0) for each in (WIPE, REFUND, READ)]
    assert [outbox.holds(each) for each in own] == [5.0, 30.0, 0.0], (
        "the operator's word goes before the tool's"
    )
    assert Outbox(0.5).held(WIPE, YES, {}).outcome is Outcome.ASK
    assert Outbox().held(WIPE, YES, {}) is YES
    text = "held back for 1.5 min, because it cannot be undone; it is done then unless somebody calls it back"
    remedies = ("Call it back: remit undo RUN.", "Let it go at once: remit approve.")
    asked = Requirement("outbox", "outbox", text, "90s", "approve", violation=True)
    assert outbox.held(WIPE, CHANGED, {}) == Decision(
        Outcome.ASK, (Reason("outbox", "", text, remedies=remedies),), asked, CHANGED.changes, policy="p"
    )
    held = outbox.held(REFUND, YES, {"r": "sam"})
    assert held.requirement is not None, "named by the operator: whoever agreed to something else"
    assert "because its tool is held back here" in held.requirement.text
    assert outbox.held(WIPE, YES, {"r": "sam"}) is YES, "somebody looked at it"
    assert outbox.held(WIPE, YES, {"r": "policy"}).outcome is Outcome.ASK, "the time agreed, nobody looked"
    for manifest in (WIPE, REFUND):
        assert outbox.held(manifest, YES, {"outbox": "policy"}) is YES
