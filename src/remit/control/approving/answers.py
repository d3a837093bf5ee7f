"""What a person says has to be an answer: what a lost write gave is what its tool gives, a value has the form of the
one that was asked about, a contract only gets narrower.

The question stays open while it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BadArguments
from remit.domain.contracts import Contract
from remit.domain.errors import InvalidInput, Shredded
from remit.domain.event import object_of
from remit.policy.provenance.narrowing import narrowed
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground


async def check_result(ground: Ground, tool: str, value: Any) -> None:
    """Raise `InvalidInput` unless this may be the result of the tool; a step that is no tool is checked by its run."""
    rows = await ground.database.fetch("tools.get", ground.principal.team, tool)
    schema = object_of(canonical.parse(rows[0][4] or "{}")).get("result") if rows else None
    if not schema:
        return
    try:
        _check(object_of(schema), tool, "result", value)
    except BadArguments as wrong:
        raise InvalidInput(
            f"this cannot be the result of {tool}: {wrong.message}",
            "Give what it would have returned: --value JSON. Or say that it did not happen: remit reject.",
        ) from None


async def check_arguments(ground: Ground, tool: str, arguments: dict[str, Any]) -> None:
    """Raise `BadArguments` unless the tool, as it was last seen here, may be called with these."""
    rows = await ground.database.fetch("tools.get", ground.principal.team, tool)
    schema = object_of(canonical.parse(rows[0][4] or "{}")).get("parameters") if rows else None
    if schema is not None:
        from remit.tools.arguments import ArgumentCheck  # only answers and edits need that library

        ArgumentCheck(object_of(schema), tool).check(arguments)


def check_value(schema: Any, question: str, value: Any) -> None:
    """Raise `InvalidInput` unless this may stand in place of the value that was asked about."""
    try:
        _check(object_of(schema), question, "value", value)
    except BadArguments as wrong:
        raise InvalidInput(
            f"this cannot stand in place of what was asked about: {wrong.message}",
            f"Give a value of the same form: remit inbox show {question}. Or agree to it as it is.",
        ) from None


def check_narrower(asked: Any, value: Any) -> None:
    """Raise `InvalidInput` unless this leaves less of the contract that was asked about."""
    shown = object_of(asked).get("contract")
    if shown is None:
        raise Shredded("what the contract says was shredded, and it can only be rejected.")
    if value != asked:
        narrowed(Contract.of(shown), value)


def _check(schema: dict[str, Any], owner: str, name: str, value: Any) -> None:
    from remit.tools.arguments import ArgumentCheck  # only answers and edits need that library

    inner = {key: part for key, part in schema.items() if key != "$defs"}
    whole = {
        "type": "object", "properties": {name: inner}, "required": [name], "$defs": schema.get("$defs", {}),
    }  # fmt: skip
    ArgumentCheck(whole, owner).check({name: value})
