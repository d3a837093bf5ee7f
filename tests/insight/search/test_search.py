"""What was said in runs is found again, on both stores: by words, by meaning, by where it comes from, and only by
whom it may be shown. Nothing that somebody types is a command, and nothing is found that was shredded (S7).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from remit import Run, flow, step, tool
from remit.control.observing.wiring import lexicon_of, projector_of
from remit.domain.people_errors import NotAllowed
from remit.insight.search import finding as looking
from remit.insight.search import index
from remit.insight.search.blocks import closest, counted, packed
from remit.insight.search.documents import NOBODY, narrowed
from remit.insight.search.finding import Filters, Finder
from remit.insight.search.lexicon import DIMENSIONS, Lexicon
from remit.store.database import Commit
from remit.store.shred import shred_keys
from remit.testing import ManualClock, stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.protection.desk import CITY, EMAIL, desk, look
from tests.protection.desk import settings as captured
from tests.samples import samples

if TYPE_CHECKING:
    from remit.control.searching.views import SearchView
    from remit.testing import Stage
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]
SALARY = "Ana earns ninety thousand"


@step(effect="read")
async def said(words: str) -> str:
    """Says what it is told."""
    return words


@flow
async def says(run: Run, words: list[str]) -> int:
    """Says one thing after the other."""
    for each in words:
        await run.step(said, each)
    return len(words)


@flow
async def fails(run: Run, words: str) -> None:
    """Comes to nothing."""
    raise ValueError(words)


@tool(effect="read", readers=["user:lea"])
async def salaries() -> str:
    """Who earns what."""
    return SALARY


@flow
async def quotes(run: Run) -> str:
    """What it read stands in its result as well."""
    return f"I read that {await run.call(salaries)}"


@flow
async def asks_another(run: Run) -> str:
    """Its child read it."""
    return f"my child says: {await (await run.spawn(quotes)).result()}"


def events(found: SearchView) -> list[str]:
    return [hit.event.partition(":")[2] for hit in found.hits]


async def test_words_meaning_and_places_are_found_on_both_stores(place: Place) -> None:
    async with stage(says, fails, workspace=place.folder, database=place.database) as on:
        run = await on.start(
            says, words=["The refund for order 4812 was issued three times", "It rains in Lisbon"]
        )
        other = await on.start(says, words=["All is well with parcel 17"])
        third = await on.start(fails, words="no such parcel")
        await run.result()
        await other.result()
        with pytest.raises(Exception, match="no such parcel"):
            await third.result()
        search = on.platform.searching.search
        by_words = await search("REFUNDED order 4812?!")
        assert (by_words.hits[0].run, by_words.hits[0].by) == (run.id, ("words", "meaning"))
        assert by_words.hits[0].more, "the input and the step both say it"
        assert {"refund", "4812"} <= set(by_words.hits[0].matched)
        assert [hit.run for hit in (await search("customer reimbursed, purchase", by="meaning")).hits] == [
            run.id
        ]
        assert (await search("customer reimbursed", by="words")).hits == []
        assert events(await search("Lisbon", part="result", tool="said")) == [f"{run.id}#3"]
        assert [hit.run for hit in (await search("parcel", error="ValueError")).hits] == [third.id]
        assert [hit.run for hit in (await search("parcel", status="succeeded")).hits] == [other.id]
        assert (await search("parcel", flow="fails", since="7d")).hits[0].run == third.id
        assert (await search("parcel", min_cost=1)).hits == []
        with pytest.raises(NotAllowed):
            await search("parcel", team="others")


_HOSTILE = ['"', "a AND NOT (b", "NEAR(x y)", "col:value*", "'; DROP TABLE runs; --", "\x00", "\ud800", "x" * 10_000,
            "\u202e gnp.exe", "$1 $2", "%", "\\", "😀" * 50, "返金 ポリシー"]  # fmt: skip


async def test_what_is_typed_is_plain_text_and_never_an_error(place: Place) -> None:
    async with stage(says, workspace=place.folder, database=place.database) as on:
        run = await on.start(says, words=["返金 was asked for; 'quoted' \"twice\" NEAR the end"])
        await run.result()
        search = on.platform.searching.search
        assert [hit.run for hit in (await search("返金")).hits] == [run.id]
        for text in _HOSTILE:
            await search(text)
            await search(f"{text} near")


async def test_s07_the_index_says_nothing_in_the_clear_and_forgets_with_the_key(place: Place) -> None:
    async with stage(says, workspace=place.folder, database=place.database) as on:
        run = await on.start(says, words=["the patient has influenza"])
        kept = await on.start(says, words=["influenza is going round"])
        await run.result()
        await kept.result()
        ground, search = on.platform.ground, on.platform.searching.search
        assert {hit.run for hit in (await search("influenza patient")).hits} == {run.id, kept.id}
        sign = lexicon_of(ground).sign("patient").encode()
        if place.dialect == "sqlite":
            assert sign in _bytes(place)
            assert b"influenza" not in _bytes(place)
        key = (await on.platform.row(run.id)).key_id
        await shred_keys(ground.database, ground.keys, ground.ledger, [key], "me", ground.clock.now())
        rows = await ground.database.fetch("search.count_of_key", key)
        assert rows == [(0,)], "it goes in the very commit of the shred"
        assert {hit.run for hit in (await search("influenza patient")).hits} == {kept.id}
        if place.dialect == "sqlite":
            assert sign not in _bytes(place)
        await projector_of(ground).rebuild()
        assert {hit.run for hit in (await search("influenza patient")).hits} == {kept.id}


def _bytes(place: Place) -> bytes:
    return b"".join(each.read_bytes() for each in sorted((place.folder / ".remit").glob("remit.db*")))


async def test_s07_of_what_a_rule_reduced_only_what_it_left_is_found(place: Place) -> None:
    async with desk(place, captured(), ManualClock()) as on:
        run = await on.start(look, id=7)
        await run.result()
        search = on.platform.searching.search
        assert (await search(EMAIL, by="words")).hits
        await on.platform.sweep()
        found = await search(f"{EMAIL} {CITY}", by="words")
        assert [hit.run for hit in found.hits] == [run.id]
        assert all(EMAIL not in hit.snippet and "silva" not in hit.matched for hit in found.hits)
        assert not (await search("silva", by="words")).hits
        rows = await on.platform.ground.database.fetch("search.count_of_key", f"c-{run.id}")
        assert rows[0][0] > 0, "what is left stands under the key that it is sealed with"


async def test_who_may_not_read_a_source_finds_nothing_of_what_came_of_it(place: Place) -> None:
    async with stage(quotes, asks_another, says, workspace=place.folder, database=place.database) as on:
        run = await on.start(asks_another)
        assert SALARY in await run.result()
        await (await on.start(says, words=["thousand thanks"])).result()
        ground, search = on.platform.ground, on.platform.searching.search
        found = await search("earns ninety thousand")
        assert all("Ana" not in hit.snippet and hit.flow == "says" for hit in found.hits)
        finder = Finder(ground.database, lexicon_of(ground))
        mine = Filters(ground.principal.team, "lea")
        theirs = replace(mine, user="max")
        seen = {each.flow for each in await finder.find("earns ninety thousand", mine, 20)}
        assert {"quotes", "asks_another"} <= seen
        assert {each.flow for each in await finder.find("earns ninety thousand", theirs, 20)} <= {"says"}


def test_readers_only_become_fewer() -> None:
    assert narrowed("", "|user:lea|") == "|user:lea|" == narrowed("|user:lea|", "")
    assert narrowed("|team:a|user:lea|", "|user:lea|user:max|") == "|user:lea|"
    assert narrowed("|user:lea|", "|user:max|") == NOBODY
    assert narrowed(NOBODY, "|user:lea|") == NOBODY


# --- the nearest of many ---------------------------------------------------------------------------------------

_VECTORS = st.lists(st.binary(min_size=DIMENSIONS, max_size=DIMENSIONS), min_size=1, max_size=40)


@settings(max_examples=samples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_VECTORS, st.integers(1, 30), st.integers(1, 12))
@example([bytes(DIMENSIONS)] * 3, 1, 2)
def test_counting_by_columns_is_counting_one_by_one(vectors: list[bytes], most: int, size: int) -> None:
    wanted = vectors[0]
    named = [(n * 4096, vector) for n, vector in enumerate(vectors)]
    blocks = [packed(named[at : at + size]) for at in range(0, len(named), size)]
    far = {n: sum((a < 128) != (b < 128) for a, b in zip(vector, wanted, strict=True)) for n, vector in named}
    within = sorted(far.values())[min(most, len(far)) - 1]
    assert sorted(closest([counted(block, wanted) for block in blocks], most)) == [
        n for n, distance in far.items() if distance <= within
    ]


async def test_blocks_of_vectors_change_no_answer_and_go_with_their_texts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (index, looking):
        monkeypatch.setattr(module, "BLOCK", 8)
    async with stage(says, workspace=place.folder, database=place.database) as on:
        words = [
            "parcel",
            "invoice",
            "doctor",
            "hotel",
            "printer",
            "salary",
            "warehouse",
            "password",
            "contract",
            "model",
        ]
        runs = [
            await on.start(says, words=[f"{each} number {n}" for n, each in enumerate(words)])
            for _ in range(2)
        ]
        for run in runs:
            await run.result()
        ground = on.platform.ground
        before = await _answers(on, words)
        searcher = index.SearchIndex(Lexicon("x"))
        for _ in range(3):
            await ground.database.submit(Commit(ops=await searcher.take([], ground.database)))
        sealed = await ground.database.fetch("search.edges")
        assert len(sealed) > 1, "nothing was sealed"
        assert await _answers(on, words) == before
        key = (await on.platform.row(runs[0].id)).key_id
        await shred_keys(ground.database, ground.keys, ground.ledger, [key], "me", ground.clock.now())
        assert len(await ground.database.fetch("search.edges")) < len(sealed)
        left = await _answers(on, words)
        assert all(
            {n for n in was if n in has} == set(has) and has for was, has in zip(before, left, strict=True)
        )


async def _answers(on: Stage, words: list[str]) -> list[list[Any]]:
    ground = on.platform.ground
    await projector_of(ground).catch_up()
    finder, mine = Finder(ground.database, lexicon_of(ground)), Filters(ground.principal.team, "owner")
    return [[each.n for each in await finder.find(word, mine, 30, ("meaning",))] for word in words]
