"""The run as agents and tools see it: the words `ask` and `call` beside those of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents.bounding import bounds_of_run
from remit.agents.house import House
from remit.agents.loop import ask
from remit.engine.run import Run as EngineRun
from remit.gate.actor import Actor
from remit.knowledge.memory import RECALLED, Memories

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.domain.labels import Label
    from remit.domain.memory import Memory
    from remit.engine.execution import Execution
    from remit.tools.tool import Tool


class Run(EngineRun):
    """One execution of a flow: durable steps, waits and branches, agents and tools."""

    __slots__ = ("actor", "house")

    def __init__(self, execution: Execution, house: House, actor: Actor | None = None) -> None:
        super().__init__(execution)
        self.house = house
        self.actor = actor or Actor(
            house.user_of(execution), execution.row.team, accounts=house.accounts_of(execution),
            bounds=bounds_of_run(house, execution),
        )  # fmt: skip

    async def call(self, tool: Tool | str, *args: object, **kwargs: object) -> Any:
        """Call a tool through the gate, once; its result is remembered for ever."""
        found = await self.house.gate.tool(tool)
        arguments = found.arguments(*args, **kwargs) if found is not None else dict(kwargs)
        result, _ = await self.house.gate.call(self._execution, self.actor, found or str(tool), arguments)
        return found.result(result) if found is not None else result

    async def ask(self, agent: Agent, *given: object, **named: object) -> Any:
        """Give an agent something to do; gives its answer, as its output type if it has one."""
        return await ask(self, agent, given, named)

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
    def _memories(self) -> Memories:
        return Memories(self.house.gate, self._execution, self.actor)

    def acting(self, actor: Actor) -> Run:
        """The same run in the hands of an agent: what it asks for is decided as its own."""
        return Run(self._execution, self.house, actor)

    @property
    def execution(self) -> Execution:
        """The ground this run stands on; for the code of this package."""
        return self._execution
