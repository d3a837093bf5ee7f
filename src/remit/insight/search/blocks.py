"""The nearest of very many vectors, without a library for it: a first look at one bit of each number, turned on its
side.

A block holds the first bits of some 16,000 vectors as 256 columns, one long integer each. Counting in how many bits
each vector differs from what is looked for is then addition of columns, written in the logic of a processor's adder:
a thousand operations on long integers count all vectors of a block at once. Pure; it knows no database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remit.insight.search.lexicon import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BLOCK = 16_384
"""So many vectors make a block: its columns fit the processor's nearest memory."""
_NAME_BYTES = 8
_NEGATIVE = 128
_BITS = bytes(0x31 if byte < _NEGATIVE else 0x30 for byte in range(256))
"""Of each number of a vector the digit that says that it is not below zero."""
_LEVELS = DIMENSIONS.bit_length()


class Block(NamedTuple):
    """Some vectors, by the numbers of what they stand for."""

    names: bytes
    columns: bytes


class Counted(NamedTuple):
    """In how many bits each vector of a block differs from what is looked for."""

    names: bytes
    digits: list[int]
    """The binary digits of the counts, the lowest first, each a column."""

    @property
    def size(self) -> int:
        """How many vectors there are."""
        return len(self.names) // _NAME_BYTES

    def name(self, at: int) -> int:
        """What the vector at this place stands for."""
        return int.from_bytes(self.names[at * _NAME_BYTES : (at + 1) * _NAME_BYTES], "big")


def packed(vectors: Sequence[tuple[int, bytes]]) -> Block:
    """A block of these vectors."""
    digits = b"".join([vector for _, vector in vectors]).translate(_BITS)
    width = _width(len(vectors))
    columns = (int(digits[at::DIMENSIONS], 2).to_bytes(width, "big") for at in range(DIMENSIONS))
    return Block(b"".join([name.to_bytes(_NAME_BYTES, "big") for name, _ in vectors]), b"".join(columns))


def counted(block: Block, wanted: bytes) -> Counted:
    """In how many first bits each vector of a block differs from the one that is wanted."""
    count = len(block.names) // _NAME_BYTES
    ones, width = wanted.translate(_BITS), _width(count)
    full, columns, read = (1 << count) - 1, block.columns, int.from_bytes
    level = [
        read(columns[at * width : (at + 1) * width], "big") ^ (full if ones[at] == _ONE else 0)
        for at in range(DIMENSIONS)
    ]
    digits: list[int] = []
    for _ in range(_LEVELS):
        carried: list[int] = []
        while len(level) > 2:  # noqa: PLR2004 - a full adder makes two columns of three
            one, other, third = level.pop(), level.pop(), level.pop()
            half = one ^ other
            level.append(half ^ third)
            carried.append((one & other) | (half & third))
        if len(level) > 1:
            one, other = level
            level = [one ^ other]
            carried.append(one & other)
        digits.append(level[0] if level else 0)
        level = carried
    return Counted(block.names, digits)


def closest(blocks: Sequence[Counted], most: int) -> list[int]:
    """What those vectors stand for that differ least: about so many, in no order."""
    least, largest = 0, DIMENSIONS
    while least < largest:
        middle = (least + largest) // 2
        if sum(_at_most(each, middle).bit_count() for each in blocks) >= most:
            largest = middle
        else:
            least = middle + 1
    return [each.name(at) for each in blocks for at in _places(_at_most(each, least), each.size)]


_ONE = 0x31


def _at_most(block: Counted, limit: int) -> int:
    """A column with a one where a count is no larger than the limit."""
    equal, below, digits = (1 << block.size) - 1, 0, block.digits
    for level in range(_LEVELS - 1, -1, -1):
        digit = digits[level]
        if limit >> level & 1:
            below |= equal & ~digit
            equal &= digit
        else:
            equal &= ~digit
    return below | equal


def _places(column: int, count: int) -> Iterator[int]:
    """Where the ones are; the first vector is the highest bit."""
    while column:
        high = column.bit_length()
        yield count - high
        column ^= 1 << (high - 1)


def _width(count: int) -> int:
    return (count + 7) // 8
