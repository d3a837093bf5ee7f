"""Holds an answer to how certain it says it is. One that does not say it counts as not certain at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.policy.guard import Finding

if TYPE_CHECKING:
    from remit.domain.guards import Guard
    from remit.policy.guard import Content

LOW, NONE = "low_confidence", "no_confidence"
KINDS = (LOW, NONE)


def find(guard: Guard, content: Content) -> list[Finding]:
    """One finding if the answer is less certain than the guard asks for."""
    value = content.value
    said: Any = cast("dict[str, Any]", value).get(guard.field) if isinstance(value, dict) else None
    if isinstance(said, bool) or not isinstance(said, int | float):
        return [Finding(NONE, said=f"it has no number {guard.field}")]
    if said >= guard.threshold:
        return []
    return [Finding(LOW, score=1.0, said=f"{guard.field} is {said:g}, and {guard.threshold:g} is asked for")]
