"""The demonstration in four acts, and its proof: every number in it is counted, none is written down. It
tells what it does through `say`, gives the proof as a value, and starts and kills processes by its stage.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.cli import wording
from remit.cli.output import Line, Span, width
from remit.cli.reports import replay_lines
from remit.cli.terminal import now
from remit.cli.tree import run_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.cli.demo.stage import Stage
    from remit.control.platform import Platform
    from remit.control.runs.views import RunView

_FLOW = "handle_ticket"
_SMALL_TICKET = 4811
_LARGE_TICKET = 4812
_ONE_TICKET = Counter({"refund requested": 1, "refund paid": 1, "ticket changed": 1})
_REPEATED = Counter({"refund requested": 1})
"""The bank is asked again after the kill, with the same key: that is how it is found out that it has paid."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was counted."""

    act: str
    what: str
    expected: int
    seen: int

    @property
    def holds(self) -> bool:
        """Whether it is as it must be."""
        return self.expected == self.seen


@dataclass(frozen=True, slots=True)
class Proof:
    """What the demonstration showed."""

    killed: str
    parked: str
    undone: str
    resumed_after_ms: int
    checks: list[Check]
    holds: bool


async def perform(
    platform: Platform, stage: Stage, say: Callable[[Line], None], consent: Callable[[str], bool]
) -> Proof:
    """All four acts; `consent` asks whoever watches."""
    checks: list[Check] = []
    say(
        Line.of(
            Span(
                "1  A team of agents settles a ticket; its worker is killed in the middle of a refund",
                "strong",
            )
        )
    )
    killed, resumed_after = await _kill_and_resume(platform, stage, say)
    checks += _compare("killed", _ONE_TICKET + _REPEATED, stage.world(), say)
    checks.append(_told(killed, "killed", say))
    say(Line.of(Span("2  A refund that needs a second person", "strong")))
    before = stage.world()
    ticket = stage.ask(f"/tickets/{_LARGE_TICKET}")
    parked, agreed = await _park_and_ask(platform, say, consent)
    expected = _ONE_TICKET if agreed else Counter[str]()
    checks += _compare("approved", expected, _writes(stage.world() - before), say)
    checks.append(_told(parked, "approved", say, expected="succeeded" if agreed else "failed"))
    say(Line.of(Span("3  The first run again, from its journal alone", "strong")))
    checks += await _replay(platform, stage, killed.run.id, say)
    say(Line.of(""))
    say(Line.of(Span("4  The second run is taken back", "strong")))
    undone = await _undo(platform, parked.run.id, say)
    checks += _restored(stage, ticket, agreed=agreed, say=say)
    holds = all(check.holds for check in checks)
    return Proof(killed.run.id, parked.run.id, undone, resumed_after, checks, holds)


async def _kill_and_resume(
    platform: Platform, stage: Stage, say: Callable[[Line], None]
) -> tuple[RunView, int]:
    await stage.open_application(DESK_BANK="slow")
    worker = await stage.start_worker()
    handle = await platform.start(_FLOW, ticket_id=_SMALL_TICKET)
    say(Line.of(f"   run {handle.id} is with worker process {worker.pid}"))
    await stage.until("the bank pays", lambda: stage.world()["refund paid"] > 0)
    await stage.kill(worker)
    killed_at = time.monotonic()
    say(Line.of(f"   the bank has paid and not answered yet:  kill -9 {worker.pid}"))
    await stage.open_application()
    successor = await stage.start_worker()
    resumed_after = 0
    view = await platform.show(handle.id)
    async for view in platform.watch(handle.id):
        if view.segments > 1 and not resumed_after:
            resumed_after = round((time.monotonic() - killed_at) * 1000)
        if view.run.ended_at:
            break
    taken = wording.duration(resumed_after * 1000)
    say(
        Line.of(f"   worker process {successor.pid} was started and had taken it over {taken} after the kill")
    )
    _show(view, say)
    return view, resumed_after


