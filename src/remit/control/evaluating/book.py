"""The experiments that were made: listed, shown, waived, handed on. All of it is read from the log; none of it needs
the code of the workspace.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from remit.control.auditing import audit
from remit.control.authority.acts import record
from remit.control.authority.duties import require, require_person
from remit.control.evaluating.views import (
    BundleView,
    ExperimentSummary,
    ExperimentView,
    RecomputedView,
    WaiverView,
)
from remit.domain.errors import InvalidInput, Shredded, WrongState
from remit.domain.event import object_of
from remit.domain.events import RunCreated, RunEnded
from remit.domain.evidence_errors import NotAnExport
from remit.domain.experiment_errors import UnknownExperiment
from remit.domain.experiment_events import VerdictWaived
from remit.engine.outside import run_stream
from remit.quality.experiments.plan import Plan
from remit.quality.gating.evidence import recompute, rows_of
from remit.store.database import Op
from remit.store.exporting import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.store.log import Entry

Json = Any
_MOST = 200
_LONGEST_REASON = 2_000


class ExperimentBook:
    """The experiments of one team."""

    def __init__(self, ground: Ground, anchors: Sequence[str] = ()) -> None:
        self._ground = ground
        self._anchors = anchors

    async def experiments(self, suite: str = "", limit: int = 20) -> list[ExperimentSummary]:
        """The latest of them, perhaps of one suite."""
        ground = self._ground
        rows = await ground.database.fetch(
            "trials.experiments", ground.principal.team, suite, min(max(1, limit), _MOST)
        )
        found: list[ExperimentSummary] = []
        for row in rows:
            ended = await self._ended(str(row[0])) if row[8] == "succeeded" else {}
            found.append(_summary(row, str(ended.get("verdict", ""))))
        return found

    async def find(self, wanted: str) -> ExperimentSummary:
        """The experiment with this id, or the only one whose id begins or ends so."""
        plain = wanted.replace("%", "").replace("_", "")
        team, fetch = self._ground.principal.team, self._ground.database.fetch
        tried = [wanted] if plain == wanted else []
        for pattern in (*tried, f"{plain}%", f"r-{plain}%", f"%{plain}"):
            rows = await fetch("trials.experiment", team, pattern) if plain else []
            if len(rows) == 1:
                return _summary(rows[0], "")
            if rows:
                raise UnknownExperiment(
                    f'"{wanted}" could be {", ".join(str(row[0]) for row in rows[:4])}.',
                    "Say more of its id.",
                )
        raise UnknownExperiment(
            f'there is no experiment "{wanted}".', "See which there are: remit eval experiments"
        )

    async def show(self, wanted: str) -> ExperimentView:
        """What it came to, or how far it is."""
        about = await self.find(wanted)
        entries = await self._entries(about.id)
        plan = self._plan(entries, about.id)
        ended = next((each.event for each in reversed(entries) if isinstance(each.event, RunEnded)), None)
        outcome = object_of(ended.result) if ended is not None else {}
        return ExperimentView(
            about.id, about.suite, about.status, about.by, about.at, about.gate, outcome,
            await self._waiver(about, plan), ended.message if ended is not None else "", None, len(rows_of(entries)),
            plan.size, tuple(each.name for each in plan.scenarios),
        )  # fmt: skip

    async def plan(self, wanted: str) -> tuple[str, Plan]:
        """What it is to do, with its id."""
        about = await self.find(wanted)
        return about.id, self._plan(await self._entries(about.id), about.id)

    async def waive(self, wanted: str, reason: str) -> ExperimentView:
        """Let a change pass although nobody can tell whether it is worse; whoever says so answers for it by name."""
        ground, about = self._ground, await self.find(wanted)
        await require(ground, "admin", "quality", "waive a verdict")
        await require_person(ground, "waive a verdict")
        if not reason.strip() or len(reason) > _LONGEST_REASON:
            raise InvalidInput("a waiver needs a reason that others can read.", "--reason TEXT")
        verdict = str((await self._ended(about.id)).get("verdict", ""))
        if verdict != "inconclusive":
            raise WrongState(
                f"{about.id} says {verdict or 'nothing about a change'}; only what is inconclusive can be waived.",
                "A change that fails is mended, not waived.",
            )
        by, now, team = ground.principal.id, ground.clock.now(), ground.principal.team
        event = VerdictWaived(about.id, about.version, about.arm, about.against, by, reason)
        waive = Op("trials.waive", (team, about.version, about.arm, about.against, about.id, by, now))
        await record(ground, [event], [waive])
        return await self.show(about.id)

    async def bundle(self, wanted: str, to: Path) -> BundleView:
        """Write everything that an experiment rests on, for somebody who has only these files."""
        about = await self.find(wanted)
        with suppress(WrongState):  # a worker is about to make the first one
            await audit.checkpoint(self._ground, self._anchors)
        made = await audit.export(self._ground, to, Scope(run=about.id), content=True)
        found = self.recompute(to)
        return BundleView(made.to, about.id, made.events, made.contents, found.rows, found.same, made.key)

    @staticmethod
    def recompute(folder: Path) -> RecomputedView:
        """Add an exported experiment up again, from its files alone."""
        try:
            scope = str(object_of(json.loads((folder / "manifest.json").read_text("utf-8"))).get("scope", ""))
            found = recompute(folder, scope.removeprefix("run "))
        except (OSError, ValueError, KeyError, TypeError) as wrong:
            raise NotAnExport(
                f"{folder} is no evidence of an experiment: {wrong}.",
                "Name a folder that was written by: remit eval bundle EXPERIMENT --to FOLDER",
            ) from None
        said, again = found.said, found.found
        differs = tuple(name for name in {**said, **again} if said.get(name) != again.get(name))
        return RecomputedView(
            found.experiment, found.rows, found.same, str(again.get("verdict", "")),
            tuple(again.get("reasons", ())), differs,
        )  # fmt: skip

    async def _entries(self, run: str) -> list[Entry]:
        entries, _ = await self._ground.log.read(run_stream(run), lenient=True)
        return entries

    @staticmethod
    def _plan(entries: Sequence[Entry], run: str) -> Plan:
        created = entries[0].event if entries else None
        if not isinstance(created, RunCreated):
            raise Shredded(f"what {run} was to do was shredded.")
        return Plan.read(created.input["plan"])

    async def _ended(self, run: str) -> dict[str, Json]:
        rows = await self._ground.database.fetch("log.last", run_stream(run))
        event = (await self._ground.log.read_one(run_stream(run), int(rows[0][0]))).event
        return object_of(event.result) if isinstance(event, RunEnded) else {}

    async def _waiver(self, about: ExperimentSummary, plan: Plan) -> WaiverView | None:
        """Who answers for it. Nobody answers for scenarios that were not asked in what was waived."""
        team = self._ground.principal.team
        rows = await self._ground.database.fetch(
            "trials.waiver", team, about.version, about.arm, about.against
        )
        if not rows:
            return None
        waived = str(rows[0][0])
        asked: set[str] = set()
        with suppress(Shredded):
            asked = {each.digest for each in self._plan(await self._entries(waived), waived).scenarios}
        if waived != about.id and not {each.digest for each in plan.scenarios} <= asked:
            return None
        return WaiverView(str(rows[0][1]), int(rows[0][2]), waived)


def _summary(row: Sequence[Any], verdict: str) -> ExperimentSummary:
    identity, suite, version, arm, against, gate, by, at, status = row
    return ExperimentSummary(identity, suite, version, arm, against, bool(gate), by, at, status, verdict)
