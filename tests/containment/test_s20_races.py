"""Halts against busy runs in real processes, on each store: after the command has returned, nothing in scope is
admitted any more, whoever has heard of it or not (S20). `make bench-halt` says how soon, with many runs and halts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remit.control.platform import Platform
from remit.domain.action_events import ActionAdmitted
from remit.domain.event import object_of
from remit.domain.events import StepClaimed, StepDone, StepFailed
from remit.engine.outside import run_stream
from remit.store.log import Entry
from tests.cli.processes import Process
from tests.containment.busy_worker import busy, clerk, helper
from tests.engine.places import Place, until
from tests.gate.desk import ALL_ALLOWED, write_policy
from tests.warm import Warm

WORKER = Path(__file__).with_name("busy_worker.py")
PROCESSES, RUNS = 2, 4
ONE_SECOND = 1_000_000
ACTS = (ActionAdmitted, StepClaimed, StepDone)
"""What says that something was let pass: a read or a model call may tell it with its outcome."""


@contextmanager
def workers(place: Place, warm: Warm) -> Generator[None]:
    """As many processes, each with room for its share of the runs alone."""
    (place.folder / "remit.toml").write_text(
        f'[worker]\nconcurrency = {RUNS // PROCESSES}\n[breakers]\naction = "off"\n'
    )
    words = ["python", str(WORKER), str(place.folder), place.database]
    with ExitStack() as stack:
        started = [
            stack.enter_context(Process(warm, words, place.folder, dict(os.environ)))
            for _ in range(PROCESSES)
        ]
        for each in started:
            each.until("ready")
        yield


@dataclass
class Busy:
    """The runs as somebody sees them who acts beside them."""

    platform: Platform
    runs: list[str]
    known: dict[str, list[Entry]] = field(default_factory=dict[str, "list[Entry]"])

    async def entries(self, run: str) -> list[Entry]:
        known = self.known.setdefault(run, [])
        new, _ = await self.platform.ground.log.read(run_stream(run), len(known) + 1)
        known += new
        return known

    async def admitted(self, runs: Iterable[str], within: str, since: int) -> list[tuple[int, str]]:
        """When something was let pass at such places, from a time on."""
        return [
            (entry.at, entry.path)
            for run in runs
            for entry in await self.entries(run)
            if entry.at > since and isinstance(entry.event, ACTS) and within in f"/{entry.path}/"
            and "decision" in object_of(entry.event.detail)
        ]  # fmt: skip

    async def refused(self, runs: Iterable[str], since: int, names: frozenset[str]) -> bool:
        """Whether each of the runs has met a refusal since then, or stands in the midst of what is halted."""
        for run in runs:
            if await self.standing([run]):
                continue
            failed = [e for e in await self.entries(run) if e.at > since and isinstance(e.event, StepFailed)]
            if not any(getattr(each.event, "name", "") in names for each in failed):
                return False
        return True

    async def standing(self, runs: Iterable[str]) -> bool:
        """Whether all of them have left memory, as halted."""
        rows = [await (await self.platform.run(run)).row() for run in runs]
        return all(row.status == "parked" and row.reason == "halted" for row in rows)

    async def go_on(self, runs: Iterable[str], since: int) -> None:
        """Wait until each of them has acted again."""
        for run in runs:

            async def acts(run: str = run) -> bool:
                return bool(await self.admitted([run], "/push", since))

            await until(acts)


def scopes(row: Any, model: str) -> list[tuple[str, str, str, frozenset[str]]]:
    """Scope, name, the places that are in it, and, where runs go on, the steps that are refused."""
    nothing = frozenset[str]()
    return [
        ("team", row.team, "/", nothing),
        ("agent", "clerk", "/", nothing),
        ("run", row.id, "/", nothing),
        ("agent", "helper", "/helper/", frozenset({"delegate"})),
        ("release", row.pin[:12], "/", nothing),
        ("all", "", "/", nothing),
        ("tool", "push", "/push", frozenset({"push"})),
        ("principal", "owner", "/", nothing),
        ("model", model, "/model", frozenset({"model"})),
    ]


async def test_s20_nothing_in_scope_is_admitted_after_a_halt_by_any_process(place: Place, warm: Warm) -> None:
    write_policy(place.folder, ALL_ALLOWED)
    async with Platform.open(
        place.folder, database=place.database, flows=[busy], agents=[clerk, helper], worker=False
    ) as platform:
        runs = [(await platform.start(busy)).id for _ in range(RUNS)]
        all_of_them = Busy(platform, runs)
        with workers(place, warm):
            await all_of_them.go_on(runs, 0)
            row = await (await platform.run(runs[0])).row()
            assert len({(await (await platform.run(each)).row()).owner for each in runs}) == PROCESSES
            (asked, *_) = [
                object_of(e.event.detail) for e in await all_of_them.entries(runs[0])
                if isinstance(e.event, StepDone) and e.event.name == "model"
            ]  # fmt: skip
            every = scopes(row, str(asked["model"]))
            # which names a scope covers is compared in memory; the store decides how soon who hears of it
            for scope in every if place.dialect == "sqlite" else every[::3]:
                await _halt(all_of_them, *scope)


async def _halt(busy_runs: Busy, scope: str, name: str, within: str, refusals: frozenset[str]) -> None:
    platform = busy_runs.platform
    meant = [name] if scope == "run" else busy_runs.runs
    await busy_runs.go_on(meant, _now())
    halt = await platform.halt(scope, name)
    returned = _now()
    if refusals:
        await until(lambda: busy_runs.refused(meant, returned, refusals))
    else:
        await until(lambda: busy_runs.standing(meant))
    if scope == "run":  # and nobody else is
        await busy_runs.go_on([run for run in busy_runs.runs if run != name], returned)
    late = [at - returned for at, _ in await busy_runs.admitted(meant, within, returned)]
    assert max(late, default=0) < ONE_SECOND, f"{scope}: {late}"
    settled = _now()
    if refusals:
        await until(lambda: busy_runs.refused(meant, settled, refusals))
    assert await busy_runs.admitted(meant, within, settled) == [], scope
    await platform.lift(halt.id)
    await busy_runs.go_on(meant, _now())


def _now() -> int:
    return time.time_ns() // 1_000
