"""A tool call in a trial that guards look at: they see what they would see, and what they say counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.gate.screening.tool_passage import GuardedToolPassage
from remit.gate.trying.passage import TriedPassage, tried_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.engine.step import Step
    from remit.gate.actor import Actor
    from remit.gate.guards.tokens import Tokens
    from remit.gate.parts import GateParts
    from remit.gate.screening.screen import Report
    from remit.gate.trying.stand_in import StandIn
    from remit.tools.tool import Tool

Json = Any


class GuardedTriedPassage(TriedPassage, GuardedToolPassage):
    """One call of one tool in a trial, with guards."""


def guarded(
    parts: GateParts, actor: Actor, tool: Tool, arguments: dict[str, Json], tokens: Tokens,
    given: Mapping[str, Report], world: StandIn,
) -> tuple[GuardedToolPassage, Step]:  # fmt: skip
    """The passage and the step of such a call."""
    passage = GuardedTriedPassage(parts, actor, tool, arguments, tokens, given)
    passage.world = world
    return passage, tried_step(tool)
