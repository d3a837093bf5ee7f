"""The texts of a run's input: what its user wrote, wherever in the parameters it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = Any


def texts_of(value: Json) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in cast("dict[str, Json]", value).values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in cast("list[Json]", value):
            yield from texts_of(inner)
