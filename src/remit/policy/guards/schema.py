"""Holds content to a JSON schema. How a schema is read stands elsewhere: it is handed the function that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.policy.guard import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.domain.guards import Guard
    from remit.policy.guard import Check, Content

Json = Any
MISFIT = "misfit"
KINDS = (MISFIT,)


def checking(misfit: Callable[[Json, Json], str]) -> Check:
    """The check; `misfit(schema, value)` says what does not fit, in words that hold nothing of the value."""

    def find(guard: Guard, content: Content) -> list[Finding]:
        said = misfit(guard.schema, content.value)
        return [Finding(MISFIT, said=said)] if said else []

    return find
