"""`ask_human`: an agent's question to a person. This is the declaration alone: a run asks it, durably, through its
inbox, because no code could wait for days. `asks_a_person` tells the gate which tool that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import NotInARun
from remit.domain.effects import Effect
from remit.domain.tools import ArgumentRole, Performed, ResultLabel, ToolManifest
from remit.tools.reading import ReadOnly
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from remit.tools.binding import ToolContext

Json = Any


@dataclass(frozen=True, slots=True)
class HumanOptions:
    """`[builtin.human]` of tools.toml."""

    group: str = "operators"
    """Who is asked."""
    within: str = ""
    """How long they have; empty: as long as it takes."""
    otherwise: str = "reject"
    """What happens then: `reject`, `escalate`, or another group."""


class HumanBinding(ReadOnly):
    """Stands behind `ask_human`; it cannot answer, and says so to whoever performs it as if it were code."""

    def __init__(self, options: HumanOptions) -> None:
        self.options = options

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Only a run can wait for a person."""
        del arguments, context
        raise NotInARun("a person is asked by the run itself (run.human); no code can answer instead.")


def asks_a_person(tool: Tool) -> HumanOptions | None:
    """Whom this tool asks, and for how long; None for every other tool."""
    return tool.binding.options if isinstance(tool.binding, HumanBinding) else None


def human_tools(options: HumanOptions) -> list[Tool]:
    """The tool."""
    manifest = ToolManifest(
        name="ask_human",
        description=(
            "Asks a person and waits for the answer, which may take a while. For what cannot be found out, and for "
            "what is not yours to decide."
        ),
        parameters={
            "type": "object",
            "properties": {
                "question": {
                    "type": "string", "minLength": 1, "maxLength": 4000,
                    "description": "The question, complete in itself: the person has not followed the talk.",
                },
                "options": {
                    "type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 12,
                    "description": "Answers to choose from, if there are such.",
                },
            },
            "required": ["question"],
            "additionalProperties": False,
        },
        effect=Effect.READ, result={"type": "string"},
        roles={"question": ArgumentRole.CONTENT, "options": ArgumentRole.CONTENT},
        label=ResultLabel(source="person", trusted=True), source="builtin",
    )  # fmt: skip
    return [Tool(manifest, HumanBinding(options), "tools.toml [builtin.human]")]
