"""A sentence model behind a route compares what was found: through the gate, without a second copy of anything in the
log, never with what is not for everybody; and a search does not depend on it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from remit import Run, flow, tool
from remit.control.fronting import exchanged
from remit.control.fronting.leftovers import FLOW
from remit.control.observing.wiring import projector_of
from remit.control.searching.desk import asking
from remit.control.searching.desk import learner as learner_of
from remit.control.searching.sentences import likeness
from remit.control.sections import SearchSettings
from remit.engine.flow import Flow
from remit.insight.search import lexicon
from remit.insight.search.turning import turned
from remit.store.shred import shred_key
from remit.testing import Stage, stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.engine.places import Place
from tests.gateway.relays import described, route
from tests.insight.search.test_search import SALARY, says
from tests.models.upstream import Upstream, upstream, whole
from tests.samples import samples

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]

PARAPHRASE = "zebra quilt horizon"
BILLED, GLAD = "The customer was billed twice for tea", "The customer had tea twice and was glad"
ASKED = "customer tea twice"


@tool(effect="read", readers=["user:owner"])
async def salaries() -> str:
    """Who earns what: for whoever asks here, and for nobody else."""
    return SALARY


@flow
async def quotes_ours(run: Run) -> str:
    """What it read stands in its result as well."""
    return f"I read that {await run.call(salaries)}"


async def embeds(server: Upstream, request: web.Request) -> web.StreamResponse:
    """What is asked lies beside every text about bills, and across from the others."""
    texts = server.seen[-1].body["input"]
    vectors = [
        [1.0, 0.0] if "billed" in each or each in {ASKED, PARAPHRASE} else [0.0, 1.0] for each in texts
    ]
    data = [{"object": "embedding", "index": n, "embedding": each} for n, each in enumerate(vectors)]
    body = {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 9, "total_tokens": 9}}
    return web.json_response(body)


@asynccontextmanager
async def house(
    folder: Path, server: Upstream, *flows: Flow, database: str = "", more: str = ""
) -> AsyncGenerator[Stage]:
    (folder / "models.toml").write_text(described("up", server.url) + route("up", route="meaning"))
    (folder / "remit.toml").write_text(f'[search]\nroute = "meaning"\n{more}')
    async with stage(*flows, workspace=folder, database=database) as on:
        yield on


async def test_what_was_found_is_put_in_the_order_of_what_it_means(tmp_path: Path) -> None:
    async with upstream(embeds) as server, house(tmp_path, server, says, quotes_ours) as on:
        billed = await on.start(says, words=[BILLED])
        await billed.result()
        glad = await on.start(says, words=[GLAD])
        await glad.result()
        read = await on.start(quotes_ours)
        await read.result()
        search = on.platform.searching.search
        assert [hit.run for hit in (await search(ASKED, by="words")).hits] == [glad.id, billed.id]
        assert not server.seen, "by words nobody is asked"
        for by in ("meaning", "both"):
            found = await search(ASKED, by=by)
            assert [hit.run for hit in found.hits] == [billed.id, glad.id], by
            assert (found.model, found.note) == ("up-model", "")
        assert server.seen[-1].path == "/embeddings"
        found = await search(f"{SALARY} of tea")
        assert read.id in {hit.run for hit in found.hits}, "who asks may read it"
        assert not any(SALARY in text for each in server.seen for text in each.body["input"][1:])
        asked = await on.platform.runs(flow=FLOW)
        assert len(asked) == len(server.seen)
        await projector_of(on.platform.ground).catch_up()
        traced = (await on.platform.observing.trace(asked[0].id)).trace
        assert (traced.purpose, traced.model_calls, traced.cost > 0) == ("remit search", 1, True)
        again = await search(ASKED, by="words")
        assert {hit.run for hit in again.hits} == {billed.id, glad.id}, (
            "what a model is shown is not kept again"
        )


async def test_a_model_that_does_not_answer_stops_no_search(tmp_path: Path) -> None:
    async with (
        upstream(whole({"error": {"message": "no"}}, status=400)) as server,
        house(tmp_path, server, says) as on,
    ):
        run = await on.start(says, words=[BILLED])
        await run.result()
        found = await on.platform.searching.search(ASKED)
        assert [hit.run for hit in found.hits] == [run.id]
        assert found.note
        assert not found.model


async def test_what_texts_mean_is_learnt_once_and_goes_with_their_keys(place: Place) -> None:
    """Then a question need not keep a word. What is not for everybody is not shown, and nothing is shown twice."""
    async with (
        upstream(embeds) as server,
        house(place.folder, server, says, quotes_ours, database=place.database) as on,
    ):
        ground, ask = on.platform.ground, partial(exchanged.aside, on.platform.fronts)
        chosen = replace(on.platform.chosen, search=SearchSettings("meaning", learn=True))
        billed = await on.start(says, words=["They paid again, billed for one cup"])
        for run in (billed, await on.start(says, words=[GLAD]), await on.start(quotes_ours)):
            await run.result()
        await projector_of(ground).catch_up()
        assert billed.id not in {hit.run for hit in (await on.platform.searching.search(PARAPHRASE)).hits}
        learner, search = learner_of(ground, ask, chosen), asking(ground, ask, chosen).search
        assert learner is not None
        seen = len(server.seen)
        while await learner.learn():
            pass
        assert len(server.seen) == seen + 1
        assert not any(SALARY in text for text in server.seen[-1].body["input"])
        await projector_of(ground).catch_up()
        await learner.learn()
        assert len(server.seen) == seen + 1, "that it was asked is nothing to learn"
        found = await search(PARAPHRASE)
        assert (found.hits[0].run, found.hits[0].by, found.model) == (billed.id, ("model",), "up-model")
        assert server.seen[-1].body["input"] == [PARAPHRASE], "of a search, the question alone"
        assert (await search(PARAPHRASE, flow="quotes_ours")).hits == []
        kept = await ground.database.fetch("meanings.vectors", "up-model", 2**62, 100)
        assert {len(vector) for _, vector in kept} == {lexicon.DIMENSIONS}
        await shred_key(
            ground.database,
            ground.keys,
            ground.ledger,
            key_id=f"k-{billed.id}",
            by="me",
            at=ground.clock.now(),
        )
        left = await ground.database.fetch("meanings.vectors", "up-model", 2**62, 100)
        assert 0 < len(left) < len(kept)
        assert billed.id not in {hit.run for hit in (await search(PARAPHRASE)).hits}


async def test_a_worker_learns_where_the_workspace_wants_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.control.searching.learning._PAUSE", 0.02)
    async with upstream(embeds) as server, house(tmp_path, server, says, more="learn = true\n") as on:
        await (await on.start(says, words=[BILLED])).result()
        await asyncio.wait_for(server.asked.wait(), 20)
        assert any(BILLED in text for text in server.seen[0].body["input"])


@given(seed=st.integers(0, 2**32), near=st.floats(0, 1), size=st.sampled_from([3, 256, 384, 1024]))
@settings(deadline=None, max_examples=samples(30))
def test_what_is_kept_says_how_alike_two_texts_are_and_nothing_else(
    seed: int, near: float, size: int
) -> None:
    dice = random.Random(seed)
    one, noise = ([dice.gauss() for _ in range(size)] for _ in range(2))
    other = [near * a + (1 - near) * b for a, b in zip(one, noise, strict=True)]
    kept = [turned(each, "secret") for each in (one, other)]
    numbers, length = lexicon.opened(kept[0])
    assert abs(lexicon.likeness(numbers, length, kept[1]) - likeness(one, other)) < 0.3
    assert lexicon.likeness(numbers, length, kept[0]) > 0.999
    assert turned([2 * each for each in one], "secret") == kept[0]
    assert turned(one, "another") != kept[0], "who has not the secret cannot compare"