async def _park_and_ask(
    platform: Platform, say: Callable[[Line], None], consent: Callable[[str], bool]
) -> tuple[RunView, bool]:
    handle = await platform.start(_FLOW, ticket_id=_LARGE_TICKET)
    agreed = False
    async for view in platform.watch(handle.id):
        if view.run.status == "parked":
            _show(view, say)
            question = next(item for item in await platform.inbox() if item.run == handle.id)
            say(Line.of("   it is in no process's memory now, and waits as long as it has to"))
            agreed = consent(f"Refund {question.value['arguments']['amount']} for ticket {_LARGE_TICKET}?")
            if agreed:
                await platform.approve(question.id, comment="agreed in the demonstration")
            else:
                await platform.reject(question.id, "not agreed in the demonstration")
            break
    view = await platform.show(handle.id)
    async for view in platform.watch(handle.id):
        if view.run.ended_at:
            break
    _show(view, say)
    return view, agreed


async def _replay(platform: Platform, stage: Stage, run: str, say: Callable[[Line], None]) -> list[Check]:
    before = stage.world()
    report = await platform.replay(run)
    for line in replay_lines(report):
        say(Line.of(f"   {line}"))
    news = (stage.world() - before).total()
    say(_counted(Check("replayed", "new requests to the world", 0, news)))
    return [
        Check("replayed", "new requests to the world", 0, news),
        Check("replayed", "steps that went another way", 0, int(report.verdict != "equal")),
    ]


async def _undo(platform: Platform, run: str, say: Callable[[Line], None]) -> str:
    handle = await platform.undo(run)
    view = await platform.show(handle.id)
    async for view in platform.watch(handle.id):
        if view.run.ended_at:
            break
    _show(view, say)
    return handle.id


def _restored(
    stage: Stage, ticket: dict[str, Any], *, agreed: bool, say: Callable[[Line], None]
) -> list[Check]:
    """What the application itself says now."""
    now_it_is = stage.ask(f"/tickets/{_LARGE_TICKET}")
    left = stage.world()["refund paid"] - stage.world()["refund reversed"]
    say(
        Line.of(
            f"   the ticket, as the application has it: status {now_it_is['status']}, note {now_it_is['note']!r}"
        )
    )
    checks = [
        Check("undone", "ticket is as it was", 1, int(now_it_is == ticket)),
        Check("undone", "refunds that stand", 1, left),
        Check("undone", "refund reversed", int(agreed), stage.world()["refund reversed"]),
    ]
    for check in checks:
        say(_counted(check))
    return checks


def _writes(seen: Counter[str]) -> Counter[str]:
    return Counter({what: times for what, times in seen.items() if what in _ONE_TICKET})


def _compare(
    act: str, expected: Counter[str], seen: Counter[str], say: Callable[[Line], None]
) -> list[Check]:
    say(Line.of("   what the world saw:"))
    checks = [Check(act, what, expected[what], seen[what]) for what in _ONE_TICKET]
    for check in checks:
        say(_counted(check))
    return checks


def _told(view: RunView, act: str, say: Callable[[Line], None], expected: str = "succeeded") -> Check:
    check = Check(act, f"run {expected}", 1, int(view.run.status == expected))
    say(_counted(check))
    say(Line.of(""))
    return check


def _counted(check: Check) -> Line:
    shape = Span("✓", "good") if check.holds else Span("✗", "bad")
    note = "" if check.holds else f"  expected {check.expected}"
    if check.act == "killed" and check.what == "refund requested" and check.holds:
        note = "  the second with the same key, which the bank knew"
    return Line.of("   ", shape, f" {check.what:<26}{check.seen:>3}{note}")


def _show(view: RunView, say: Callable[[Line], None]) -> None:
    say(Line.of(""))
    for line in run_lines(view, now(), width() - 3):
        say(Line((Span("   "), *line.spans)))
    say(Line.of(""))
