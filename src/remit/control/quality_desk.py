"""The part of the platform where agents are judged. It only hands on; each subject has a desk of its own."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from remit.control.evaluating import book as evaluating_book
    from remit.control.evaluating import desk as evaluating_desk
    from remit.control.inventory import deprecations
    from remit.control.inventory.views import DeprecationView
    from remit.control.judging import desk as judging_desk
    from remit.control.protecting.caretaking import Duty
    from remit.control.quality_sections import RedTeamSettings
    from remit.control.redteaming import desk as redteaming_desk
    from remit.control.redteaming import watching as redteaming_watching
    from remit.control.replaying import desk as replaying_desk
    from remit.control.running.parts import Parts
    from remit.control.suites import desk as suites_desk
    from remit.engine.worker import Worker
else:
    deprecations = on_use("remit.control.inventory.deprecations")
    evaluating_book = on_use("remit.control.evaluating.book")
    evaluating_desk = on_use("remit.control.evaluating.desk")
    judging_desk = on_use("remit.control.judging.desk")
    redteaming_desk = on_use("remit.control.redteaming.desk")
    redteaming_watching = on_use("remit.control.redteaming.watching")
    replaying_desk = on_use("remit.control.replaying.desk")
    suites_desk = on_use("remit.control.suites.desk")


class Chosen(Protocol):
    """The settings, as far as they are looked at here."""

    @property
    def releases(self) -> Any:
        """What is released."""
        ...


class QualityDesk:
    """What can be asked about how good agents are."""

    @property
    @abstractmethod
    def parts(self) -> Parts:
        """What every command works with."""

    @property
    @abstractmethod
    def worker(self) -> Worker | None:
        """The worker of this process, while there is one."""

    @property
    @abstractmethod
    def chosen(self) -> Chosen:
        """What the workspace chose."""

    @property
    def leave_out(self) -> tuple[str, ...]:
        """Files of the workspace that are data, and shape nothing that its agents do."""
        return tuple(self.chosen.releases.leave_out)

    @abstractmethod
    def check_work(self) -> None:
        """Raise why this process could execute nothing."""

    @abstractmethod
    async def start_worker(self, *, only: str = "", observes: bool = True) -> None:
        """Execute runs in this process from now on."""

    @property
    def suites(self) -> suites_desk.SuiteDesk:
        """Suites: what is in them, and how something gets into them."""
        return suites_desk.SuiteDesk(self.parts)

    @property
    def judging(self) -> judging_desk.JudgingDesk:
        """Judges: what they say of runs, and how far they can be trusted."""
        return judging_desk.JudgingDesk(self.parts, self)

    @property
    def evaluating(self) -> evaluating_desk.EvaluatingDesk:
        """Experiments: suites put to the code as it stands, and what they came to."""
        return evaluating_desk.EvaluatingDesk(self.parts, self, self.suites.suite, self.judging.gating)

    @property
    def red_team(self) -> redteaming_desk.RedTeamDesk:
        """The red team: attacks on the code as it stands, played without effects."""
        return redteaming_desk.RedTeamDesk(self.parts, self, lambda: self.evaluating)

    @property
    def replaying(self) -> replaying_desk.ReplayingDesk:
        """Runs that were, made again by the code as it stands."""
        return replaying_desk.ReplayingDesk(self.parts, self)

    async def deprecations(self) -> list[DeprecationView]:
        """Models that end: who depends on each, and what its replacement was tried with."""
        parts = self.parts
        book, models = (
            evaluating_book.ExperimentBook(parts.ground),
            parts.house.gate.parts.models.configuration,
        )
        return await deprecations.calendar(parts.ground, models, parts.house.agents, book)

    def duties(self, chosen: RedTeamSettings) -> tuple[Duty, ...]:
        """What a worker does by itself now and then about how good agents are."""
        return (redteaming_watching.RedTeamWatch(self.parts, self, chosen).look,) if chosen.every else ()

    async def staff(self, run: str) -> None:
        """See to it that somebody in this process executes a run; without a worker, one that does nothing else."""
        if self.worker is None:
            await self.start_worker(only=run)
