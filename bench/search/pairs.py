"""Two hundred questions, two for each text that answers them: what agents say and do, and how people ask for it later.

Of each line of `pairs.txt` the first part is the text, the second a question that keeps some of its words, the third
one that keeps hardly any. They were written by hand, after the list of ideas that search knows and without looking at
it, and nothing was changed for them since.
"""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).with_suffix(".txt")


def _parts(line: str) -> tuple[str, str, str]:
    text, near, far = (part.strip() for part in line.split("|"))
    return text, near, far


PAIRS: tuple[tuple[str, str, str], ...] = tuple(map(_parts, _FILE.read_text("utf-8").splitlines()))
