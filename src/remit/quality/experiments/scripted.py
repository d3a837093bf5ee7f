"""What stands in for the world in a trial, made from a scenario: its environment answers tools, its turns answer
whoever asks a person or waits for a message. The same calls in the same order give the same answers, so that a trial
whose process died goes on as if nothing had been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import StopRun, ToolFailed
from remit.domain.event import object_of
from remit.domain.events import WaitClosed
from remit.gate.trying.stand_in import NoAnswer, StandIn
from remit.models.simulation.filling import fill
from remit.models.simulation.hints import Hints
from remit.models.simulation.schemas import fits
from remit.quality.scenarios.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.domain.tools import ToolManifest
    from remit.engine.asking import Question
    from remit.engine.call import Call
    from remit.engine.execution import Execution
    from remit.engine.step import Step
    from remit.quality.scenarios.scenario import Environment, Turn
    from remit.store.log import Entry

Json = Any
SCRIPTED = "the scenario"
"""Who answers in the place of people."""


class Scripted(StandIn):
    """A scenario, as the calls and questions so far have left it."""

    def __init__(self, environment: Environment, turns: Sequence[Turn], taken: int = 0) -> None:
        super().__init__()
        self.reviewer = self._answered
        self._environment = environment
        self._turns = turns
        self._taken = taken
        self._may_be_real: Callable[[str], bool] | None = None
        self.world = World(environment)

    @property
    def taken(self) -> int:
        """How many turns were taken."""
        return self._taken

    @property
    def is_live(self) -> bool:
        """Whether reads that nothing here answers are really made."""
        return self._environment.live

    def keep_to(self, may_be_real: Callable[[str], bool]) -> None:
        """Nothing else is really called, whatever the scenario names: what is around this trial is production."""
        self._may_be_real = may_be_real

    def is_real(self, tool: str) -> bool:
        """Whether this tool is really called."""
        return self.world.is_real(tool) and (self._may_be_real is None or self._may_be_real(tool))

    def answer(self, manifest: ToolManifest, arguments: dict[str, Json]) -> Json:
        """What the tool answers; a write that nothing is said about is accepted."""
        if not manifest.effect.acts:
            found = self.world.read(manifest.name, arguments)
            if found is None:
                raise NoAnswer(
                    f"the environment does not say what {manifest.name} answers to {_shown(arguments)}: "
                    "add that to its answers, or let it be live."
                )
        else:
            found = self.world.write(manifest.name, arguments)
        if found.error:
            raise ToolFailed(found.error)
        if found.result is None and manifest.result and not fits(None, manifest.result):
            return fill(manifest.result, Hints("", [arguments]))
        return found.result

    def retell(self, manifest: ToolManifest, arguments: dict[str, Json]) -> None:
        """This call was answered in an earlier life of the run."""
        if manifest.effect.acts:
            self.world.write(manifest.name, arguments)
        else:
            self.world.read(manifest.name, arguments)

    async def __call__(self, execution: Execution, call: Call, recorded: list[Entry]) -> Any:
        """A write of the author's own code: as it says that it is simulated, or really where the scenario says so."""
        if call.step.simulate is None and not self.is_real(call.step.name):
            execution.stopped = StopRun(
                f"{call.path} is a write of the flow's own code, and nothing says what it would have answered: "
                f"give the step a simulate=…, or name it among the environment's real ones."
            )
            raise execution.stopped
        return await super().__call__(execution, call, recorded)

    def own(self, step: Step, args: tuple[object, ...], kwargs: dict[str, object]) -> Step:
        """What is performed where the flow asks for a step of its own: here that very step."""
        del args, kwargs
        return step

    def message(self, name: str) -> Json:
        """What the flow hears that waits for a message of this name."""
        turn = self._next(lambda each: each.signal == name or not (each.signal or each.group))
        if turn is None:
            raise StopRun(f"it waits for the message {name}, and the scenario has no turn that sends it.")
        return turn.says

    def words(self) -> Json:
        """What the user says next in a talk with an agent; None: nothing more."""
        turn = self._next(lambda each: not (each.signal or each.group))
        return None if turn is None else turn.says

    def _answered(self, question: Question) -> WaitClosed | StopRun:
        turn = self._next(lambda each: not each.signal and each.group in {"", question.group})
        if turn is None:
            about = f" ({question.name})" if question.name else ""
            return StopRun(
                f"it waits for {question.group}{about}, and the scenario has no turn that answers."
            )
        if not turn.approves:
            return WaitClosed(question.kind, "rejected", "", None, SCRIPTED, turn.reason)
        value = question.value if turn.says is None else _edited(question, turn.says)
        return WaitClosed(question.kind, "approved", "", value, SCRIPTED, turn.reason)

    def _next(self, fits: Callable[[Turn], bool]) -> Turn | None:
        """The next turn, if it is the one that is waited for: they are taken in order."""
        turn = self._turns[self._taken] if self._taken < len(self._turns) else None
        if turn is None or not fits(turn):
            return None
        self._taken += 1
        return turn


def _edited(question: Question, says: Json) -> Json:
    """A question about a call is answered with other arguments; any other with another value."""
    asked = object_of(question.value)
    if question.kind != "approval" or "tool" not in asked:
        return says
    given = cast("dict[str, Json]", says) if isinstance(says, dict) else {}
    return {"arguments": given.get("arguments", given), "edited_by": SCRIPTED}


def _shown(arguments: dict[str, Json]) -> str:
    said = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return f"({said[:200]})"
