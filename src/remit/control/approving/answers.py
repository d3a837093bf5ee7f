"""What a person says that a lost write gave has to be what its tool gives; the question stays open while it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BadArguments
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground import Ground


async def check_result(ground: Ground, tool: str, value: Any) -> None:
    """Raise `InvalidInput` unless this may be the result of the tool; a step that is no tool is checked by its run."""
    rows = await ground.database.fetch("tools.get", ground.principal.team, tool)
    schema = object_of(canonical.parse(rows[0][4] or "{}")).get("result") if rows else None
    if not schema:
        return
    from remit.tools.arguments import ArgumentCheck  # only this and an edit need that library

    inner = {key: part for key, part in object_of(schema).items() if key != "$defs"}
    whole = {
        "type": "object", "properties": {"result": inner}, "required": ["result"],
        "$defs": object_of(schema).get("$defs", {}),
    }  # fmt: skip
    try:
        ArgumentCheck(whole, tool).check({"result": value})
    except BadArguments as wrong:
        raise InvalidInput(
            f"this cannot be the result of {tool}: {wrong.message}",
            "Give what it would have returned: --value JSON. Or say that it did not happen: remit reject.",
        ) from None
