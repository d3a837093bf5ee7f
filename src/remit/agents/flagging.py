"""Asking for a flag from within a flow: a step whose result is remembered for ever, so that the run says what
it met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.effects import Effect
from remit.engine import stepping
from remit.engine.step import Step
from remit.gate.flag_board import others_say

if TYPE_CHECKING:
    from remit.engine.execution import Execution
    from remit.gate.parts import GateParts

Json = Any


async def flag(execution: Execution, parts: GateParts, agent: str, name: str, default: Json) -> Json:
    """What the flag says for this run; `default` where nobody has set it."""

    async def look(name: str, default: Json) -> dict[str, Json]:
        await parts.meet()
        own = parts.flags.value(name, default, agent, execution.row)
        return (own or await others_say(name, default, agent, execution.row)).plain()

    found = await stepping.perform(
        execution, Step(look, effect=Effect.READ, name="flag"), (name, default), {}
    )
    return found["value"]
