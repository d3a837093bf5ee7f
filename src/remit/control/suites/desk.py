"""What can be asked of the suites of a workspace. It reads them when it is asked, and hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.suites import adding, exchanging
from remit.control.suites.shelf import FOLDER, Shelf, read_shelf
from remit.control.suites.views import (
    AddedView,
    MovedView,
    ProblemView,
    RuleView,
    ScenarioSummary,
    ScenarioView,
    ScorerView,
    SuiteSummary,
    SuiteView,
)
from remit.domain.quality_errors import UnknownScenario
from remit.gate.toml_file import nearest
from remit.quality.judging.bench import models_of
from remit.quality.judging.reading import judge_named, read_judges
from remit.quality.judging.scorer import JudgeScorer
from remit.quality.scorers.marking import scorers_of
from remit.quality.suites.checking import Known
from remit.quality.suites.scenario_writing import write_scenario
from remit.quality.suites.writing import listed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.control.running.parts import Parts
    from remit.control.suites.adding import Wish
    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.score import Scorer
    from remit.quality.suite import Suite
    from remit.quality.suites.checking import SuiteProblem
    from remit.quality.suites.node import Node

Json = Any


class SuiteDesk:
    """The suites of one workspace."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @property
    def shelf(self) -> Shelf:
        """The suites as they are written now."""
        return read_shelf(self._parts.ground.workspace, known_to(self._parts), _makers(self._parts))

    def suite(self, name: str) -> Suite:
        """A suite that fits its workspace, or why it does not."""
        return self.shelf.suite(name)

    def suites(self) -> list[SuiteSummary]:
        """All of them, those that cannot be read among them."""
        shelf = self.shelf
        return [_summary(shelf, name) for name in sorted({*shelf.suites, *shelf.broken})]

    def show(self, name: str) -> SuiteView:
        """A suite with its scenarios."""
        shelf = self.shelf
        suite = shelf.suite(name, whole=False)
        return SuiteView(
            _summary(shelf, name),
            suite.about,
            tuple(ScorerView(each.name, tuple(each.metrics), each.digest) for each in scorers_of(suite)),
            tuple(RuleView(metric, rule.margin, rule.harm) for metric, rule in suite.rules.items()),
            tuple(_scenario(each) for each in suite.scenarios),
        )

    def scenario(self, suite: str, name: str) -> ScenarioView:
        """One scenario in the words in which it is written."""
        held = self.shelf.suite(suite, whole=False)
        found = held.scenario(name)
        if found is None:
            names = [each.name for each in held.scenarios]
            raise UnknownScenario(
                f'the suite {suite} has no scenario "{name}"{nearest(name, names)}.',
                f"See: remit eval show {suite}",
            )
        return ScenarioView(suite, _scenario(found), write_scenario(found), listed([found], ""))

    async def add(self, wish: Wish) -> AddedView:
        """Draft a scenario from a run, and put it into a suite."""
        return await adding.add(self._parts, self.shelf, wish)

    def bring_in(self, file: Path, suite: str, target: str, form: str = "") -> MovedView:
        """Take scenarios in from a file of somebody else's."""
        return exchanging.bring_in(self.shelf, file, suite, target, form)

    def take_out(self, suite: str, file: Path, form: str = "") -> MovedView:
        """Write a suite down in somebody else's form."""
        return exchanging.take_out(self.shelf, suite, file, form)


def known_to(parts: Parts) -> Known:
    """What suites can be about here, and which tools there are."""
    ours = {flow.name for flow in parts.house.flows} - parts.house.agents.keys()
    flows = {
        name: flow for name, flow in parts.flows.items() if name not in ours and not name.startswith("remit.")
    }
    tools = {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}
    return Known(flows, tools, tuple(parts.house.away), parts.house.gate.parts.environment)


def _makers(parts: Parts) -> dict[str, Callable[[Node], Scorer]]:
    def judge(node: Node) -> Scorer:
        judges = read_judges(parts.ground.workspace, parts.judges)
        found = judge_named(judges, node.text("judge"))
        return JudgeScorer(found, models_of(parts.house.gate.parts.models.configuration, found))

    return {"judge": judge}


def _summary(shelf: Shelf, name: str) -> SuiteSummary:
    problems = tuple(_problem(each) for each in shelf.problems(name))
    suite = shelf.suites.get(name) if name not in shelf.broken else None
    if suite is None:
        return SuiteSummary(name, "", 0, 0, 0, 0, "", "", f"{FOLDER}/{name}", problems)
    return SuiteSummary(
        suite.name, suite.target, len(suite.scenarios), len({each.cluster for each in suite.scenarios}),
        sum(each.harm for each in suite.scenarios), suite.trials, suite.version, suite.owner, suite.file, problems,
    )  # fmt: skip


def _scenario(scenario: Scenario) -> ScenarioSummary:
    source = scenario.source
    return ScenarioSummary(
        scenario.name, scenario.family, scenario.tags, scenario.harm, source.provenance, source.owner, source.place,
        scenario.digest,
    )  # fmt: skip


def _problem(found: SuiteProblem) -> ProblemView:
    return ProblemView(found.place, found.message, found.hint)
