"""A sentence model behind a route compares what was found: through the gate, without a second copy of anything in the
log, never with what is not for everybody; and a search does not depend on it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from remit import Run, flow, tool
from remit.control.fronting.leftovers import FLOW
from remit.control.observing.wiring import projector_of
from remit.engine.flow import Flow
from remit.testing import Stage, stage
from tests.gateway.relays import described, route
from tests.insight.search.test_search import SALARY, says
from tests.models.upstream import Upstream, upstream, whole

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
    vectors = [[1.0, 0.0] if "billed" in each or each == ASKED else [0.0, 1.0] for each in texts]
    data = [{"object": "embedding", "index": n, "embedding": each} for n, each in enumerate(vectors)]
    body = {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 9, "total_tokens": 9}}
    return web.json_response(body)


@asynccontextmanager
async def house(place: Path, server: Upstream, *flows: Flow) -> AsyncGenerator[Stage]:
    (place / "models.toml").write_text(described("up", server.url) + route("up", route="meaning"))
    (place / "remit.toml").write_text('[search]\nroute = "meaning"\n')
    async with stage(*flows, workspace=place) as on:
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
