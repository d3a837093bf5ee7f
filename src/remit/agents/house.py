"""What agents of one workspace share: the gate, the agents by name, their prompts, and who a run belongs to."""

from __future__ import annotations

import difflib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from remit.agents import remembering
from remit.agents.agent import Agent, Profile, digest_of, text_digest
from remit.agents.checking import Defect, Known, defects
from remit.agents.output import OutputShape
from remit.agents.prompts import read_prompt
from remit.agents.quarantine import HANDLES, check_quarantine
from remit.domain.action_errors import UnknownAgent, UnknownTool
from remit.domain.budgets import Account
from remit.domain.decisions import AccessRequest
from remit.domain.errors import BadWorkspace, RemitError
from remit.domain.tasks import behind
from remit.gate.budgeting.settings import FLOW
from remit.knowledge import offer
from remit.policy.data_classes import without_classes
from remit.wire import canonical
from remit.wire.messages import ToolSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.domain.action_events import AgentAsked
    from remit.domain.contracts import ContractTemplate
    from remit.engine.execution import Execution
    from remit.engine.flow import Flow
    from remit.gate.actor import Actor
    from remit.gate.gate import Gate
    from remit.knowledge.offer import Offered
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
        self.away: list[str] = []
        """Sources of tools that did not answer when this process started, and why."""
        self.missing: list[str] = []
        """Secrets that something names and that are not there."""
        self.floor: ContractTemplate | None = None
        """What an operator allows every contract at most."""
        self.propose = ""
        """The route whose model may propose what a request asks for; empty: none is asked."""
        self.show_above = ""
        """The risk above which whoever asked looks at a contract first; empty: nobody does."""
        self.contracted = False
        """Whether any flow has a contract, which its children then share."""
        self.closing: list[Callable[[], None]] = []
        """What else is to be done once it is closed."""
        self._profiles: dict[Agent, Profile] = {}
        self._seen: dict[tuple[object, ...], Profile] = {}
        """As each actor is shown them, by everything that this depends on."""

    async def close(self) -> None:
        """Let go of connections and secrets."""
        parts = self.gate.parts
        await parts.standing.close()
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

    def check(self) -> list[Defect]:
        """What an ask of any agent would stumble over, as things stand."""
        parts = self.gate.parts
        remembered = parts.acceptance.remembered() if self.away else {}
        tools = {*parts.registry.names, *remembered}
        return defects(
            self.agents.values(),
            Known(
                self.workspace,
                tools,
                lambda agent: parts.models.configuration.route(agent.route),
                bool(self.away),
            ),
        )

    def user_of(self, execution: Execution) -> str:
        """On whose behalf a run takes place."""
        return execution.journal.created.by

    def accounts_of(self, execution: Execution) -> tuple[Account, ...]:
        """The budget of the run as a whole, if its flow has one."""
        shared = self.gate.parts.accounts.get(f"{FLOW}{behind(execution.flow.name)[-1]}")
        # kept in the database, because it outlives generations that this one's journal knows nothing of
        return (Account(f"tree:{execution.row.id}", shared.budget),) if shared is not None else ()

    async def profile(self, agent: Agent) -> Profile:
        """An agent made ready; once, until its prompt changes on disk."""
        found = self._profiles.get(agent)
        if found is None:
            found = self._profiles[agent] = await self._make(agent)
        return found

    async def profile_for(self, agent: Agent, actor: Actor) -> Profile:
        """The agent with those of its tools that policy lets this actor see: listing and calling ask the same."""
        parts, whole = self.gate.parts, await self._current(agent)
        await parts.meet()
        authority, groups = parts.authority, parts.roles.of(actor.user)
        accepted = self._accepted(whole) - parts.standing.withheld(actor.user, agent.name)
        key = (agent, actor.user, groups, actor.tools, authority.digest, accepted, actor.memory)
        found = self._seen.get(key)
        if found is None:
            request = AccessRequest(
                actor.user, actor.team, agent.name, "list", "", groups=groups,
                environment=self.gate.parts.environment,
            )  # fmt: skip
            allowed = actor.tools
            names = [
                tool.name
                for tool in whole.tools
                if tool.name in accepted and (allowed is None or tool.name in allowed)
            ]
            visible = set(authority.visible(request, names))
            tools = tuple(tool for tool in whole.tools if tool.name in visible)
            shown = visible | whole.delegates.keys()
            memory = remembering.visible(self.gate.parts, actor)
            found = self._seen[key] = _narrowed(whole, tools, shown, memory)
        return found

    async def pinned(self, agent: Agent, asked: AgentAsked) -> Profile:
        """The agent as the log says it was: the words and tools that it was given when it was asked."""
        whole = await self._current(agent)
        detail: dict[str, Any] = asked.detail or {}
        names = set(detail.get("tools", ())) & (self._accepted(whole) | whole.delegates.keys())
        tools = tuple(tool for tool in whole.tools if tool.name in names)
        narrowed = _narrowed(whole, tools, names, remembering.recorded(detail.get("memory")))
        return narrowed.with_words(detail.get("instructions", whole.instructions), asked.digest)

    async def _current(self, agent: Agent) -> Profile:
        """The agent with its tools as they were accepted last, perhaps by somebody in another process a moment ago."""
        parts, whole = self.gate.parts, await self.profile(agent)
        await parts.acceptance.keep_up()
        for tool in whole.tools:
            if parts.acceptance.accepts(tool):
                continue
            with suppress(RemitError):  # its source does not answer: it stays out of sight
                await parts.look_again(tool)
            if parts.registry.find(tool.name) not in {tool, None}:
                self.forget()
                return await self.profile(agent)
        return whole

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
        check_quarantine(agent, tools)
        delegates = {each.name: each for each in agent.delegates}
        instructions = self.gate.parts.vault.redact(read_prompt(self.workspace, agent))
        shape = OutputShape.of(agent.output) if agent.output is not None else None
        memory = remembering.declared(agent.memory)
        specs = (
            *(_spec(tool) for tool in tools),
            *(_delegate_spec(each) for each in agent.delegates),
            *offer.specs(memory),
        )
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
            memory,
        )

    def _know(self, agent: Agent) -> None:
        """An agent that the author's own code holds may be spoken of in rules from then on."""
        for each in (agent, *agent.delegates):
            if self.agents.setdefault(each.name, each) is not each:
                raise BadWorkspace(f'two agents are called "{each.name}".', "Give one of them another name.")
        self.gate.parts.authority.know(self.gate.parts.world())

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


def _narrowed(whole: Profile, tools: tuple[Tool, ...], names: set[str], memory: Offered) -> Profile:
    """The agent with what it is shown of all that it has."""
    specs = (*(spec for spec in whole.specs if spec.name in names), *offer.specs(memory))
    return whole.with_tools(tools, specs, _specs_digest(specs), memory)


def _spec(tool: Tool) -> ToolSpec:
    manifest = tool.manifest
    return ToolSpec(manifest.name, manifest.description, without_classes(manifest.parameters))


def _delegate_spec(agent: Agent) -> ToolSpec:
    about: str = agent.description or f"Hand a task to {agent.name}."
    return ToolSpec(agent.name, f"{about} {HANDLES}" if agent.quarantined else about, _TASK)


def _specs_digest(specs: tuple[Any, ...]) -> str:
    return canonical.digest(canonical.plain([[s.name, s.description, s.parameters] for s in specs]))[:16]
