"""Making last week's runs again by the code of this process, in the world as it was recorded: chosen, played, compared,
and sealed in the log. Nothing is sent to any tool, and a model is asked only what it was never asked before.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from remit.control.observing.wiring import catch_up
from remit.control.replaying.gathering import Recording, record_of
from remit.control.replaying.golden import read_golden, replay_golden
from remit.control.replaying.playing import Player
from remit.control.replaying.views import CounterfactualView, LeftOut
from remit.control.suites.desk import SuiteDesk
from remit.domain.budgets import MICRO
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput, RemitError
from remit.domain.ids import new_run_id
from remit.domain.replay_events import RunsReplayed
from remit.engine.outside import shared_event, team_stream
from remit.engine.step import seconds
from remit.quality.counterfactual.comparing import State, summarize
from remit.store.database import Commit

if TYPE_CHECKING:
    from remit.control.evaluating.arm import Staff
    from remit.control.replaying.views import GoldenView, Wanted, Watch
    from remit.control.running.parts import Parts
    from remit.quality.scenarios.scenario import Environment

_MOST = 500
_KEPT = 100


class ReplayingDesk:
    """The past of one workspace, for other code."""

    def __init__(self, parts: Parts, staff: Staff) -> None:
        self._parts = parts
        self._staff = staff

    async def again(self, wanted: Wanted, watch: Watch | None = None) -> CounterfactualView:
        """Make runs again by this code, and say whether it is worse than what was."""
        if not 1 <= wanted.limit <= _MOST:
            raise InvalidInput(f"between 1 and {_MOST} runs are made again at once.", "--limit N")
        if wanted.max_cost is not None and not wanted.max_cost > 0:
            raise InvalidInput("nothing can be asked for no money.", "Leave --max-cost out for no limit.")
        self._staff.check_work()
        ground, environment = self._parts.ground, self._environment(wanted.environment)
        recordings, left_out = await self._recorded(wanted, environment)
        identity = new_run_id(ground.clock.now())
        if self._staff.worker is None:
            await self._staff.start_worker(only=identity, observes=False)
        most = None if wanted.max_cost is None else round(wanted.max_cost * MICRO)
        player = Player(self._parts, identity, most)
        compared = await player.play(recordings, watch)
        left_out += player.left_out
        found = summarize(compared)
        view = CounterfactualView(
            identity, player.arm, found.verdict.value, found.reasons, len(compared), found.counts, found.diverged,
            found.judged.findings, tuple(compared), tuple(left_out), player.spent,
        )  # fmt: skip
        await self._keep(view)
        return view

    async def golden(self) -> GoldenView:
        """Execute the golden runs again from their journals, performing nothing."""
        if not read_golden(self._parts.ground.workspace).runs:
            raise InvalidInput("no run is golden here.", 'Name some in golden.toml: runs = ["r-…"]')
        return await replay_golden(self._parts, self._parts.ground.principal.id)

    async def _recorded(
        self, wanted: Wanted, environment: Environment | None
    ) -> tuple[list[Recording], list[LeftOut]]:
        found: list[Recording] = []
        left_out: list[LeftOut] = []
        for run in wanted.runs or await self._lately(wanted):
            try:
                found.append(await record_of(self._parts, run, environment))
            except RemitError as wrong:
                if wanted.runs:
                    raise
                left_out.append(LeftOut(run, wrong.message))
        return found, left_out

    async def _lately(self, wanted: Wanted) -> list[str]:
        ground = self._parts.ground
        await catch_up(ground)
        begin = ground.clock.now() - round(seconds(wanted.since) * MICROSECONDS)
        rows = await ground.database.fetch(
            "replays.runs", ground.principal.team, begin, wanted.who, wanted.limit
        )
        if not rows:
            who = f" of {wanted.who}" if wanted.who else ""
            raise InvalidInput(
                f"no run{who} ended in the last {wanted.since}.", "See which there are: remit runs"
            )
        return [str(row[0]) for row in rows]

    def _environment(self, named: str) -> Environment | None:
        if not named:
            return None
        suite, _, name = named.partition(":")
        scenario = SuiteDesk(self._parts).suite(suite).scenario(name)
        if scenario is None:
            raise InvalidInput(
                f'the suite {suite} has no scenario "{name}".',
                "--environment SUITE:SCENARIO; see remit eval show SUITE",
            )
        return scenario.environment

    async def _keep(self, view: CounterfactualView) -> None:
        ground = self._parts.ground
        now, team = ground.clock.now(), ground.principal.team
        findings = [
            {
                "metric": each.metric, "verdict": each.verdict.value, "reason": each.reason, "n": each.n,
            }
            for each in view.findings
        ]  # fmt: skip
        other = [
            {"run": each.run, "again": each.again, "state": each.state.value, "error": each.error}
            for each in view.compared
            if each.state is not State.SAME
        ]
        event = RunsReplayed(
            view.id, view.arm, ground.principal.id, view.runs, dict(view.counts), view.verdict, list(view.reasons),
            findings, other[:_KEPT], [asdict(each) for each in view.left_out[:_KEPT]],
        )  # fmt: skip
        key = await ground.keys.team_key(team, now)
        await ground.database.submit(Commit(shared=[shared_event(team_stream(team), team, key, event, now)]))
