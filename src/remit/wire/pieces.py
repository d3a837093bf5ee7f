"""A text while it grows: kept as few strings, since a long answer comes as very many short ones, and packed where it is
long, since many such answers may be under way. What it says does not matter here.
"""

from __future__ import annotations

import zlib

_MANY = 256
_LONG = 32 * 1024
"""Characters of which it is worth the time to make fewer."""
_QUICKLY = 1


class Pieces:
    """Pieces in, at any time the whole out."""

    __slots__ = ("_length", "_loose", "_packed")

    def __init__(self, *first: str) -> None:
        self._packed: list[bytes] = []
        self._loose: list[str] = [*first]
        self._length = sum(map(len, first))

    def append(self, piece: str) -> None:
        """More of it."""
        self._loose.append(piece)
        self._length += len(piece)
        if self._length >= _LONG:
            whole = "".join(self._loose).encode("utf-8", "surrogatepass")
            self._packed.append(zlib.compress(whole, _QUICKLY))
            self._loose, self._length = [], 0
        elif len(self._loose) >= _MANY:
            self._loose = ["".join(self._loose)]

    def __bool__(self) -> bool:
        return bool(self._loose or self._packed)

    def __str__(self) -> str:
        packed = [zlib.decompress(each).decode("utf-8", "surrogatepass") for each in self._packed]
        return "".join((*packed, *self._loose))
