"""Texts that lie near a question in what a sentence model made of them: a first look at one bit of each number, then at
all numbers of the nearest, for whom they may be shown.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from remit.insight.search.blocks import BLOCK, closest, counted, packed
from remit.insight.search.index import END
from remit.insight.search.lexicon import likeness, opened

if TYPE_CHECKING:
    from remit.insight.search.blocks import Counted
    from remit.insight.search.finding import Filters
    from remit.insight.search.lexicon import Lexicon
    from remit.store.database import Database, Row

_LOOK, _WIDE_LOOK = 300, 4_000
"""So many of the nearest are looked at closely; more where filters take most of them away."""
_PAGES = 16
"""So many blocks are looked through, the newest: some 260,000 texts."""


async def nearest(
    database: Database, lexicon: Lexicon, wanted: bytes, model: str, filters: Filters, limit: int
) -> list[tuple[int, float]]:
    """Texts with how alike they are, the nearest first."""
    seen: list[Counted] = []
    before = END
    for _ in range(_PAGES):
        rows = await database.fetch("meanings.vectors", model, before, BLOCK)
        if rows:
            seen.append(await asyncio.to_thread(_counted, rows, wanted))
            before = rows[-1][0]
        if len(rows) < BLOCK:
            break
    if not seen:
        return []
    facets = set(filters.facets(lexicon))
    names = closest(seen, max(limit, _WIDE_LOOK if facets or filters.narrow else _LOOK))
    rows = await database.fetch("meanings.compared", json.dumps(sorted(names)), *filters.values())
    numbers, size = opened(wanted)
    found = [
        (n, likeness(numbers, size, vector))
        for n, vector, words in rows
        if not facets or facets <= set(words.split(" "))
    ]
    return sorted(((n, alike) for n, alike in found if alike > 0), key=lambda each: (-each[1], -each[0]))[
        :limit
    ]


def _counted(rows: list[Row], wanted: bytes) -> Counted:
    return counted(packed([(n, vector) for n, vector in rows]), wanted)
