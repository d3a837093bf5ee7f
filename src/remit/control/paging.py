"""How much of a list is shown at once, and what places in it look like. It knows no list."""

from __future__ import annotations

from remit.domain.errors import InvalidInput

MOST = 10_000
_LONGEST = 18
"""Digits of a number that every database holds."""


def page_of(limit: int) -> int:
    """So many, if that is a number of which a page can be."""
    if 1 <= limit <= MOST:
        return limit
    raise InvalidInput(f"a page has 1 to {MOST:,} lines, not {limit}.", "Ask for the next page.")


def place_of(after: str) -> tuple[int, str]:
    """The two parts of a place such as `1790000000000000.r-01m7`."""
    number, _, rest = after.partition(".")
    if rest and _is_count(number):
        return int(number), rest
    raise _no_place(after)


def place_by_count(after: str) -> tuple[int, int]:
    """The two parts of a place such as `1790000000000000.12`."""
    number, rest = place_of(after)
    if _is_count(rest):
        return number, int(rest)
    raise _no_place(after)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST


def _no_place(after: str) -> InvalidInput:
    return InvalidInput(f'"{after}" is no place in a list.', "Give what the page before said under next.")
