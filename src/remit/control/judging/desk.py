"""What can be asked of the judges of a workspace. It reads them when it is asked, and hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.judging import blaming, calibrating, cards, sitting
from remit.control.judging.views import FaultView, JudgedView, JudgeView, JudgingView, StandingView
from remit.control.runs import matters
from remit.domain.errors import InvalidInput, RemitError
from remit.quality.judging.bench import is_simulated, models_of
from remit.quality.judging.judge import Kind
from remit.quality.judging.reading import judge_named, read_judges
from remit.quality.judging.standing import problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.judging.calibrating import Check
    from remit.control.judging.sitting import Staff
    from remit.control.running.parts import Parts
    from remit.models.configuration import Configuration
    from remit.quality.judging.card import Card
    from remit.quality.judging.judge import Judge
    from remit.quality.judging.judgement import Judgement
    from remit.quality.matter import Matter


class JudgingDesk:
    """The judges of one workspace."""

    def __init__(self, parts: Parts, staff: Staff) -> None:
        self._parts = parts
        self._staff = staff

    def judges(self) -> list[JudgeView]:
        """All of them, by name."""
        found = read_judges(self._parts.ground.workspace, self._parts.judges)
        return [self._view(found[name]) for name in sorted(found)]

    def judge(self, name: str) -> JudgeView:
        """One of them."""
        return self._view(self._named(name))

    async def run(
        self, name: str, runs: Sequence[str] = (), file: Path | None = None, *, usd: float | None = None
    ) -> JudgingView:  # fmt: skip
        """What a judge says of runs, or of the matters of a file; in a run of its own."""
        judge = self._named(name)
        if judge.kind is Kind.FAULT:
            raise InvalidInput(
                f"judge {name} says whose fault a run was.", "Ask it so: remit judge fault RUN"
            )
        found: list[Matter] = [await matters.matter_of_run(self._parts.ground, run) for run in runs]
        origins = [matter.id for matter in found]
        if file is not None:
            found += [matter for matter, _ in matters.read_matters(file)]
        if not found:
            raise InvalidInput(
                "there is nothing to judge.", "Name runs, or a file of JSON lines: --input FILE"
            )
        asked, judged = await sitting.sit(self._parts, self._staff, judge, found, origins=origins, usd=usd)
        view = self._view(judge)
        said = tuple(judged_view(each) for each in judged)
        return JudgingView(
            judge.name, view.digest, tuple(asked), said, sitting.most_micro(judge, len(found)), view.simulated
        )

    async def cards(self) -> list[StandingView]:
        """How every judge of the workspace stands: its card, and why it may not gate, if it may not."""
        found = read_judges(self._parts.ground.workspace, self._parts.judges)
        return [await self._standing(found[name]) for name in sorted(found)]

    async def standing(self, name: str) -> StandingView:
        """How one judge stands."""
        return await self._standing(self._named(name))

    async def gating(self, name: str) -> Card:
        """The card that lets a judge gate now; refused where there is none."""
        judge = self._named(name)
        return await cards.gating(self._parts.ground, judge, models_of(self._configuration, judge))

    async def calibrate(self, name: str, labels: str, *, usd: float | None = None) -> StandingView:
        """Hold a judge against a set of labels: its card, sealed in the log."""
        judge = self._named(name)
        if judge.kind is Kind.FAULT:
            raise InvalidInput(f"judge {name} says whose fault a run was, which no label says.")
        await calibrating.calibrate(self._parts, self._staff, judge, labels, usd=usd)
        return await self._standing(judge)

    async def check(
        self, name: str, n: int = 10, *, usd: float | None = None, seed: int | None = None
    ) -> Check:
        """Put golden items to a judge again, and suspend it if it is not any more what its card says."""
        return await calibrating.check(self._parts, self._staff, self._named(name), n=n, usd=usd, seed=seed)

    async def fault(self, run: str, judge: str = "", *, usd: float | None = None) -> FaultView:
        """Whose fault it was that a run came out wrong: by signs, and by a judge where these say too little."""
        judges = read_judges(self._parts.ground.workspace, self._parts.judges)
        chosen = blaming.judge_of_faults(judges, judge)
        return await blaming.blame(self._parts, self._staff, run, chosen, usd=usd)

    async def suspend(self, name: str, why: str = "") -> int:
        """Let a judge gate no more, until it is calibrated anew."""
        return await cards.suspend_by_hand(self._parts.ground, name, why)

    @property
    def _configuration(self) -> Configuration:
        return self._parts.house.gate.parts.models.configuration

    async def _standing(self, judge: Judge) -> StandingView:
        ground, models = self._parts.ground, self._view(judge).models
        found = await cards.standing(ground, judge.name, judge.digest(models))
        why = problem(judge, models, found, ground.clock.now())
        return StandingView(judge.name, judge.digest(models), not why, why, found.card)

    def _named(self, name: str) -> Judge:
        return judge_named(read_judges(self._parts.ground.workspace, self._parts.judges), name)

    def _view(self, judge: Judge) -> JudgeView:
        configuration = self._configuration
        models, simulated, problem = (), False, ""
        try:
            models = models_of(configuration, judge)
            simulated = is_simulated(configuration, judge)
        except RemitError as wrong:
            problem = wrong.message
        return JudgeView(
            judge.name, judge.kind.value, judge.route, models, judge.digest(models), judge.votes, judge.shows,
            judge.rubric, judge.place, simulated, problem,
        )  # fmt: skip


def judged_view(found: Judgement) -> JudgedView:
    """A judgement in a line."""
    agreeing = sum(vote.said == found.said for vote in found.votes) if found.said else 0
    return JudgedView(found.matter, found.said, found.value, found.why, len(found.votes), agreeing)
