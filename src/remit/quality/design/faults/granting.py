"""Faults of what is granted: tools that can do more than anybody here has them do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.contracts import Literal as Exactly
from remit.domain.tools import ArgumentRole, SandboxTier
from remit.policy.provenance.roles import choices_of, is_consequential, schema_of
from remit.quality.design.findings import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.agents.agent import Agent
    from remit.domain.contracts import ContractTemplate
    from remit.domain.tools import ToolManifest
    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course, Hop


def broad_tool(plan: Blueprint) -> Iterator[Fault]:
    """Tools that are granted and can never be called, that run any code, and arguments of which one value is used."""
    for agent, flows in _holders(plan):
        for tool in sorted(agent.tool_names):
            manifest = plan.manifests.get(tool)
            if manifest is not None:
                yield from _never_called(plan, agent, manifest, flows)
                yield from _any_code(plan, agent, manifest, flows)
    yield from _one_value(plan)


def _holders(plan: Blueprint) -> Iterator[tuple[Agent, list[ContractTemplate | None]]]:
    """Agents, and the contracts of the flows that ask them."""
    found: dict[Agent, list[ContractTemplate | None]] = {}
    for course in plan.courses:
        over = course.flow.contract if course.flow is not None else None
        for _, hop in course.of("agent"):
            for agent in plan.family(hop.agent):
                found.setdefault(agent, []).append(over)
    yield from found.items()


def _never_called(
    plan: Blueprint, agent: Agent, manifest: ToolManifest, flows: list[ContractTemplate | None]
) -> Iterator[Fault]:
    if not is_consequential(manifest):
        return
    barred = _bars(agent.contract, manifest.name) or all(_bars(each, manifest.name) for each in flows)
    if barred:
        yield Fault(
            FaultKind.BROAD_TOOL, manifest.name, plan.of_agent(agent.name, "tools"),
            f"{agent.name} has {manifest.name}, and no contract that it acts under has a place for a call of it",
            f"Take {manifest.name} from its tools, or allow it in the contract.",
        )  # fmt: skip


def _bars(template: ContractTemplate | None, tool: str) -> bool:
    """Whether a contract lists its calls, and not this one."""
    return (
        template is not None
        and template.calls is not None
        and all(each.tool != tool for each in template.calls)
    )


def _any_code(
    plan: Blueprint, agent: Agent, manifest: ToolManifest, flows: list[ContractTemplate | None]
) -> Iterator[Fault]:
    runs = [name for name, role in manifest.roles.items() if role is ArgumentRole.CODE]
    bound = agent.contract is not None or (flows and all(each is not None for each in flows))
    if runs and manifest.tier is SandboxTier.NONE and not bound:
        yield Fault(
            FaultKind.BROAD_TOOL, manifest.name, plan.of_tool(manifest.name, "roles"),
            f"{manifest.name} runs whatever {agent.name} writes into {runs[0]}, in no sandbox and under no contract",
            'Offer the few queries it needs as tools of their own, or run it in a sandbox: tier="namespace".',
        )  # fmt: skip


def _one_value(plan: Blueprint) -> Iterator[Fault]:
    """Arguments that take one of several values, of which the workspace's own flows use one."""
    held = {tool for agent in plan.agents.values() for tool in agent.tool_names}
    for name, manifest in sorted(plan.manifests.items()):
        calls = list(_calls(plan, name))
        if name in held or not calls or not manifest.effect.acts:
            continue
        for argument in manifest.parameters.get("properties", {}):
            choices = choices_of(schema_of(manifest, argument))
            used = [hop.fixed.get(argument, _ANY) for _, hop in calls]
            if len(choices) <= 1 or _ANY in used or len(set(map(repr, used))) > 1:
                continue
            if all(_binds(course, name, argument) for course, _ in calls):
                continue
            yield Fault(
                FaultKind.BROAD_TOOL, name, calls[0][1].place,
                f"every call of {name} says {argument}={used[0]!r}, and the tool takes {len(choices)} values there",
                f"Fix it in a contract (allow({name}, {argument}={used[0]!r})), or make a tool that does just this.",
            )  # fmt: skip


_ANY = object()


def _calls(plan: Blueprint, tool: str) -> Iterator[tuple[Course, Hop]]:
    for course in plan.courses:
        for _, hop in course.of("tool"):
            if hop.name == tool:
                yield course, hop


def _binds(course: Course, tool: str, argument: str) -> bool:
    """Whether the contract of a flow fixes an argument."""
    over = course.flow.contract if course.flow is not None else None
    calls = over.calls if over is not None else None
    return any(
        each.tool == tool and isinstance(each.arguments.get(argument), Exactly) for each in calls or ()
    )
