"""What stands at the ends of a JSON value, once its lists and objects are taken apart. It knows no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


def leaves(value: Any) -> Iterator[Any]:
    """Every text, number, truth and nothing in it, in order; the names of members are none of them."""
    if isinstance(value, dict):
        for inner in cast("dict[str, Any]", value).values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from leaves(inner)
    else:
        yield value
