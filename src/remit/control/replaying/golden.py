"""Golden runs: journals that somebody chose in `golden.toml`, executed again every night by the code as it stands, with
no effect. Which of them leaves its journal stands in the log the next morning.
"""

from __future__ import annotations

import asyncio
import contextvars
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.control.evaluating.registering import arm_of
from remit.control.finding import Finding
from remit.control.replaying.views import GoldenView, LeftOut
from remit.control.running import rehearsing
from remit.domain.effects import Effect
from remit.domain.errors import RemitError
from remit.domain.replay_events import GoldenReplayed
from remit.engine.flow import Flow
from remit.engine.outside import shared_event, team_stream
from remit.engine.schedules import next_time
from remit.engine.step import Step
from remit.gate.toml_file import TomlFile
from remit.store.database import Commit

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from remit.control.running.parts import Parts

FLOW = "remit.golden"
_FILE = TomlFile("golden.toml", "docs/how-to/replay-last-week.md says what it can hold.")
_NIGHTLY = "0 3 * * *"
_KEYS = ("runs", "cron", "tz")
_BY = "remit"


@dataclass(frozen=True, slots=True)
class Golden:
    """What `golden.toml` says."""

    runs: tuple[str, ...] = ()
    cron: str = _NIGHTLY
    tz: str = "UTC"


def read_golden(root: Path) -> Golden:
    """The file of a workspace, checked to the last key; without one there are no golden runs."""
    said = _FILE.parsed(_FILE.text_of(root))
    _FILE.refuse_unknown(said, _KEYS, "")
    runs: object = said.get("runs", [])
    listed = cast("list[object]", runs) if isinstance(runs, list) else [None]
    named = tuple(each for each in listed if isinstance(each, str) and each)
    if len(named) != len(listed):
        raise _FILE.wrong('needs runs as a list of ids, such as runs = ["r-…"]')
    for name in ("cron", "tz"):
        if not isinstance(said.get(name, ""), str):
            raise _FILE.wrong(f"has {name} = {said[name]!r}, which is no text")
    return Golden(named, str(said.get("cron", _NIGHTLY)), str(said.get("tz", "UTC")))


def check_golden(root: Path) -> None:
    """Raise what a start would refuse of it."""
    golden = read_golden(root)
    next_time(golden.cron, golden.tz, 0)


async def replay_golden(parts: Parts, by: str) -> GoldenView:
    """Replay every golden run now, and write down what came of it."""
    equal: list[str] = []
    diverged: list[LeftOut] = []
    unread: list[LeftOut] = []
    for run in read_golden(parts.ground.workspace).runs:
        try:
            report = await rehearsing.replay(parts, run)
        except RemitError as wrong:
            unread.append(LeftOut(run, wrong.message))
            continue
        if report.verdict == "equal":
            equal.append(report.run)
        else:
            diverged.append(LeftOut(report.run, report.message.splitlines()[0]))
    view = GoldenView(arm_of(parts), tuple(equal), tuple(diverged), tuple(unread))
    await _keep(parts, view, by)
    return view


def settle_in(parts: Parts) -> None:
    """Let this process replay the golden runs by the clock, if there are any."""
    golden = read_golden(parts.ground.workspace)
    if golden.runs:
        parts.flows[FLOW] = _flow(parts, golden)


def findings(view: GoldenReplayed | None) -> list[Finding]:
    """What the doctor says of the last time."""
    if view is None:
        return []
    if view.diverged:
        runs = ", ".join(str(each["run"]) for each in view.diverged)
        message = f"{len(view.diverged)} golden runs do not go on as they did: {runs}"
        return [Finding("golden runs", "warning", message, "See where: remit replay --golden")]
    return [Finding("golden runs", "ok", f"{len(view.equal)} replayed as recorded", "")]


async def last(parts: Parts) -> GoldenReplayed | None:
    """What came of it the last time, if this code has golden runs at all."""
    if FLOW not in parts.flows:
        return None
    ground = parts.ground
    rows = await ground.database.fetch("replays.golden", team_stream(ground.principal.team))
    event = (
        (await ground.log.read_one(team_stream(ground.principal.team), int(rows[0][0]))).event
        if rows
        else None
    )
    return event if isinstance(event, GoldenReplayed) else None


def _flow(parts: Parts, golden: Golden) -> Flow:
    async def replay() -> dict[str, Any]:
        return asdict(await _apart(replay_golden(parts, _BY)))

    async def nightly(run: Any) -> Any:
        """Replay the golden runs."""
        return await run.step(Step(replay, effect=Effect.READ, name="replay"))

    return Flow(nightly, FLOW, golden.cron, golden.tz)


async def _keep(parts: Parts, view: GoldenView, by: str) -> None:
    ground = parts.ground
    now, team = ground.clock.now(), ground.principal.team
    diverged, unread = ([asdict(each) for each in some] for some in (view.diverged, view.unread))
    event = GoldenReplayed(view.code, by, list(view.equal), diverged, unread)
    key = await ground.keys.team_key(team, now)
    await ground.database.submit(Commit(shared=[shared_event(team_stream(team), team, key, event, now)]))


async def _apart(work: Coroutine[Any, Any, GoldenView]) -> GoldenView:
    """Do it in a task of its own, which knows nothing of the run that asked for it."""
    return await asyncio.get_running_loop().create_task(work, context=contextvars.Context())
