"""How well search finds, and how fast: `python -m bench.search`. Recall is of two hundred labelled questions among
texts that are like those that answer them; times are of the same questions over a million texts in SQLite, on one
thread.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.search.made import made_text
from bench.search.pairs import PAIRS
from remit.insight.search.finding import BOTH, MEANING, WORDS, Filters, Finder
from remit.insight.search.index import PLACES, SearchIndex
from remit.insight.search.lexicon import Lexicon
from remit.store.database import Commit, Op
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.store.database import Database

TEXTS, AMONG = 1_000_000, 20_000
_BATCH, _TOP, _ASKED = 2_000, 10, 60
_ANYBODY = Filters("default", "owner")
_LIMITS = {WORDS: 150.0, "hybrid": 250.0}
_WAYS = {WORDS: (WORDS,), MEANING: (MEANING,), "hybrid": BOTH}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=main.__doc__)
    parser.add_argument(
        "--texts", type=int, default=TEXTS, help="over how many texts times are measured; 0 = not at all"
    )
    parser.add_argument(
        "--folder", type=Path, default=None, help="where the database is made; default: a temporary folder"
    )
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="remit-search-", dir=wanted.folder) as folder:
        for among in (0, AMONG):
            asyncio.run(_recall(Path(folder) / f"recall-{among}.db", among))
        good = asyncio.run(_times(Path(folder) / "times.db", wanted.texts)) if wanted.texts else True
    return 0 if good else 1


async def _recall(file: Path, among: int) -> None:
    lexicon = Lexicon("bench")
    database = await _filled(file, lexicon, among)
    finder = Finder(database, lexicon)
    for name, which in (("questions that keep some words", 1), ("questions that keep hardly any", 2)):
        said: list[str] = []
        for way, ways in _WAYS.items():
            found = [await finder.find(pair[which], _ANYBODY, _TOP, ways) for pair in PAIRS]
            ranks = [
                next((rank for rank, each in enumerate(some, 1) if each.run == f"pair-{n}"), 0)
                for n, some in enumerate(found)
            ]
            hits = sum(rank > 0 for rank in ranks)
            mean = sum(1 / rank for rank in ranks if rank) / len(ranks)
            said.append(f"{way} {hits / len(PAIRS):.0%} (MRR {mean:.2f})")
        print(f"recall@{_TOP} among {among + len(PAIRS):,} texts, {name}: {', '.join(said)}")
    await database.close()


async def _times(file: Path, texts: int) -> bool:
    lexicon = Lexicon("bench")
    begun, busy = time.perf_counter(), time.process_time()
    database = await _filled(file, lexicon, texts)
    spent, used = time.perf_counter() - begun, (time.process_time() - busy) / texts * 1e6
    size = sum(each.stat().st_size for each in file.parent.glob("times.db*")) / 1e6
    print(f"{texts:,} texts told in {spent:.0f} s, {used:.0f} us of processor time each; {size:,.0f} MB")
    questions = [pair[1 + n % 2] for n, pair in enumerate(PAIRS)][:_ASKED]
    good = True
    for way, ways in _WAYS.items():
        spent, used = await _asked(Finder(database, lexicon), questions, ways)
        p50, p95 = spent[len(spent) // 2], spent[int(len(spent) * 0.95)]
        print(
            f"{way}: p50 {p50:.0f} ms, p95 {p95:.0f} ms; processor time p50 {used[len(used) // 2]:.0f}, "
            f"p95 {used[int(len(used) * 0.95)]:.0f} ms"
        )
        good &= p95 < _LIMITS.get(way, p95 + 1)
    await database.close()
    return good


async def _asked(
    finder: Finder, questions: Sequence[str], ways: Sequence[str]
) -> tuple[list[float], list[float]]:
    spent: list[float] = []
    used: list[float] = []
    for question in questions:
        begun, busy = time.perf_counter(), time.process_time()
        await finder.find(question, _ANYBODY, _TOP, ways)
        spent.append((time.perf_counter() - begun) * 1000)
        used.append((time.process_time() - busy) * 1000)
    return sorted(spent), sorted(used)


async def _filled(file: Path, lexicon: Lexicon, texts: int) -> Database:
    """A database with made texts, and among them those of the pairs."""
    database = SqliteDatabase(file)
    await database.open()
    await migrate(database)
    every = max(texts // len(PAIRS), 1)
    index = SearchIndex(lexicon)
    ops: list[Op] = []
    for n in range(max(texts, len(PAIRS))):
        if n < texts:
            ops.append(_add(lexicon, 2 * n + 1, f"made-{n}", made_text(n)))
        pair = n // every
        if n % every == 0 and pair < len(PAIRS):
            ops.append(_add(lexicon, 2 * n + 2, f"pair-{pair}", PAIRS[pair][0]))
        if len(ops) >= _BATCH or n >= texts - 1:
            await database.submit(Commit(ops=ops))
            ops = []
    while sealed := await index.take([], database):
        await database.submit(Commit(ops=sealed))
    return database


def _add(lexicon: Lexicon, pos: int, run: str, text: str) -> Op:
    told = lexicon.tell(text)
    place = (pos * PLACES, run, 1, "", "result", pos, "default", "", "", "", "", "", "", f"k-{run}")
    return Op("search.add", (*place, " ".join(told.signs), told.vector))


if __name__ == "__main__":
    sys.exit(main())
