"""What agents of one workspace share: the gate, the agents by name, their prompts, and who a run belongs to."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent, Profile, digest_of, text_digest
from remit.agents.output import OutputShape
from remit.domain.action_errors import UnknownAgent, UnknownTool
from remit.domain.budgets import Account, Budget
from remit.domain.decisions import AccessRequest
from remit.domain.errors import BadWorkspace
from remit.wire import canonical
from remit.wire.messages import ToolSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from remit.domain.action_events import AgentAsked
    from remit.engine.execution import Execution
    from remit.engine.flow import Flow
    from remit.gate.actor import Actor
    from remit.gate.gate import Gate
    from remit.tools.tool import Tool

_TASK = {
    "type": "object",
    "properties": {"task": {"type": "string", "description": "What to do, with everything needed to do it."}},
    "required": ["task"],
    "additionalProperties": False,
}


class House:
    """The agents of a workspace and what they act through."""

    def __init__(self, gate: Gate, workspace: Path, agents: dict[str, Agent]) -> None:
        self.gate = gate
        self.workspace = workspace
        self.agents = agents
        self.flows: list[Flow] = []
        """Flows that every workspace has, such as the one that takes a run back."""
        self.run_budgets: dict[str, Budget] = {}
        """Budgets of flows by name: what one run of it may use in all."""
        self.closing: list[Callable[[], None]] = []
        """What else is to be done once it is closed."""
        self._profiles: dict[Agent, Profile] = {}
        self._seen: dict[tuple[Agent, str, frozenset[str] | None, str, frozenset[str]], Profile] = {}

    async def close(self) -> None:
        """Let go of connections and secrets."""
        parts = self.gate.parts
        await parts.budgets.stop()
        await parts.registry.close()
        await parts.models.close()
        await parts.vault.close()
        for close in self.closing:
            close()

    def agent(self, name: str) -> Agent:
        """An agent by name."""
        found = self.agents.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self.agents, n=1)
            raise UnknownAgent(
                f'this workspace has no agent "{name}".',
                f'Did you mean "{near[0]}"?'
                if near
                else f"It has: {', '.join(sorted(self.agents)) or 'none'}.",
            )
        return found

    def user_of(self, execution: Execution) -> str:
        """On whose behalf a run takes place."""
        return execution.journal.created.by

    def accounts_of(self, execution: Execution) -> tuple[Account, ...]:
        """The budget of the run as a whole, if its flow has one."""
        budget = self.run_budgets.get(execution.flow.name)
        return (Account(f"run:{execution.row.id}", budget),) if budget is not None else ()

    async def profile(self, agent: Agent) -> Profile:
        """An agent made ready; once, until its prompt changes on disk."""
        found = self._profiles.get(agent)
        if found is None:
            found = self._profiles[agent] = await self._make(agent)
        return found

    async def profile_for(self, agent: Agent, actor: Actor) -> Profile:
        """The agent with those of its tools that policy lets this actor see: listing and calling ask the same."""
        authority, whole = self.gate.parts.authority, await self.profile(agent)
        accepted = self._accepted(whole)
        key = (agent, actor.user, actor.tools, authority.digest, accepted)
        found = self._seen.get(key)
        if found is None:
            request = AccessRequest(
                actor.user, actor.team, agent.name, "list", "", environment=self.gate.parts.environment
            )
            allowed = actor.tools
            names = [
                tool.name
                for tool in whole.tools
                if tool.name in accepted and (allowed is None or tool.name in allowed)
            ]
            visible = set(authority.visible(request, names))
            tools = tuple(tool for tool in whole.tools if tool.name in visible)
            shown = visible | whole.delegates.keys()
            specs = tuple(spec for spec in whole.specs if spec.name in shown)
            found = self._seen[key] = whole.with_tools(tools, specs, _specs_digest(specs))
        return found

    async def pinned(self, agent: Agent, asked: AgentAsked) -> Profile:
        """The agent as the log says it was: the words and tools that it was given when it was asked."""
        whole = await self.profile(agent)
        detail: dict[str, Any] = asked.detail or {}
        names = set(detail.get("tools", ())) & (self._accepted(whole) | whole.delegates.keys())
        specs = tuple(spec for spec in whole.specs if spec.name in names)
        tools = tuple(tool for tool in whole.tools if tool.name in names)
        narrowed = whole.with_tools(tools, specs, _specs_digest(specs))
        return narrowed.with_words(detail.get("instructions", whole.instructions), asked.digest)

    def _accepted(self, whole: Profile) -> frozenset[str]:
        """The tools whose definition somebody accepted: no model is told what nobody has looked at."""
        accepts = self.gate.parts.acceptance.accepts
        return frozenset(tool.name for tool in whole.tools if accepts(tool))

    def forget(self) -> None:
        """Tools or prompts changed: make profiles anew."""
        self._profiles.clear()
        self._seen.clear()

    async def _make(self, agent: Agent) -> Profile:
        self._know(agent)
        tools = tuple([await self._tool(agent, each) for each in agent.tools])
        delegates = {each.name: each for each in agent.delegates}
        instructions = self.gate.parts.vault.redact(self._instructions(agent))
        shape = OutputShape.of(agent.output) if agent.output is not None else None
        specs = (*(_spec(tool) for tool in tools), *(_delegate_spec(each) for each in agent.delegates))
        specs_digest = _specs_digest(specs)
        digest = digest_of(agent, instructions, specs_digest, shape.schema if shape is not None else None)
        return Profile(
            agent,
            instructions,
            digest[:16],
            text_digest(instructions),
            tools,
            specs,
            specs_digest,
            shape,
            delegates,
        )

    def _know(self, agent: Agent) -> None:
        """An agent that the author's own code holds may be spoken of in rules from then on."""
        for each in (agent, *agent.delegates):
            if self.agents.setdefault(each.name, each) is not each:
                raise BadWorkspace(f'two agents are called "{each.name}".', "Give one of them another name.")
        self.gate.parts.authority.reload(self.gate.parts.world())

    async def _tool(self, agent: Agent, named: Tool | str) -> Tool:
        found = await self.gate.tool(named)
        if found is None:
            known = self.gate.parts.registry.names
            near = difflib.get_close_matches(str(named), known, n=1)
            raise UnknownTool(
                f'agent {agent.name} has the tool "{named}", which this workspace does not have.',
                f'Did you mean "{near[0]}"?' if near else "See: remit tools",
            )
        found.check()
        return found

    def _instructions(self, agent: Agent) -> str:
        """The text of the prompt: a file of the workspace, or the text itself."""
        prompt = agent.prompt
        if "\n" in prompt or not prompt.endswith((".md", ".txt")):
            return prompt
        path = (self.workspace / prompt).resolve()
        if not path.is_relative_to(self.workspace.resolve()):
            raise BadWorkspace(f"the prompt of {agent.name} lies outside of the workspace: {prompt}.")
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as wrong:
            raise BadWorkspace(
                f"the prompt of {agent.name} cannot be read: {prompt} ({wrong}).",
                "Write the file, or give the text itself.",
            ) from None


def handles_of(agents: Iterable[Agent]) -> list[Tool]:
    """The tools that agents hold themselves, theirs and those of whom they delegate to, each once."""
    found: dict[Tool, None] = {}
    for agent in agents:
        found |= {tool: None for tool in agent.tools if not isinstance(tool, str)}
        found |= dict.fromkeys(handles_of(agent.delegates))
    return list(found)


def _spec(tool: Tool) -> ToolSpec:
    manifest = tool.manifest
    return ToolSpec(manifest.name, manifest.description, manifest.parameters)


def _delegate_spec(agent: Agent) -> ToolSpec:
    about: str = agent.description or f"Hand a task to {agent.name}."
    return ToolSpec(agent.name, about, _TASK)


def _specs_digest(specs: tuple[Any, ...]) -> str:
    return canonical.digest(canonical.plain([[s.name, s.description, s.parameters] for s in specs]))[:16]
