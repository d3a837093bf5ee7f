"""Finding texts: by their words, by how alike they are worded, and by both, where what both put in front comes
first.

Each way looks at a bounded part of what there is, so that a word which every text has costs no more than another:
the newest texts that hold it. What a person asks for is a bag of words, whatever signs stand between them; nothing
in it is a command.
"""

from __future__ import annotations

import asyncio
import bisect
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from remit.insight.search.blocks import BLOCK, Block, closest, counted, packed
from remit.insight.search.index import END
from remit.insight.search.weighing import Asked, Weighed, by_meaning, by_words, fused, rarity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.insight.search.blocks import Counted
    from remit.insight.search.lexicon import Lexicon
    from remit.store.database import Database, Row

WORDS, MEANING, MODEL = "words", "meaning", "model"
BOTH = (WORDS, MEANING)
_LONGEST = 10_000
"""Letters of a query that are read."""
_MOST_READ, _MOST_WORDS = 64, 16
"""Words of a query that are weighed, and that are looked up: the rarest."""
_POOL = 10_000
"""So many of the newest texts with the words are ranked."""
_USUAL = 60_000
"""Together the words of which one is enough may be in so many texts; the rarest is looked up in any case."""
_COUNTED = 1_000_000
_FIRST_LOOK, _WIDE_LOOK = 300, 4_000
"""So many of the nearest by their first bits are looked at closely; more where filters take most of them away."""
_LEAST_DEPTH = 100
_PAGE = 8


@dataclass(frozen=True, slots=True)
class Filters:
    """Which texts are meant, and for whom."""

    team: str
    user: str
    since: int = 0
    until: int = END
    flow: str = ""
    agent: str = ""
    tool: str = ""
    model: str = ""
    error: str = ""
    part: str = ""
    status: str = ""
    session: str = ""
    release: str = ""
    environment: str = ""
    purpose: str = ""
    min_cost: int = 0
    """Micro-dollars that the run cost at least."""

    def values(self) -> tuple[object, ...]:
        """As the queries take them."""
        of_run = (self.status, self.session, self.release, self.environment, self.purpose)
        asks = int(any(of_run) or self.min_cost > 0)
        who = (f"|team:{self.team}|", f"|user:{self.user}|" if self.user else "")
        return (self.team, self.since, self.until, *who, asks, self.min_cost, *of_run)

    @property
    def narrow(self) -> bool:
        """Whether most texts may not be meant."""
        return bool(self.since or self.values()[5])

    def facets(self, lexicon: Lexicon) -> list[str]:
        """What stands in the index for where a text comes from."""
        named = ("flow", "agent", "tool", "model", "error", "part")
        return [lexicon.facet(name, value) for name in named if (value := getattr(self, name))]


class Found(NamedTuple):
    """A text that fits."""

    n: int
    run: str
    seq: int
    path: str
    part: str
    at: int
    flow: str
    agent: str
    tool: str
    model: str
    error: str
    score: float
    by: tuple[str, ...]
    """Which ways of looking found it."""


class _Places(NamedTuple):
    """Where to look."""

    filters: Filters
    facets: list[str]
    depth: int


