"""How the tests of tools perform one: as the gate does, without the gate."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from remit.domain.tools import Performed, Receipt
from remit.tools.binding import ToolContext
from remit.tools.tool import Tool


def context(**changes: Any) -> ToolContext:
    """What a call is given."""
    return structs.replace(ToolContext("r-1", "a/b", "support", "ada"), **changes)


async def perform(tool: Tool, **arguments: Any) -> Performed:
    """Validate, look at what is there, act."""
    tool.validate(arguments)
    seen = await tool.binding.before(arguments, context())
    return await tool.binding.perform(arguments, context(key="k-1", before=seen))


def receipt(tool: Tool, arguments: dict[str, Any], performed: Performed) -> Receipt:
    """The receipt of a write, as the log would tell it."""
    return Receipt(
        "r-1", "a/b", tool.name, tool.manifest.digest, arguments, performed.result, performed.images,
        performed.best_effort, "k-1", 1,
    )  # fmt: skip


async def undo(tool: Tool, arguments: dict[str, Any], performed: Performed) -> Performed:
    """Put back what a write replaced."""
    made = receipt(tool, arguments, performed)
    image = performed.images[0]
    _, precondition = await tool.binding.current(made, image, context())
    return await tool.binding.restore(made, image, image.before, precondition, context())
