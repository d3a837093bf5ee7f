"""The run as agents and tools see it: the words `ask` and `call` beside those of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents.house import House
from remit.agents.loop import ask
from remit.engine.run import Run as EngineRun
from remit.gate.actor import Actor

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.engine.execution import Execution
    from remit.tools.tool import Tool


class Run(EngineRun):
    """One execution of a flow: durable steps, waits and branches, agents and tools."""

    __slots__ = ("actor", "house")

    def __init__(self, execution: Execution, house: House, actor: Actor | None = None) -> None:
        super().__init__(execution)
        self.house = house
        self.actor = actor or Actor(
            house.user_of(execution), execution.row.team, accounts=house.accounts_of(execution)
        )

    async def call(self, tool: Tool | str, *args: object, **kwargs: object) -> Any:
        """Call a tool through the gate, once; its result is remembered for ever."""
        found = await self.house.gate.tool(tool)
        arguments = found.arguments(*args, **kwargs) if found is not None else dict(kwargs)
        result, _ = await self.house.gate.call(self._execution, self.actor, found or str(tool), arguments)
        return found.result(result) if found is not None else result

    async def ask(self, agent: Agent, *given: object, **named: object) -> Any:
        """Give an agent something to do; gives its answer, as its output type if it has one."""
        return await ask(self, agent, given, named)

    def acting(self, actor: Actor) -> Run:
        """The same run in the hands of an agent: what it asks for is decided as its own."""
        return Run(self._execution, self.house, actor)

    @property
    def execution(self) -> Execution:
        """The ground this run stands on; for the code of this package."""
        return self._execution
