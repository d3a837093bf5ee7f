"""Texts like those of agents, any number of them, the same for the same number: what a question has to be told apart
from.
"""

from __future__ import annotations

import itertools
import random
from functools import cache

from bench.search.pairs import PAIRS

_RARE = 200_000
_SHAPES = (
    '{{"order": {a}, "status": "{w}", "customer": "{r} {r2}", "note": "{text}"}}',
    "{text}. {more}",
    "I looked at ticket {a} of {r}: {text}. Next I will {more}",
    '[{{"id": {a}, "title": "{text}"}}, {{"id": {b}, "title": "{more}"}}]',
    "error {a}: {text}",
)
_AVERAGE = 18


@cache
def _common() -> tuple[list[str], list[float]]:
    """Words of the labelled texts by how often a text is likely to have them: like any language, a few very often."""
    words = list(dict.fromkeys(word for pair in PAIRS for word in pair[0].lower().split()))
    random.Random(7).shuffle(words)
    return words, list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))


def made_text(number: int) -> str:
    """One text."""
    draw = random.Random(number)
    words, weights = _common()

    def phrase() -> str:
        return " ".join(draw.choices(words, cum_weights=weights, k=draw.randint(4, _AVERAGE)))

    def rare() -> str:
        return f"x{int(draw.paretovariate(0.6)) % _RARE:x}"

    return draw.choice(_SHAPES).format(
        a=draw.randrange(10**6), b=draw.randrange(10**6), w=draw.choice(words), r=rare(), r2=rare(),
        text=phrase(), more=phrase(),
    )  # fmt: skip
