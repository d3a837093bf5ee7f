"""What containment makes of a yes: a question where an agent is quarantined, a wait where a call cannot be undone; and
in the passage of an action it is asked about this very actor, run, moment and consent.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.action_errors import Denied
from remit.domain.decisions import AccessRequest, Decision, Outcome
from remit.domain.effects import Effect
from remit.domain.tools import ArgumentRole, ToolManifest
from remit.gate.containment import fuses as module
from remit.gate.containment.deciding import contained
from remit.gate.containment.fuses import Fuses
from remit.gate.containment.outbox import RULE, Outbox
from remit.gate.flag_board import FlagBoard
from remit.store.database import Conflict
from tests.gate.test_passage import YES, Deed, House, deed

ROW = cast("Any", SimpleNamespace(team="support", id="r-1", pin="p"))
HALT = SimpleNamespace(id="h-1", sentence="clerk is quarantined: odd")
WIPE = ToolManifest("wipe", "", {}, Effect.IRREVERSIBLE)
READ = ToolManifest("read", "", {}, Effect.READ)
FETCH = ToolManifest("fetch", "", {}, Effect.READ, roles={"url": ArgumentRole.URL})


class Board:
    """Quarantines one agent, and notes about whom it was asked."""

    def __init__(self, *, any_: bool = True) -> None:
        self.any = any_
        self.asked: list[Any] = []

    def quarantine(self, about: Any) -> Any:
        self.asked.append(about)
        return HALT


def parts(*tools: ToolManifest, board: Board | None = None, seconds: float = 0) -> Any:
    known = {each.name: SimpleNamespace(manifest=each) for each in tools}
    return SimpleNamespace(
        registry=SimpleNamespace(find=known.get),
        halts=board or Board(any_=False),
        outbox=Outbox(seconds),
        flags=FlagBoard(),
    )


def asked(action: str, resource: str, **context: Any) -> AccessRequest:
    return AccessRequest("lea", "support", "clerk", action, resource, {}, context)


def of(
    said: Any, request: AccessRequest, agreed: dict[str, str] | None = None, decision: Decision = YES
) -> Decision:
    return contained(said, deed(House()).actor, ROW, request, decision, agreed or {})


def test_s20_a_call_that_cannot_be_undone_waits_unless_somebody_looked_at_it() -> None:
    said, call = parts(WIPE, READ, seconds=90), asked("call", "wipe")
    held = of(said, call)
    text = "held back for 1.5 min, because it cannot be undone; it is done then unless somebody calls it back"
    assert (held.outcome, held.policy, held.reasons[0].text) == (Outcome.ASK, YES.policy, text)
    assert held.reasons[0].remedies == ("Call it back: remit undo RUN.", "Let it go at once: remit approve.")
    assert held.requirement is not None
    assert (held.requirement.group, held.requirement.rule, held.requirement.within, held.requirement.otherwise) == (
        "outbox", "outbox", "90s", "approve",
    )  # fmt: skip
    assert of(said, call, {RULE: "policy"}) is YES, "its time was up"
    assert of(said, call, {"cap": "sam"}) is YES, "somebody looked at it"
    assert of(said, call, {"cap": "policy"}).outcome is Outcome.ASK, "only the time agreed to something else"
    said.outbox.tools["wipe"] = 30
    by_name = of(said, call, {"cap": "sam"})
    assert by_name.reasons[0].text.startswith("held back for 30 s, because it cannot be undone")
    assert (
        of(said, asked("call", "read"))
        is of(said, asked("call", "gone"))
        is of(said, asked("undo", "wipe"))
        is YES
    )
    no = Decision(Outcome.DENY)
    assert of(said, call, decision=no) is no
    assert contained(said, cast("Any", None), None, call, YES, {}) is YES, "a run that is not known yet"


def test_a_quarantined_agent_reads_what_needs_no_way_out_and_recalls() -> None:
    board = Board()
    said = parts(WIPE, READ, FETCH, board=board, seconds=90)
    assert of(said, asked("call", "read")) is of(said, asked("memory", "m", operation="recall")) is YES
    assert board.asked == []
    for request in (asked("call", "wipe"), asked("call", "fetch"), asked("memory", "m", operation="remember"),
                    asked("delegate", "other"), asked("call", "gone")):  # fmt: skip
        held = of(said, request)
        assert (held.outcome, held.reasons[0].rule) == (Outcome.ASK, "quarantine:h-1")
    assert [(each.team, each.run, each.agents) for each in board.asked] == [
        ("support", "r-1", ("clerk",))
    ] * 5
    assert [each.tool for each in board.asked] == ["wipe", "fetch", "", "", ""]
    let = of(said, asked("call", "wipe"), {"quarantine:h-1": "policy"})
    assert let.reasons[0].rule == RULE, "and then it waits as any other"


def test_a_passage_is_contained_as_who_it_is_for_and_by_what_was_agreed() -> None:
    house = House(answers=[YES, YES])
    made = deed(house)
    assert (made.agreed, made.said) == ({}, {}), (
        "before it is decided, nothing was agreed to and nothing said"
    )
    made._row = ROW
    board = Board()
    known = SimpleNamespace(manifest=WIPE)
    here = cast("Any", made.parts)
    here.halts, here.outbox, here.registry = board, Outbox(60), SimpleNamespace(find={"refund": known}.get)
    assert made._decide(7).reasons[0].rule == "quarantine:h-1"
    assert board.asked[0].agents == ("clerk",)
    here.halts = Board(any_=False)
    assert made._decide(7).reasons[0].rule == RULE


def test_s28_a_reviewer_is_judged_at_the_moment_of_the_decision_with_groups_of_their_own() -> None:
    house = House(answers=[YES, YES, YES, Decision(Outcome.DENY)], groups={"sam": ("leads",)})
    made: Deed = deed(house)
    made._editors = ("sam",)
    assert made._decide(7) is YES
    assert [(each[0].user, each[0].groups, each[1]) for each in house.asked] == [
        ("lea", (), 7), ("sam", ("leads",), 7),
    ]  # fmt: skip
    with pytest.raises(Denied, match="sam may not call refund"):
        made._decide(8)


async def test_a_breaker_that_could_not_stop_an_agent_is_free_to_try_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails(*_: Any, **__: Any) -> None:
        raise Conflict("somebody else wrote")

    monkeypatch.setattr(module, "open_halt", fails)
    fuses, trip = Fuses(), SimpleNamespace(breaker="denials", sentence="too many", evidence={})
    services = cast("Any", SimpleNamespace(clock=SimpleNamespace(now=lambda: 5), database=None, keys=None))
    fuses._tripped["clerk"] = 3
    for _ in range(2):  # two may have been under way
        await fuses._open(cast("Any", None), services, ROW, "clerk", cast("Any", trip))
    assert fuses._tripped == {}
