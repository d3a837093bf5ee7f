"""The order of the leaves: by position, checkpoint by checkpoint. Checkpoints say by position which events they added,
so the order survives a backup, which renumbers transactions. It knows positions, not events.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")
_HELD_AT_MOST = 200_000


class Batch(NamedTuple):
    """What one checkpoint added to the tree."""

    size: int
    """Leaves up to its end."""
    upto: int
    """The largest position so far."""
    late: str = ""
    """Positions below the `upto` before it that came behind their turn."""
    gaps: str = ""
    """Positions up to its `upto` that nothing visible had yet."""


def batch_of_positions(positions: Iterable[int], size: int, upto: int) -> Batch:
    """The batch that adds these positions to a tree of `size` leaves that came up to `upto`."""
    ordered = sorted(positions)
    fresh = [pos for pos in ordered if pos > upto]
    late = [pos for pos in ordered if pos <= upto]
    gaps: list[str] = []
    expected = upto + 1
    for pos in fresh:
        if pos > expected:
            gaps.append(f"{expected}-{pos - 1}")
        expected = pos + 1
    return Batch(size + len(ordered), expected - 1, ",".join(map(str, late)), ",".join(gaps))


class LeafOrder(Generic[T]):
    """Gives back what it is fed in the order of the leaves, as soon as that is known."""

    def __init__(self, batches: list[Batch]) -> None:
        self._sizes = [0, *(batch.size for batch in batches)]
        self._uptos = [batch.upto for batch in batches]
        self._late = {
            int(pos): number for number, batch in enumerate(batches) for pos in batch.late.split(",") if pos
        }
        self._gaps = sorted(
            (int(low), int(high))
            for batch in batches
            for low, _, high in (part.partition("-") for part in batch.gaps.split(",") if part)
        )
        self._current = 0
        self._waiting: dict[int, list[tuple[int, T]]] = {}
        self._held = 0

    def feed(self, pos: int, item: T) -> Iterator[T]:
        """The next event, in whatever order the database gives them."""
        number = self._number_of(pos)
        if number >= len(self._uptos) <= self._current:
            yield item
            return
        self._waiting.setdefault(number, []).append((pos, item))
        self._held += 1
        while self._current < len(self._uptos) and self._complete():
            yield from self._give(self._current)

    def rest(self) -> Iterator[T]:
        """Nothing more comes."""
        for number in sorted(self._waiting):
            yield from self._give(number)

    def covers(self, pos: int) -> bool:
        """Whether some checkpoint has this position."""
        return self._number_of(pos) < len(self._uptos)

    def _complete(self) -> bool:
        wanted = self._sizes[self._current + 1] - self._sizes[self._current]
        return len(self._waiting.get(self._current, ())) >= wanted or self._held > _HELD_AT_MOST

    def _give(self, number: int) -> Iterator[T]:
        taken = sorted(self._waiting.pop(number, ()), key=lambda each: each[0])
        self._held -= len(taken)
        self._current = max(self._current, number + 1)
        for _, item in taken:
            yield item

    def _number_of(self, pos: int) -> int:
        late = self._late.get(pos)
        if late is not None:
            return late
        place = bisect_left(self._gaps, (pos + 1,)) - 1
        if place >= 0 and self._gaps[place][0] <= pos <= self._gaps[place][1]:
            return len(self._uptos)
        return bisect_left(self._uptos, pos)
