"""THE gate: the only way by which a run reaches a tool or a model.

`call` and `ask_model` place an action in the run and hand it to the engine together with its passage; everything
that decides about it stands in the passage, everything that is durable in the engine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BadArguments, Denied
from remit.domain.capabilities import ANYBODY, EVERYTHING
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.domain.fronting import EXCHANGE
from remit.engine.stepping import perform
from remit.gate.containment.watched import Watched
from remit.gate.delegate_passage import DelegatePassage, Task, latest
from remit.gate.memory.passage import STEPS, MemoryPassage
from remit.gate.model_passage import ModelPassage
from remit.gate.relaying.advice import ADVISE, LOCAL, AdvicePassage
from remit.gate.relaying.relay import Relay
from remit.gate.screening.around import Around
from remit.gate.sending import Sending
from remit.gate.steps import DELEGATE, MODEL, UNKNOWN, step_of
from remit.gate.tool_passage import ToolPassage
from remit.gate.trying.passage import try_call
from remit.gate.trying.stand_in import stand_in_of
from remit.policy.delegation import attenuate
from remit.tools.tool import Tool
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.domain.capabilities import Signed, Terms
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.memory.passage import MemoryAct
    from remit.gate.model_passage import ModelAnswer, ModelAsk
    from remit.gate.parts import GateParts
    from remit.gate.relaying.asked import RelayAnswer, RelayAsk, Sink
    from remit.wire.embeddings import EmbedWish


class Gate:
    """The one pipe."""

    def __init__(self, parts: GateParts) -> None:
        self.parts = parts
        self.sending = Sending(parts, self.call)
        """Calls that are accepted now and done later."""

    async def tool(self, named: Tool | str) -> Tool | None:
        """A tool by name; a handle that the author's own code holds is known from then on."""
        if isinstance(named, Tool):
            await self.parts.learn(named)
            return named
        return self.parts.registry.find(named)

    async def call(
        self, execution: Execution, actor: Actor, named: Tool | str, arguments: dict[str, Any]
    ) -> tuple[Any, str]:
        """Perform a tool call as a durable step; gives the result as JSON, and what is to be said beside it."""
        if isinstance(named, str):
            name, tool = named, self.parts.registry.find(named)
        else:
            name, tool = named.name, await self.tool(named)
        if tool is None:
            passage = ToolPassage(self.parts, actor, None, name, arguments)
            given = {"name": name, "arguments": arguments}
            return await perform(execution, UNKNOWN, (given,), {}, Watched(passage)), ""
        problem: Denied | None = None
        try:
            arguments, carried = self.parts.texts.given(execution.row.id, tool.manifest, arguments)
        except Denied as wrong:
            problem, carried = wrong, ()
        if carried:
            actor = replace(actor, bounds=tuple(replace(each, carried=carried) for each in actor.bounds))
        world = stand_in_of(execution)
        world = None if world is None or world.is_real(tool.name) else world
        if problem is None and self.parts.guards.watches(actor):
            return await Around(self.parts, execution, actor).call(tool, arguments, world)
        if world is not None:
            return await try_call(self.parts, execution, actor, tool, arguments, problem, world)
        passage = ToolPassage(self.parts, actor, tool, name, arguments, problem)
        step = step_of(tool, execution.services.limits.write_timeout)
        identity: Any = [[arguments], {}]
        result = await perform(execution, step, (arguments,), {}, Watched(passage, name), identity)
        return result, passage.note

    async def call_text(self, execution: Execution, actor: Actor, name: str, text: str) -> tuple[Any, str]:
        """A tool call as a model wrote it: a name that may not exist, and arguments that may not be JSON."""
        if name.startswith(LOCAL) and execution.row.flow == EXCHANGE:
            return await self._advised(execution, actor, name.removeprefix(LOCAL), text), ""
        try:
            arguments: Any = canonical.parse(text or "{}")
            problem = "" if isinstance(arguments, dict) else "the arguments are no JSON object."
        except InvalidInput as wrong:
            arguments, problem = {}, wrong.message
        if problem:
            return await self._broken(execution, actor, name, text, problem)
        tool = self.parts.registry.find(name)
        said = (
            await self.sending.accept(execution, actor, tool, object_of(arguments))
            if tool is not None
            else ""
        )
        return (said, "") if said else await self.call(execution, actor, name, object_of(arguments))

    async def ask_model(self, execution: Execution, actor: Actor, asked: ModelAsk) -> ModelAnswer:
        """Ask a model as a durable step."""
        if self.parts.guards.watches(actor):
            return await Around(self.parts, execution, actor).ask_model(asked)
        passage = ModelPassage(self.parts, actor, asked)
        return passage.told(await perform(execution, MODEL, (), {}, Watched(passage), asked.identity()))

    async def relay(self, execution: Execution, actor: Actor, ask: RelayAsk, sink: Sink) -> RelayAnswer:
        """Ask a model on behalf of a foreign agent, as a durable step; the answer goes to the client as it comes."""
        return await Relay(self.parts, execution, actor, ask, sink).carry()

    async def aside(
        self, execution: Execution, actor: Actor, ask: RelayAsk, sink: Sink, wish: EmbedWish | None = None
    ) -> RelayAnswer:
        """Have texts embedded for a foreign agent or, without a wish, the tokens of a request counted."""
        return await Relay(self.parts, execution, actor, ask, sink).aside(wish)

    async def _advised(self, execution: Execution, actor: Actor, tool: str, text: str) -> Any:
        """Ask for consent to what a foreign agent is about to do in its own process."""
        arguments = str(object_of(canonical.parse(text or "{}")).get("arguments", ""))
        passage = AdvicePassage(self.parts, actor, tool, arguments)
        identity: Any = [[tool, arguments], {}]
        return await perform(execution, ADVISE, ({},), {}, Watched(passage), identity)

    async def delegate(
        self, execution: Execution, actor: Actor, agent: str, task: Task | None = None
    ) -> Signed | None:
        """Whether one agent may let another act for it, as a durable step; gives how far that may act."""
        passage = DelegatePassage(self.parts, actor, agent, task)
        await perform(execution, DELEGATE, (agent,), {}, Watched(passage, to=agent))
        if passage.signed is not None:
            capabilities = self.parts.standing.capabilities
            await capabilities.enter(execution)
            with execution.on_ground():
                await capabilities.open(self.parts.keys, actor.team, execution.now())
            capabilities.admit(passage.signed, execution.row.id)
        return passage.signed

    async def warrant(
        self, execution: Execution, actor: Actor, child: str, pin: str, terms: Terms | None
    ) -> list[dict[str, Any]] | None:
        """How far a run may act that this one spawns, in writing: never further than whoever spawns it; None where
        nobody bounds either, and both act by the rules alone.
        """
        if terms is None and actor.capability is None:
            return None
        standing, run, now = self.parts.standing, execution.row.id, execution.now()
        await standing.capabilities.enter(execution)
        tools = {tool.name: tool.manifest.digest for tool in self.parts.registry}
        tools = EVERYTHING if terms is None or terms.tools is None else {**tools, **EVERYTHING}
        given = actor.capability
        capability = attenuate(
            given.capability if given is not None else None, run=child, holder=ANYBODY, agent=pin, tools=tools,
            expires=latest(self.parts.time.earliest(), actor, terms), budget={}, terms=terms,
        )  # fmt: skip
        with execution.on_ground():
            signed = await standing.capabilities.sign(self.parts.keys, actor.team, capability, now, run)
        return [each.plain() for each in standing.capabilities.line(signed, run)]

    async def memory(self, execution: Execution, actor: Actor, act: MemoryAct) -> tuple[Any, str]:
        """Remember, recall or forget as a durable step; gives the result as JSON, and what is to be said beside it."""
        passage = MemoryPassage(self.parts, actor, execution, act)
        result = await perform(execution, STEPS[act.operation], passage.given(), {}, Watched(passage))
        return result, passage.note

    async def _broken(
        self, execution: Execution, actor: Actor, name: str, text: str, problem: str
    ) -> tuple[Any, str]:
        wrong = BadArguments(f"{problem} What was sent begins with: {text[:200]}", "Send one JSON object.")
        tool = self.parts.registry.find(name)
        passage = ToolPassage(self.parts, actor, tool, name, {"text": text[:2000]}, wrong)
        given, nothing = {"name": name, "arguments": text}, dict[str, Any]()
        if tool is None:
            return await perform(execution, UNKNOWN, (given,), {}, Watched(passage)), ""
        step = step_of(tool, execution.services.limits.write_timeout)
        return await perform(execution, step, (given,), {}, Watched(passage, name), [[given], nothing]), ""
