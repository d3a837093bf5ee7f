"""A tool call in a trial on its way: resolved, validated, screened, decided, held and counted as any other. Only the
act is another: the scenario answers, nothing is sent, and so the engine takes every one of them for a read.

No grant is used, no rate and no budget of anybody else; what undo would need is not looked at, for nothing is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.effects import Effect
from remit.domain.errors import StopRun
from remit.domain.event import object_of
from remit.domain.tools import Performed
from remit.engine.step import Step
from remit.engine.stepping import perform
from remit.gate.containment.watched import Watched
from remit.gate.provenance import fix
from remit.gate.tool_passage import ToolPassage
from remit.gate.trying.stand_in import NO_ANSWER, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.decisions import Decision
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.gate.trying.stand_in import StandIn
    from remit.store.database import Op
    from remit.tools.tool import Tool

Json = Any
_ONE_CALL = Amount(calls=1)
_NOTHING_DONE = "a scenario answered it; nothing was done"


async def try_call(
    parts: GateParts, execution: Execution, actor: Actor, tool: Tool, arguments: dict[str, Json],
    problem: Exception | None, world: StandIn,
) -> tuple[Json, str]:  # fmt: skip
    """Perform a tool call in a trial as a durable step; gives the result as JSON, and what is to be said beside it."""
    passage = TriedPassage(parts, actor, tool, tool.name, arguments, problem)
    passage.world = world
    identity: Json = [[arguments], {}]
    result = await perform(
        execution, tried_step(tool), (arguments,), {}, Watched(passage, tool.name), identity
    )
    return result, passage.note


def tried_step(tool: Tool) -> Step:
    """The step of a tool that nothing is sent to: whatever it does to the real world, here it may be repeated."""
    known = _STEPS.get(tool.name)
    if known is None:
        known = _STEPS[tool.name] = Step(_unperformed, effect=Effect.READ, name=tool.name)
    return known


class TriedPassage(ToolPassage):
    """One call of one tool in a trial."""

    world: StandIn
    _answered = False
    """Whether the scenario was asked: only then can it have changed anything."""

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        """Let it pass, hold it, or raise why not."""
        if self.passed and self.fresh(number):
            return
        self.pipe.again()
        tool = await self._resolve(execution)
        self._validate(tool)
        self._screen()
        if self.actor.bounds:
            await fix(self.actor.bounds, execution)
        await self.settle(execution, call)
        self.place = (execution, call.path)
        self._context = self._make_context(execution, call, tool)
        if self.actor.bounds:
            await self.bounds.look_again(self.parts.registry, self._reach())
        await self.reserve(execution, _ONE_CALL)
        self.bounds.claim(self.place, tool.name)
        self.passed, ops = number, self.admitting_ops()
        self.said = self._action() | {"bound": self.bound(_ONE_CALL)}
        execution.admit(ActionAdmitted(tool.name, call.digest, self.said), call.path, ops)

    @property
    def consumes(self) -> bool:
        """Nothing is claimed."""
        return False

    async def _granted(self, execution: Execution, call: Placed, decision: Decision) -> bool:
        """What somebody agreed to in advance was not agreed to for trials, and is not used up by them."""
        del execution, call, decision
        return False

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        """Ask the scenario."""
        tool = self.the_tool
        self.pipe.again()
        self._answered = True
        try:
            result = self.world.answer(tool.manifest, self.arguments)
        except NoAnswer as none:
            if self.world.is_live and not tool.manifest.effect.acts:
                self._answered = False
                return await super().perform(*args, idempotency_key=idempotency_key)
            stop = StopRun(str(none))
            stop.detail = {"trial": NO_ANSWER}  # pyright: ignore[reportAttributeAccessIssue] - kept with its outcome
            raise stop from none
        self.pipe.passed("perform")
        return self._screened(tool, Performed(result, best_effort=_NOTHING_DONE))

    def settling(self, wrong: BaseException | None) -> tuple[Json, Sequence[Op]]:
        """Also that it was answered by a scenario."""
        detail, ops = super().settling(wrong)
        return (detail | {"rehearsed": True} if self._answered else detail), ops

    def replayed(self, execution: Execution, detail: Json) -> None:
        """It was settled before: the scenario is told again what it has answered."""
        super().replayed(execution, detail)
        if object_of(detail).get("rehearsed"):
            self.world.retell(self.the_tool.manifest, self.arguments)


async def _unperformed(arguments: dict[str, object]) -> object:
    raise AssertionError(arguments)  # the admission performs it


_STEPS: dict[str, Step] = {}
