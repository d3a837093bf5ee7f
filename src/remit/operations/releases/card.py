"""The card of a release: what its agents are, what they can do and to what, which limits hold, how they did when they
were examined, and which risk is left. Made out of what the workspace declares; data first, and the same as a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.effects import Effect
from remit.domain.tools import Undo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.agents.agent import Agent
    from remit.domain.budgets import Budget
    from remit.domain.tools import ToolManifest

Json = dict[str, Any]


def card_of(
    agents: Iterable[Agent], tools: Iterable[ToolManifest], flows: Mapping[str, Sequence[str]], rules: int,
    results: Sequence[Json] = (),
) -> Json:  # fmt: skip
    """The card; `flows` are those of the workspace with the classes of data that their input holds."""
    known = {tool.name: tool for tool in tools}
    people = sorted(agents, key=lambda agent: agent.name)
    return {
        "agents": [_agent(agent) for agent in people],
        "tools": [_tool(tool) for _, tool in sorted(known.items())],
        "flows": [{"name": name, "data": sorted(classes)} for name, classes in sorted(flows.items())],
        "data": sorted(
            {tool.label.data_class for tool in known.values() if tool.label.data_class}
            | {each for classes in flows.values() for each in classes}
        ),
        "rules": rules,
        "results": list(results),
        "residual": list(_residual(people, known)),
    }


def page(card: Mapping[str, Any], title: str) -> str:
    """The card as a page in Markdown."""
    return "\n".join([f"# {title}", "", *_lines(card)]) + "\n"


def _agent(agent: Agent) -> Json:
    return {
        "name": agent.name, "about": agent.description, "owner": agent.owner, "route": agent.route,
        "tools": sorted(agent.tool_names), "delegates": sorted(each.name for each in agent.delegates),
        "memory": sorted(agent.memory), "budget": _budget(agent.budget),
        "limits": {"steps": agent.limits.steps, "answer_tokens": agent.limits.answer_tokens},
        "contract": agent.contract is not None, "guards": len(agent.guards), "quarantined": agent.quarantined,
        "fallback": "" if agent.fallback is None else agent.fallback.human or "a static answer",
    }  # fmt: skip


def _tool(tool: ToolManifest) -> Json:
    return {
        "name": tool.name, "about": tool.description.partition("\n")[0], "effect": tool.effect.value,
        "undo": tool.undo.value, "best_effort": tool.best_effort, "source": tool.source, "reads": tool.label.source,
        "trusted": tool.label.trusted, "data": tool.label.data_class, "secrets": list(tool.secrets),
        "roles": {name: role.value for name, role in sorted(tool.roles.items())}, "owner": tool.owner,
    }  # fmt: skip


def _budget(budget: Budget | None) -> Json:
    if budget is None:
        return {}
    said = {
        "usd": budget.usd, "tokens": budget.tokens, "steps": budget.steps, "calls": budget.calls,
        "seconds": budget.seconds,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None} | (
        {"per": budget.per} if budget.per else {}
    )


def _residual(agents: Sequence[Agent], tools: Mapping[str, ToolManifest]) -> Iterator[str]:
    """What is left, from declarations alone: whatever a model can reach and nothing here takes back or bounds."""
    for agent in agents:
        mine = [tools[name] for name in sorted(agent.tool_names) if name in tools]
        acting = [tool for tool in mine if tool.effect is not Effect.READ]
        for tool in acting:
            if tool.effect is Effect.IRREVERSIBLE:
                yield f"{agent.name} can call {tool.name}, which cannot be undone"
            elif tool.undo is Undo.NONE:
                yield f"{agent.name} can call {tool.name}, which nothing says how to undo"
            elif tool.best_effort:
                yield f"{tool.name} is undone as well as it goes: {tool.best_effort}"
        strange = [
            tool.name
            for tool in mine
            if tool.effect is Effect.READ and not (tool.label.source or tool.label.trusted)
        ]
        if acting and strange and agent.contract is None:
            read = f"reads what third parties wrote ({', '.join(strange)})"
            yield f"{agent.name} {read}, acts, and has no contract of its own"
        if agent.budget is None:
            yield f"{agent.name} has no budget of its own"
    for tool in tools.values():
        if not tool.owner and tool.effect is not Effect.READ:
            yield f"nobody is named as the owner of {tool.name}"


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "## Agents",
        "",
        "| agent | route | tools | budget | contract | fallback |",
        "|---|---|---|---|---|---|",
    )
    for agent in card.get("agents", ()):
        budget = ", ".join(f"{name} {value}" for name, value in agent["budget"].items()) or "none"
        contract = "yes" if agent["contract"] else "no"
        tools, fallback = ", ".join(agent["tools"]) or "none", agent["fallback"] or "none"
        yield f"| {agent['name']} | {agent['route']} | {tools} | {budget} | {contract} | {fallback} |"
    yield from (
        "",
        "## Tools",
        "",
        "| tool | effect | undo | reads | data | source |",
        "|---|---|---|---|---|---|",
    )
    for tool in card.get("tools", ()):
        reads, data = tool["reads"] or "third parties", tool["data"] or "none declared"
        yield f"| {tool['name']} | {tool['effect']} | {tool['undo']} | {reads} | {data} | {tool['source']} |"
    yield from ("", "## Data", "", ", ".join(card.get("data", ())) or "No class of data is declared.", "")
    yield from (
        "## Limits",
        "",
        f"{card.get('rules', 0)} rules decide about every action; budgets stand above.",
        "",
    )
    yield from ("## Results", "")
    yield from _results(cast("Sequence[Json]", card.get("results", ())))
    yield from ("", "## Residual risk", "")
    yield from (f"- {risk}" for risk in card.get("residual", ()) or ("None that declarations show.",))


def _results(results: Sequence[Json]) -> Iterator[str]:
    if not results:
        yield "No verdict about exactly this release is in the log."
    for each in results:
        against = f" against {each['against'][:12]}" if each.get("against") else ""
        yield f"- {each['suite']}: {each['verdict']}{against} ({each['experiment']})"
