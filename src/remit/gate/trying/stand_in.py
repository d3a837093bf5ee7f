"""What stands in for the world in a trial: the contract between the gate, which decides about every call as it always
does, and whoever knows the scenario. It is the simulation of its run, so whatever gets past it is a write of a fork,
and is refused as one.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.engine.fork import Simulation
from remit.engine.writing import Write

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest
    from remit.engine.call import Call
    from remit.engine.execution import Execution
    from remit.store.log import Entry
    from remit.wire.messages import Message, ModelRequest

Json = Any
NO_ANSWER = "no answer"
"""What a call's outcome says where the scenario had none: the trial says nothing about the agent."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says in this world."""

    message: Message
    dear: bool = False
    """Whether it uses as much as an answer can."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a model said when it was asked just this before."""

    model: str
    plain: Json
    """The answer as the journal has it."""
    money: int = 0
    """What it cost then, in millionths of a dollar; now it costs nothing."""


class StandIn(Simulation):
    """A simulation that answers tools."""

    def __init__(self) -> None:
        super().__init__(None, asks=False)

    @abstractmethod
    def is_real(self, tool: str) -> bool:
        """Whether this tool is really called."""

    @abstractmethod
    def answer(self, manifest: ToolManifest, arguments: dict[str, Json]) -> Json:
        """What the tool answers; raises `ToolFailed` for what it answers with a failure, and `NoAnswer`."""

    @abstractmethod
    def retell(self, manifest: ToolManifest, arguments: dict[str, Json]) -> None:
        """This call was answered in an earlier life of the run: what it changed is so."""

    @property
    @abstractmethod
    def is_live(self) -> bool:
        """Whether reads that nothing here answers are really made."""

    def says(self, agent: str, request: ModelRequest) -> Said | None:
        """What the model of an agent says here; None: the model of its route is asked."""
        del agent, request

    def recalls(self, digest: str, model: str) -> Recalled | None:
        """What was said before to the very same request, by the model that would be asked now; None: it is asked."""
        del digest, model

    async def __call__(self, execution: Execution, call: Call, recorded: list[Entry]) -> Any:
        """A write that reached the engine: of a tool that is really called, or of the author's own code."""
        if self.is_real(call.step.name):
            return await Write(execution, call, recorded).run()
        return await super().__call__(execution, call, recorded)


class NoAnswer(Exception):
    """The scenario does not say what this tool answers."""


def stand_in_of(execution: Execution) -> StandIn | None:
    """What stands in for the world in this run, if it is a trial."""
    found = execution.simulation
    return found if isinstance(found, StandIn) else None
