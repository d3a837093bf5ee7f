"""A suite held against its workspace: what it names has to be there, and what it says of a tool has to be something
that the tool takes. A gold action whose tool was renamed last month would otherwise fail every candidate, or pass one
that is broken.

It is handed what there is as data, opens nothing, and gives every problem with its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BadArguments
from remit.domain.errors import RemitError
from remit.domain.quality_errors import InvalidSuite
from remit.gate.toml_file import nearest
from remit.quality.scenarios.expectation import Match
from remit.quality.scorers.trajectory import Trajectory
from remit.tools.arguments import ArgumentCheck

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.domain.tools import ToolManifest
    from remit.engine.flow import Flow
    from remit.quality.scenarios.expectation import Expectation
    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.suite import Suite

Json = Any
PROD = "prod"


@dataclass(frozen=True, slots=True)
class Known:
    """What there is in a workspace."""

    flows: Mapping[str, Flow]
    """Agents as flows among them: whatever a suite can be about."""
    tools: Mapping[str, ToolManifest]
    away: Sequence[str] = field(default_factory=tuple[str, ...])
    """Sources of tools that do not answer now, and why: what they have is not known."""
    environment: str = ""
    """`prod`, where no trial acts on anything real."""


@dataclass(frozen=True, slots=True)
class SuiteProblem:
    """One thing that somebody has to mend."""

    place: str
    message: str
    hint: str = ""


def problems(suite: Suite, known: Known) -> list[SuiteProblem]:
    """Everything about a suite that does not fit its workspace."""
    return list(_problems(suite, known))


def require(suite: Suite, known: Known) -> None:
    """Raise the first problem of a suite, and say how many there are."""
    found = problems(suite, known)
    if not found:
        return
    first, more = found[0], len(found) - 1
    others = f" {more} more: remit eval show {suite.name}" if more else ""
    raise InvalidSuite(f"{first.place}: {first.message}", f"{first.hint}{others}".strip())


def _problems(suite: Suite, known: Known) -> Iterator[SuiteProblem]:
    flow = known.flows.get(suite.target)
    if flow is None:
        there = ", ".join(sorted(known.flows)) or "none"
        yield SuiteProblem(
            suite.file or suite.name,
            f'there is no flow and no agent "{suite.target}"{nearest(suite.target, known.flows)}.',
            f"There are: {there}.",
        )
    for scorer in suite.scorers:
        if isinstance(scorer, Trajectory):
            for name in (*scorer.tools, *scorer.at_most):
                yield from _tool(name, suite.file or suite.name, f"the scorer {scorer.name}", known)
    for scenario in suite.scenarios:
        place = scenario.source.place or suite.file or suite.name
        if flow is not None:
            yield from _input(scenario, flow, place)
        yield from _scenario(scenario, place, known)


def _input(scenario: Scenario, flow: Flow, place: str) -> Iterator[SuiteProblem]:
    try:
        flow.accept(dict(scenario.input))
    except RemitError as wrong:
        yield SuiteProblem(place, f"{scenario.name}: {wrong.message}", wrong.hint)


def _scenario(scenario: Scenario, place: str, known: Known) -> Iterator[SuiteProblem]:
    what = scenario.name
    for answer in scenario.environment.answers:
        said = f"{what}: an answer"
        yield from _call(answer.tool, answer.args or {}, place, said, known)
        if answer.sets and answer.tool in known.tools and not known.tools[answer.tool].effect.acts:
            yield SuiteProblem(place, f"{said} lets {answer.tool} change the state, and it only reads.")
    for name in scenario.environment.real:
        yield from _tool(name, place, f"{what}: real", known)
        if known.environment == PROD and name in known.tools and known.tools[name].effect.acts:
            yield SuiteProblem(
                place, f"{what}: real names {name}, which acts, and this environment is {PROD}.",
                "Let the scenario answer it, or try it in an environment that is there to be tested with.",
            )  # fmt: skip
    for action in scenario.gold.actions:
        yield from _call(action.tool, action.args, place, f"{what}: a gold action", known)
    for check in scenario.gold.state:
        if check.tool:
            yield from _reading(check.tool, check.args, place, f"{what}: the check {check.name}", known)
    for pattern in scenario.gold.forbidden:
        if not any(fnmatchcase(name, pattern) for name in known.tools) and not known.away:
            yield SuiteProblem(
                place, f'{what}: it forbids "{pattern}", which is no tool here{nearest(pattern, known.tools)}.',
                "What forbids nothing protects nobody.",
            )  # fmt: skip


def _call(
    tool: str, args: Mapping[str, Expectation], place: str, what: str, known: Known
) -> Iterator[SuiteProblem]:
    manifest = known.tools.get(tool)
    if manifest is None:
        yield from _tool(tool, place, what, known)
        return
    literal = {name: each.value for name, each in args.items() if each.match is Match.EQUALS}
    taken = manifest.parameters.get("properties", {})
    for name in args:
        if name not in taken and manifest.parameters.get("additionalProperties") is False:
            yield SuiteProblem(
                place, f'{what} gives {tool} "{name}", which it does not take{nearest(name, taken)}.',
                f"It takes {', '.join(taken) or 'nothing'}.",
            )  # fmt: skip
            return
    yield from _misfit(manifest, literal, place, what)


def _misfit(manifest: ToolManifest, args: dict[str, Json], place: str, what: str) -> Iterator[SuiteProblem]:
    """What of these arguments the tool would refuse; those that are not there are not missed."""
    schema = {key: value for key, value in manifest.parameters.items() if key != "required"}
    try:
        ArgumentCheck(schema, manifest.name).check(args)
    except BadArguments as wrong:
        yield SuiteProblem(place, f"{what}: {wrong.message}", wrong.hint)
    except RemitError:
        return  # the tool itself cannot be called; remit check says so


def _reading(
    tool: str, args: Mapping[str, Json], place: str, what: str, known: Known
) -> Iterator[SuiteProblem]:
    manifest = known.tools.get(tool)
    if manifest is None:
        yield from _tool(tool, place, what, known)
        return
    if manifest.effect.acts:
        yield SuiteProblem(place, f"{what} reads with {tool}, which acts.", "Name a tool that only reads.")
    try:
        ArgumentCheck(manifest.parameters, tool).check(dict(args))
    except RemitError as wrong:
        yield SuiteProblem(place, f"{what}: {wrong.message}", wrong.hint)


def _tool(name: str, place: str, what: str, known: Known) -> Iterator[SuiteProblem]:
    if name in known.tools:
        return
    away = f" Not all answer now: {'; '.join(known.away)}." if known.away else ""
    yield SuiteProblem(
        place, f'{what} names the tool "{name}", which this workspace does not have{nearest(name, known.tools)}.',
        f"See: remit tools.{away}",
    )  # fmt: skip
