"""Asking a person about a value: it comes back as the type it had, and an edit that is none is refused where it is
made. What the inbox could not see through is asked about again, with why. Who is asked is decided elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.clock import MICROSECONDS
from remit.engine import waiting
from remit.engine.asking import Question
from remit.engine.step import seconds
from remit.tools.shapes import ShapeError, shape_of
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.engine.execution import Execution
    from remit.tools.shapes import Shape

_AS_IT_IS = (dict, list, tuple, set, frozenset, type(None))
"""Values that say nothing of what may stand in their place."""


async def consult(
    execution: Execution, group: str, value: object, *, within: float | str | None, otherwise: str,
    shape: Shape | None = None,
) -> Any:  # fmt: skip
    """What a person of the group makes of a value, as its type; raises `Rejected` for a no."""
    plain, shape = canonical.plain(value), shape or _shape(value)
    schema, note = _schema(shape), ""
    while True:
        due = None if within is None else execution.now() + int(seconds(within) * MICROSECONDS)
        question = Question("human", group, plain, due=due, otherwise=otherwise, shape=schema, note=note)
        given = await waiting.human(execution, question)
        if shape is None or schema is None:
            return given
        try:
            return shape.convert(given)
        except ShapeError as wrong:
            note = f"what was given instead does not fit: {wrong}"


def _shape(value: object) -> Shape | None:
    return None if isinstance(value, _AS_IT_IS) else shape_of(type(value))


def _schema(shape: Shape | None) -> dict[str, Any] | None:
    """What an edit has to fit; None where the type cannot be said in JSON, and so cannot come back either."""
    if shape is None:
        return None
    try:
        return shape.schema()
    except ShapeError:
        return None