class Finder:
    """Looks texts up."""

    def __init__(self, database: Database, lexicon: Lexicon) -> None:
        self._database = database
        self._lexicon = lexicon

    async def find(
        self, text: str, filters: Filters, limit: int, ways: Sequence[str] = BOTH,
        beside: Sequence[tuple[int, float]] = (),
    ) -> list[Found]:  # fmt: skip
        """What fits best, the best first; `beside` is another order of texts that counts as well."""
        words = self._lexicon.words(text[:_LONGEST])
        asked = await self._asked(words)
        places = _Places(filters, filters.facets(self._lexicon), max(_LEAST_DEPTH, 2 * limit))
        held, meant, near = await asyncio.gather(  # the database looks things up while bits are counted here
            self._holding(asked.words if WORDS in ways else {}, places),
            self._holding(asked.ideas if MEANING in ways else {}, places),
            self._near(asked.vector if MEANING in ways else b"", places),
        )
        near = [*meant, *near]
        rows = await self._compared({*held, *near}, filters)
        lists = await asyncio.to_thread(_lists, asked, held, near, rows)
        return await self._described(fused(lists | ({MODEL: list(beside)} if beside else {}))[:limit])

    async def _asked(self, words: list[str]) -> Asked:
        """A question with what each of its words tells: the rarest words only, if there are many."""
        total = max((await self._database.fetch("search.count_all"))[0][0], 1)
        by_word = {self._lexicon.sign(word): self._lexicon.meant(word) for word in words[:_MOST_READ]}
        signs = list(dict.fromkeys([*by_word, *by_word.values()]))
        counts = {
            sign: int((await self._database.fetch("search.count_word", sign, _COUNTED))[0][0])
            for sign in signs
        }
        chosen = sorted(by_word, key=lambda sign: counts[sign])[:_MOST_WORDS]
        weighed = {sign: Weighed(counts[sign], rarity(counts[sign], total)) for sign in signs}
        vector = self._lexicon.told(words).vector
        ideas = {by_word[sign]: weighed[by_word[sign]] for sign in chosen}
        return Asked({sign: weighed[sign] for sign in chosen}, ideas, vector)

    async def _holding(self, signs: Mapping[str, Weighed], places: _Places) -> list[int]:
        """Texts that hold all of some signs; where these are few, also those that hold a rare one of them."""
        known = {sign: each for sign, each in signs.items() if each.having}
        if not known:
            return []
        found: list[int] = []
        if len(known) == len(signs):
            found = await self._look("search.holding_all", list(known), known, places)
        if len(found) >= places.depth or len(signs) == 1:
            return found
        rare = sorted(known, key=lambda sign: known[sign].having)
        sums = list(itertools.accumulate(known[sign].having for sign in rare))
        chosen = rare[: max(1, bisect.bisect_right(sums, _USUAL))]
        return [*found, *await self._look("search.holding_any", chosen, known, places)]

    async def _look(
        self, query: str, signs: list[str], known: dict[str, Weighed], places: _Places
    ) -> list[int]:
        weights = json.dumps({sign: round(known[sign].tells, 4) for sign in signs})
        given = (*places.filters.values(), _POOL, places.depth, weights, " ".join(places.facets))
        rows = await self._database.fetch(query, " ".join(signs), *given, max(_FIRST_LOOK, places.depth))
        if len(rows) < places.depth:  # filters may have taken away the best
            rows = await self._database.fetch(query, " ".join(signs), *given, _POOL)
        return [row[0] for row in rows]

    async def _near(self, wanted: bytes, places: _Places) -> list[int]:
        """Texts whose vectors lie near, by their first bits."""
        if not wanted:
            return []
        if places.facets:
            given = (" ".join(places.facets), *places.filters.values(), _POOL)
            rows = await self._database.fetch("search.vectors_holding", *given)
            seen = await asyncio.to_thread(
                _count, [packed([(n, vector) for n, vector in rows])] if rows else [], wanted
            )
        else:
            seen = await self._counted(wanted)
        return closest(seen, _WIDE_LOOK if places.filters.narrow else _FIRST_LOOK)

    async def _counted(self, wanted: bytes) -> list[Counted]:
        """How much every vector differs: those in blocks, a few blocks at a time, and those that are in none yet."""
        found: list[Counted] = []
        after = -1
        while rows := await self._database.fetch("search.blocks", after, _PAGE):
            found += await asyncio.to_thread(_count, [Block(row[1], row[2]) for row in rows], wanted)
            after = rows[-1][0]
        edges = [(0, 0), *await self._database.fetch("search.edges"), (END, END)]
        for (_, last), (first, _) in itertools.pairwise(edges):
            begin = last
            while rows := await self._database.fetch("search.vectors_between", begin, first, BLOCK):
                found += await asyncio.to_thread(
                    _count, [packed([(n, vector) for n, vector in rows])], wanted
                )
                begin = rows[-1][0]
        return found

    async def _compared(self, names: set[int], filters: Filters) -> list[Row]:
        return await self._database.fetch("search.compared", json.dumps(sorted(names)), *filters.values())

    async def _described(self, chosen: list[tuple[int, float, tuple[str, ...]]]) -> list[Found]:
        rows = await self._database.fetch("search.documents", json.dumps([n for n, _, _ in chosen]))
        known = {row[0]: row for row in rows}
        return [Found._make((*known[n], score, by)) for n, score, by in chosen if n in known]


def _count(blocks: list[Block], wanted: bytes) -> list[Counted]:
    return [counted(block, wanted) for block in blocks]


def _lists(
    asked: Asked, held: list[int], near: list[int], rows: Sequence[Row]
) -> dict[str, list[tuple[int, float]]]:
    texts = {row[0]: (frozenset(row[2].split(" ")), row[1]) for row in rows}
    return {
        WORDS: by_words(asked, {n: texts[n] for n in dict.fromkeys(held) if n in texts}),
        MEANING: by_meaning(asked, {n: texts[n] for n in dict.fromkeys(near) if n in texts}),
    }
