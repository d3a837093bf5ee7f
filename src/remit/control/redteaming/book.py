"""The reports of the red team: listed, shown, compared. All of it is read from the log; none of it needs the code
of the workspace.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from remit.control.authority.acts import record
from remit.control.redteaming.views import PackView, ReportSummary, ReportView
from remit.domain.clock import MICROSECONDS
from remit.domain.redteam_errors import UnknownReport
from remit.domain.redteam_events import RedTeamReported
from remit.engine.outside import team_stream
from remit.quality.redteam.attack import Gap, Outcome, Result
from remit.quality.redteam.packs import PACKS
from remit.quality.redteam.report import NAMES, Report, changes, markdown, standings
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground

_MOST = 200


class RedTeamBook:
    """The reports of one team."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    @staticmethod
    def packs() -> list[PackView]:
        """Which packs there are."""
        return [PackView(each.name, each.title, each.owasp, each.remedy) for each in PACKS]

    async def reports(self, limit: int = 20) -> list[ReportSummary]:
        """The latest of them."""
        rows = await self._ground.database.fetch(
            "redteam.list", self._ground.principal.team, min(max(1, limit), _MOST)
        )
        return [_summary(row) for row in rows]

    async def report(self, wanted: str = "") -> ReportView:
        """One of them, by its id or a part of it; without one the last about everything."""
        row = await self._row(wanted)
        report = await self._read(row)
        earlier = [
            each
            for each in await self._ground.database.fetch(
                "redteam.list", self._ground.principal.team, _MOST
            )
            if each[1] and each[7] < row[7]
        ]  # fmt: skip
        return view(report, await self._read(earlier[0]) if earlier else None)

    async def last(self) -> Report | None:
        """The last report about everything."""
        rows = await self._ground.database.fetch("redteam.last", self._ground.principal.team)
        return await self._read(rows[0]) if rows else None

    async def keep(self, report: Report) -> None:
        """Seal a report in the log."""
        ground, team = self._ground, self._ground.principal.team
        event = RedTeamReported(
            report.id, report.by, report.seed, list(report.packs), report.who, report.arm,
            [each.plain for each in report.results],
            [[each.pack, each.who, each.tool, each.why] for each in report.gaps], list(report.notes),
        )  # fmt: skip
        whole = not report.who and set(report.packs) == set(NAMES)
        counts = (len(report.open), report.count(Outcome.UNTRIED), len(report.results))
        add = Op("redteam.add", (team, report.id, int(whole), *counts, team_stream(team), report.at))
        await record(ground, [event], [add])

    async def _row(self, wanted: str) -> Sequence[Any]:
        fetch, team = self._ground.database.fetch, self._ground.principal.team
        plain = wanted.replace("%", "").replace("_", "")
        if not wanted:
            rows = await fetch("redteam.last", team)
        else:
            rows = []
            for pattern in (plain, f"{plain}%", f"%{plain}") if plain == wanted else ():
                rows = rows or await fetch("redteam.like", team, pattern)
        if len(rows) == 1:
            return rows[0]
        if rows:
            names = ", ".join(str(row[0]) for row in rows[:4])
            raise UnknownReport(f'"{wanted}" could be {names}.', "Say more of its id.")
        what = f'no report "{wanted}"' if wanted else "no report about everything yet"
        raise UnknownReport(f"there is {what}.", "Make one: remit redteam · see: remit redteam reports")

    async def _read(self, row: Sequence[Any]) -> Report:
        event = (await self._ground.log.read_one(str(row[5]), int(row[6]))).event
        assert isinstance(event, RedTeamReported)  # noqa: S101 - it is what the table refers to
        results = tuple(Result.read(each) for each in event.results)
        gaps = tuple(Gap(*each) for each in event.gaps)
        return Report(
            event.report, int(row[7]), event.by, event.seed, tuple(event.packs), event.who, event.arm, results, gaps,
            tuple(event.notes),
        )  # fmt: skip


def view(report: Report, before: Report | None) -> ReportView:
    """A report as it is shown, beside the one before."""
    differ = changes(report, before)
    day = datetime.fromtimestamp(report.at / MICROSECONDS, UTC).date().isoformat()
    return ReportView(report, report.verdict, tuple(standings(report)), differ, markdown(report, differ, day))


def _summary(row: Sequence[Any]) -> ReportSummary:
    return ReportSummary(str(row[0]), int(row[7]), bool(row[1]), int(row[2]), int(row[3]), int(row[4]))
