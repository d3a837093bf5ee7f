"""A bounded memory of answers: the oldest quarter goes when it is full."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """What was found out, by what it depends on."""

    __slots__ = ("_found", "_limit", "get")

    def __init__(self, limit: int) -> None:
        self._found: dict[K, V] = {}
        self._limit = limit
        self.get = self._found.get

    def keep(self, key: K, value: V) -> None:
        """Remember; whatever is oldest makes place."""
        if len(self._found) >= self._limit:
            for old in list(islice(self._found, max(1, self._limit // 4))):
                del self._found[old]
        self._found[key] = value

    def __len__(self) -> int:
        return len(self._found)
