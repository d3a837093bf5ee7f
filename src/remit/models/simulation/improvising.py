"""What the simulated model does without a script: it uses each tool it is offered once, with arguments out of the
conversation, and then answers in the form that is asked for. No randomness: the same conversation, the same words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.models.simulation.filling import fill
from remit.models.simulation.hints import Hints, hints_of
from remit.models.simulation.lines import Line, Wanted, answers, says
from remit.models.simulation.scene import text_of

if TYPE_CHECKING:
    from remit.models.simulation.scene import Scene
    from remit.wire.messages import ToolSpec

MOST_TOOLS = 8
"""Tools that are tried in one conversation; whoever offers two hundred does not mean all of them."""


def improvise(scene: Scene) -> Line:
    """The next turn."""
    tool = _next_tool(scene)
    if tool is not None:
        return Line(calls=(call_of(tool, hints_of(scene)),))
    if scene.output is not None:
        return answers(
            fill(scene.output.schema, hints_of(scene)) if scene.output.schema else {"answer": _words(scene)}
        )
    return says(_words(scene))


def call_of(tool: ToolSpec, hints: Hints) -> Wanted:
    """A call of this tool with arguments that its schema takes."""
    return Wanted(tool.name, fill({**tool.parameters, "type": "object"}, hints, sparing=True))


def _next_tool(scene: Scene) -> ToolSpec | None:
    """The first that was not used yet; the one that is demanded, whether it was or not."""
    choice, tools = scene.request.tool_choice, scene.tools
    if not tools or choice == "none":
        return None
    if choice.startswith("tool:"):
        return next((tool for tool in tools if tool.name == choice.removeprefix("tool:")), None)
    called = scene.called
    unused = [tool for tool in tools if tool.name not in called]
    if unused and len(set(called)) < MOST_TOOLS:
        return unused[0]
    return tools[0] if choice == "required" else None


def _words(scene: Scene) -> str:
    asked = " ".join(scene.user.split())[:120]
    said = [f"{each.name}: {' '.join(text_of(each).split())[:80]}" for each in scene.results[-3:]]
    heard = f" The tools said: {'; '.join(said)}." if said else ""
    return f"This is a simulated answer to “{asked}”.{heard}"
