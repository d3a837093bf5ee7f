"""What a detector found, and taking it out of a text. It knows no kinds and no rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PERSONAL = "personal"
SECRET = "secret"  # noqa: S105 - the name of a class of data


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One place in a text."""

    start: int
    end: int
    kind: str
    """`card`, `iban`, `email`, `github_token`, …"""
    data_class: str
    """`personal` or `secret`."""
    checked: bool
    """Whether a checksum or a decodable structure confirms it; else its form alone does."""


def apart(found: Iterable[Found]) -> list[Found]:
    """In the order of the text, without overlaps: the one that begins first wins, of those the longest."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda f: (f.start, -f.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def replaced(text: str, found: Iterable[Found], by: Callable[[Found, str], str]) -> str:
    """The text with something else in each place."""
    parts: list[str] = []
    at = 0
    for each in apart(found):
        parts += [text[at : each.start], by(each, text[each.start : each.end])]
        at = each.end
    return "".join([*parts, text[at:]])
