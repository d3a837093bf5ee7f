"""A text while it grows: kept as few strings, since a long answer comes as very many short ones. What it says does not
matter here.
"""

from __future__ import annotations

_MANY = 256


class Pieces:
    """Pieces in, at any time the whole out."""

    __slots__ = ("_joined", "_loose")

    def __init__(self, *first: str) -> None:
        self._joined: list[str] = []
        self._loose: list[str] = [*first]

    def append(self, piece: str) -> None:
        """More of it."""
        self._loose.append(piece)
        if len(self._loose) >= _MANY:
            self._joined.append("".join(self._loose))
            self._loose.clear()

    def __bool__(self) -> bool:
        return bool(self._loose or self._joined)

    def __str__(self) -> str:
        return "".join((*self._joined, *self._loose))
