"""A breaker that tripped, piece by piece: what it opens, when it keeps quiet, and what it does when it cannot."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import StoreUnavailable
from remit.domain.halt_events import HaltLifted, HaltOpened
from remit.domain.halts import Concern, Halt, HaltMode, HaltScope
from remit.engine.outside import WORKSPACE_STREAM, team_stream
from remit.gate.containment import fuses as module
from remit.gate.containment import opening
from remit.gate.containment.fuses import Fuses
from remit.gate.containment.opening import lift_halt, open_halt
from remit.policy.containment.breakers import Act, BreakerLimits
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Coroutine

ROW = cast("Any", SimpleNamespace(id="r-1", team="support", pin="pin"))
LIMITS = BreakerLimits(window=10**9, deny_percent=0, repeats=1)


@dataclass
class Around:
    """The board and the services that a breaker acts through."""

    halted: bool = False
    confined: bool = False
    told: int = 0
    fails: Exception | None = None
    asked: list[Concern] = field(default_factory=list[Concern])
    opened: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    @property
    def services(self) -> Any:
        return SimpleNamespace(clock=SimpleNamespace(now=lambda: 5), spawn=self.spawn, database="d", keys="k")

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    def covering(self, about: Concern) -> object:
        self.asked.append(about)
        return object() if self.halted else None

    def quarantine(self, about: Concern) -> object:
        self.asked.append(about)
        return object() if self.confined else None

    def tell(self) -> None:
        self.told += 1

    async def open_halt(self, *where: Any, **what: Any) -> None:
        if self.fails is not None:
            raise self.fails
        self.opened.append({"where": where, **what})

    async def act(self, fuses: Fuses, at: int, agent: str = "clerk", signature: int = 7) -> None:
        fuses.saw(cast("Any", self), self.services, ROW, agent, Act(at, signature))
        if self.tasks:
            await asyncio.gather(*self.tasks)
            self.tasks.clear()


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Around:
    made = Around()
    monkeypatch.setattr(module, "open_halt", made.open_halt)
    return made


def armed(mode: HaltMode = HaltMode.QUARANTINE, cool_down: float = 0) -> Fuses:
    fuses = Fuses()
    assert not fuses.armed
    fuses.arm(LIMITS, mode, cool_down)
    assert fuses.armed
    return fuses


@pytest.mark.parametrize(
    ("mode", "cool_down", "until"),
    [(HaltMode.QUARANTINE, 0, None), (HaltMode.HALT, 2.5, 5 + 5 * MICROSECONDS // 2)],
)
async def test_a_trip_stops_the_agent_with_the_evidence(
    mode: HaltMode, cool_down: float, until: int | None, around: Around, caplog: pytest.LogCaptureFixture
) -> None:
    fuses = armed(mode, cool_down)
    await around.act(fuses, 1)
    await around.act(fuses, 1, "other")
    assert (around.opened, around.asked) == ([], []), "each agent has a window of its own"
    with caplog.at_level(logging.WARNING, "remit.halts"):
        await around.act(fuses, 2)
    (made,) = around.opened
    evidence = made.pop("evidence")
    assert (evidence["run"], evidence["breaker"], evidence["saw"]) == ("r-1", "repeated_signature", 2)
    sentence = "the same call was made 2 times within 1000 s"
    assert made == {
        "where": ("d", "k", 5), "team": "support", "by": "breaker:repeated_signature", "scope": HaltScope.AGENT,
        "target": "clerk", "reason": sentence, "mode": mode, "until": until,
    }  # fmt: skip
    assert around.asked == [Concern("support", "r-1", "pin", ("clerk",))] * 2
    assert (around.told, caplog.messages) == (
        1, [f"the breaker repeated_signature stopped clerk: {sentence}"],
    )  # fmt: skip


async def test_a_breaker_keeps_quiet_for_ten_seconds_and_about_who_is_stopped(around: Around) -> None:
    fuses = armed()
    for at in (1, 2, 3, 1 + 10 * MICROSECONDS):
        await around.act(fuses, at)
    assert len(around.opened) == 1
    await around.act(fuses, 2 + 10 * MICROSECONDS)
    assert len(around.opened) == 2
    for other in (Around(halted=True), Around(confined=True)):
        stopped = armed()
        for at in (1, 2):
            await other.act(stopped, at)
        assert (len(around.opened), other.told) == (2, 0)
    fuses.arm(LIMITS, HaltMode.HALT, 0)
    await around.act(fuses, 3 + 10 * MICROSECONDS)
    assert len(around.opened) == 2, "armed anew, it begins anew"
    await around.act(fuses, 4 + 10 * MICROSECONDS)
    assert len(around.opened) == 3
    fuses.arm(BreakerLimits(deny_percent=0, repeats=0), HaltMode.HALT, 0)
    assert not fuses.armed


@pytest.mark.parametrize("wrong", [StoreUnavailable("gone"), Conflict("twice")])
async def test_what_could_not_be_stopped_is_said_and_tried_again(
    wrong: Exception, around: Around, caplog: pytest.LogCaptureFixture
) -> None:
    fuses = armed()
    around.fails = wrong
    await around.act(fuses, 1)
    with caplog.at_level(logging.WARNING, "remit.halts"):
        await around.act(fuses, 2)
    assert caplog.messages == [f"the breaker repeated_signature could not stop clerk: {wrong}"]
    assert around.told == 0
    around.fails = None
    await around.act(fuses, 3)
    assert len(around.opened) == 1


@pytest.mark.parametrize("scope", [HaltScope.ALL, HaltScope.AGENT])
async def test_a_halt_is_an_event_a_row_and_a_new_state_in_one_commit(
    scope: HaltScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[Any] = []
    sealed: list[tuple[Any, ...]] = []

    def seal(*what: Any) -> str:
        sealed.append(what)
        return "event"

    async def submit(commit: Any) -> Any:
        commits.append(commit)
        return SimpleNamespace(pos=9)

    async def team_key(owner: str, now: int) -> str:
        return f"key of {owner} at {now}"

    monkeypatch.setattr(opening, "shared_event", seal)
    database: Any = SimpleNamespace(submit=submit, announce=lambda: commits.append("announced"))
    keys: Any = SimpleNamespace(team_key=team_key)
    halt, pos = await open_halt(
        database, keys, 4, team="support", by="sam", scope=scope, target="clerk", reason="why", until=8,
        evidence={"n": 1},
    )  # fmt: skip
    everywhere = scope is HaltScope.ALL
    stream = WORKSPACE_STREAM if everywhere else team_stream("support")
    owner = "workspace" if everywhere else "support"
    assert pos == 9
    assert halt.id.startswith("h-")
    assert len(halt.id) == 10
    assert halt == Halt(halt.id, scope, "clerk", HaltMode.HALT, "support", "sam", 4, 8, "why")
    row = (halt.id, "support", scope.value, "clerk", "halt", 4, "sam", 8, stream)
    assert commits[0].ops == [Op("halts.add", row), Op("halts.bump", ())]
    assert (commits[0].shared, commits[1]) == (["event"], "announced")
    assert (commits[0].events, commits[0].blobs) == ([], [])
    opened = HaltOpened(halt.id, scope.value, "clerk", "halt", "why", "sam", 8, {"n": 1})
    assert sealed == [(stream, owner, f"key of {owner} at 4", opened, 4)]
    assert await lift_halt(database, keys, 6, halt, by="kim", reason="mended") == 9
    assert commits[2].ops == [Op("halts.lift", (halt.id, 6, "kim"), one=True), Op("halts.bump", ())]
    lifted = HaltLifted(halt.id, "kim", "mended")
    assert sealed[1] == (stream, owner, f"key of {owner} at 6", lifted, 6)
    await lift_halt(database, keys, 6, halt, by="kim")
    assert sealed[2][3] == HaltLifted(halt.id, "kim", "")
