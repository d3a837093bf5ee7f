"""The run as agents and tools see it: the words `ask` and `call` beside those of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.memory import RECALLED
from remit.domain.on_use import on_use
from remit.engine import spawning
from remit.engine.pin import pin_of
from remit.engine.run import Run as EngineRun
from remit.gate.actor import Actor

if TYPE_CHECKING:
    from remit.agents import bounding, consulting, delegation, flagging, loop
    from remit.agents.agent import Agent
    from remit.agents.attaching import Attach
    from remit.agents.house import House
    from remit.domain.capabilities import Terms
    from remit.domain.labels import Label
    from remit.domain.memory import Memory
    from remit.engine.execution import Execution
    from remit.engine.flow import Flow
    from remit.engine.spawning import Child
    from remit.knowledge import memory
    from remit.tools.tool import Tool
else:
    bounding = on_use("remit.agents.bounding")
    consulting = on_use("remit.agents.consulting")
    delegation = on_use("remit.agents.delegation")
    flagging = on_use("remit.agents.flagging")
    loop = on_use("remit.agents.loop")
    memory = on_use("remit.knowledge.memory")


class Run(EngineRun):
    """One execution of a flow: durable steps, waits and branches, agents and tools."""

    __slots__ = ("actor", "house")

    def __init__(self, execution: Execution, house: House, actor: Actor | None = None) -> None:
        super().__init__(execution)
        self.house = house
        self.actor = actor or _actor_of(execution, house)

    async def spawn(  # pyright: ignore[reportIncompatibleMethodOverride] - the engine knows no terms
        self, flow: Flow, *args: object, terms: Terms | None = None, **kwargs: object
    ) -> Child:  # fmt: skip
        """Start a child run; `await child.result()` waits for it. It may do no more than this run; with `terms`, less.

        A child that is bounded carries a signed capability: its tools, their arguments, its calls and its time.
        """

        async def warrant(child: str) -> object:
            return await self.house.gate.warrant(self._execution, self.actor, child, pin_of(flow), terms)

        return await spawning.spawn(self._execution, flow, args, kwargs, warrant)

    async def call(self, tool: Tool | str, *args: object, **kwargs: object) -> Any:
        """Call a tool through the gate, once; its result is remembered for ever."""
        found = await self.house.gate.tool(tool)
        arguments = found.arguments(*args, **kwargs) if found is not None else dict(kwargs)
        result, _ = await self.house.gate.call(self._execution, self.actor, found or str(tool), arguments)
        return found.result(result) if found is not None else result

    async def ask(self, agent: Agent, *given: object, attach: Attach = (), **named: object) -> Any:
        """Give an agent something to do; gives its answer, as its output type if it has one.

        `attach` hands it pictures, sounds and files: a `Path`, which is read once, an `Attachment`, or several.
        """
        return await loop.ask(self, agent, given, named, attach=attach)

    def open(self, value: Any) -> Any:
        """What handles of sealed texts in a value stand for, for people and for code that looks at them; what was in
        sight of whoever wrote them is in the sight of this flow from then on.
        """
        whole, contexts = self.house.gate.parts.texts.opened(self._execution.row.id, value)
        for bound in self.actor.bounds if contexts else ():
            bound.run.ledger.sees(bound.run.ledger.visible("", contexts), bound.context)
        return whole

    async def human(
        self, group: str, value: object, *, within: float | str | None = None, otherwise: str = "reject"
    ) -> Any:
        """Ask a person of `group` to approve `value`; gives it back as the type it had, perhaps edited, or raises
        `Rejected`.
        """
        return await consulting.consult(
            self._execution, str(group), value, within=within, otherwise=otherwise
        )

    async def flag(self, name: str, default: Any = None) -> Any:
        """What a feature flag says for this run; `default` where nobody has set it. It is remembered for ever."""
        parts, agent = self.house.gate.parts, self.actor.agent
        return await flagging.flag(self._execution, parts, agent, name, default)

    async def remember(
        self, key: str, value: object, *, scope: str = "user", label: Label | None = None,
        ttl: float | str | None = None,
    ) -> Memory:  # fmt: skip
        """Keep a value under a key beyond this run, in the place of what was there; undo takes it back.

        `scope` is run, user, agent or team; `ttl` is when it is forgotten by itself. Without a `label` it counts as
        untrusted, for the run's own team.
        """
        return (await self._memories.remember(key, value, scope, label, ttl))[0]

    async def recall(
        self, text: str = "", *, key: str = "", scope: str = "user", limit: int = RECALLED
    ) -> list[Memory]:
        """What is remembered under a key, or what fits some words, the best first; without either, the latest."""
        return (await self._memories.recall(text, key, scope, limit))[0]

    async def forget(self, key: str = "", *, matching: str = "", scope: str = "user") -> list[str]:
        """Forget what is kept under a key, or all that holds these words; gives the keys. Undo takes it back."""
        return (await self._memories.forget(key, matching, scope))[0]

    @property
    def _memories(self) -> memory.Memories:
        return memory.Memories(self.house.gate, self._execution, self.actor)

    def acting(self, actor: Actor) -> Run:
        """The same run in the hands of an agent: what it asks for is decided as its own."""
        return Run(self._execution, self.house, actor)

    @property
    def execution(self) -> Execution:
        """The ground this run stands on; for the code of this package."""
        return self._execution


def _actor_of(execution: Execution, house: House) -> Actor:
    """Whoever started the run, within what spawned it lets it do."""
    actor = Actor(
        house.user_of(execution), execution.row.team, accounts=house.accounts_of(execution),
        bounds=bounding.bounds_of_run(house, execution),
    )  # fmt: skip
    warrant = execution.journal.created.warrant
    return delegation.warranted(actor, warrant, execution.row.id) if warrant else actor
