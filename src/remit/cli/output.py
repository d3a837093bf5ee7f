"""Printing: aligned columns as wide as the terminal, and JSON, from the same value.

Colour only repeats what a word says already, and goes away where nobody could see it.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from remit.cli.saying import Painted
from remit.domain.visible import seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WIDTH_WHEN_PIPED = 120
_NARROWEST = 40
_GAP = "  "
_STYLES = {
    "dim": partial(click.style, dim=True),
    "strong": partial(click.style, bold=True),
    "good": partial(click.style, fg="green"),
    "bad": partial(click.style, fg="red"),
    "waits": partial(click.style, fg="yellow"),
}


class Span(NamedTuple):
    """A piece of text and how it is meant."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the terminal."""

    spans: tuple[Span, ...]

    @classmethod
    def of(cls, *parts: str | Span) -> Line:
        """A line from texts and spans."""
        return cls(tuple(Span(part) if isinstance(part, str) else part for part in parts))

    @property
    def plain(self) -> Painted:
        """Without any style."""
        return Painted("".join(seen(span.text) for span in self.spans))

    @property
    def painted(self) -> Painted:
        """With colours, where they can be seen."""
        if not colourful():
            return self.plain
        texts = ((seen(span.text), span.style) for span in self.spans)
        return Painted("".join(_STYLES[style](text) if style else text for text, style in texts))


def movable() -> bool:
    """Whether what was printed can be drawn again: a terminal that is not a dumb one."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def colourful() -> bool:
    """Whether colours can be seen, and nobody said NO_COLOR."""
    return movable() and not os.environ.get("NO_COLOR")


def width() -> int:
    """How many columns there are."""
    columns = shutil.get_terminal_size((_WIDTH_WHEN_PIPED, 0)).columns
    return max(_NARROWEST, columns)


def as_json(value: object) -> str:
    """A value of control as indented JSON."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def as_json_line(value: object) -> str:
    """A value of control as one line of JSON, for streams."""
    import msgspec

    return msgspec.json.encode(value).decode()


def table(heads: Sequence[str], rows: Iterable[Sequence[str | Span]], *, flexible: int = -1) -> list[str]:
    """Aligned columns under dim heads; the flexible column gives way when the terminal is narrow."""
    cells = [[_flat(part if isinstance(part, Span) else Span(part)) for part in row] for row in rows]
    widths = [
        max([cell_width(head), *(cell_width(row[i].text) for row in cells)]) for i, head in enumerate(heads)
    ]
    flexible %= len(heads)
    spare = width() - sum(widths) - len(_GAP) * (len(widths) - 1)
    widths[flexible] = max(len(heads[flexible]), min(widths[flexible], 8), widths[flexible] + min(0, spare))
    lines = [_row([Span(head, "dim") for head in heads], widths), *(_row(row, widths) for row in cells)]
    return [Painted(line.painted.rstrip()) for line in lines]


def cell_width(text: str) -> int:
    """How many columns a text takes."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def cut(text: str, columns: int) -> str:
    """A text that fits, with … where it was cut."""
    if cell_width(text) <= columns:
        return text
    while text and cell_width(text) >= columns:
        text = text[:-1]
    return f"{text}…"


def padded(text: str, columns: int) -> str:
    """A text filled up with blanks."""
    return text + " " * max(0, columns - cell_width(text))


def _flat(cell: Span) -> Span:
    return Span(seen(" ".join(cell.text.split())), cell.style)


def _row(cells: Sequence[Span], widths: Sequence[int]) -> Line:
    spans: list[Span] = []
    for i, (cell, columns) in enumerate(zip(cells, widths, strict=True)):
        flat = cut(cell.text, columns)
        spans += [Span(flat, cell.style), Span(padded("", columns - cell_width(flat)))]
        if i < len(widths) - 1:
            spans.append(Span(_GAP))
    return Line(tuple(spans))
