"""The pages of the project and the blocks on them. What a block's fence says after the language decides what
happens to it; `test_examples` says what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.tree import ROOT

_FENCE = re.compile(r"```(?P<said>.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `python file=flows/buy.py` is the language `python` and the note `file=flows/buy.py`."""

    page: Path
    line: int
    language: str
    note: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    opened: tuple[int, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.fullmatch(line)
        if fence is None:
            lines.append(line)
        elif opened is None:
            opened, lines = (number, fence["said"]), []
        else:
            language, _, note = opened[1].partition(" ")
            yield Block(page, opened[0], language, note, "".join(f"{each}\n" for each in lines))
            opened = None
    assert opened is None, f"{page.relative_to(ROOT)}: the block at line {opened} is never closed"
