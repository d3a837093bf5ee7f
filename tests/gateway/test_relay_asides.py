"""Embeddings and counts of tokens through the gateway, from providers that have them and from those that do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types import CreateEmbeddingResponse

from remit import Budget
from remit.domain.action_errors import BudgetExhausted, Unsupported
from remit.domain.errors import InvalidInput
from remit.domain.fronting import KeyScope
from remit.wire import embeddings, inbound
from tests.gateway.relays import MESSAGES, described, front, route
from tests.models.upstream import upstream, whole

VECTORS = [[0.5, -0.25], [1.0, 0.0], [0.0, 2.0]]


def _openai(vectors: list[Any]) -> dict[str, Any]:
    data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)]
    data.reverse()  # the order of the inputs is the index, not the place
    return {
        "object": "list",
        "data": data,
        "model": "m-2026",
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    }


def _asked(**more: Any) -> tuple[inbound.Inbound, embeddings.EmbedWish]:
    return embeddings.read(json.dumps({"model": "fast", "input": ["a", "b", "c"], **more}).encode())


async def test_c36_embeddings_come_in_the_form_and_order_that_was_asked_for(tmp_path: Path) -> None:
    """Packed and plain, whichever of them the provider gave; tokens as they are; dimensions; what it cost."""
    packed = [embeddings.pack(each) for each in VECTORS]
    async with (
        upstream() as server,
        upstream(whole({"embeddings": [{"values": each} for each in VECTORS]})) as other,
    ):
        models = described("up", server.url) + described("gem", other.url, kind="gemini")
        models += (
            route("up")
            + route("gem", route="gem")
            + """
[providers.simulated]
kind = "simulated"
[routes.sim]
models = ["sim-fast"]
unpriced = "allow"
"""
        )
        async with front(tmp_path, models) as made:
            for form, given in (
                ("base64", packed),
                ("base64", VECTORS),
                ("float", VECTORS),
                ("float", packed),
            ):
                server.says(whole(_openai(given)))
                told = await made.aside(*_asked(encoding_format=form, dimensions=2))
                answer = json.loads(told.body)
                assert CreateEmbeddingResponse.model_validate(answer if form == "float" else _plain(answer))
                by_index = {each["index"]: each["embedding"] for each in answer["data"]}
                assert [by_index[at] for at in range(3)] == (packed if form == "base64" else VECTORS)
                assert server.seen[-1].path == "/embeddings"
                assert server.seen[-1].body["dimensions"] == 2
                assert (told.usage and told.usage.total, told.cost) == (9, 9)
            await made.aside(*_asked(input=[[1, 2, 3], [4], [5, 6]]))
            assert server.seen[-1].body["input"] == [[1, 2, 3], [4], [5, 6]]
            assert (await made.outcome()).detail["used"]["tokens"] == 9

            told = await made.aside(*_asked(model="gem", encoding_format="base64"))
            assert [each["embedding"] for each in json.loads(told.body)["data"]] == packed
            with pytest.raises(Unsupported):
                await made.aside(*_asked(model="gem", input=[1, 2]))
            for size in (None, 8):
                told = await made.aside(*_asked(model="sim", **({"dimensions": size} if size else {})))
                vectors = [each["embedding"] for each in json.loads(told.body)["data"]]
                assert {len(each) for each in vectors} == {size or 256}
                assert vectors[0] != vectors[1]


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    data = [{**each, "embedding": embeddings.unpacked(each["embedding"])} for each in answer["data"]]
    return {**answer, "data": data}


@pytest.mark.parametrize(
    "more",
    [
        {"input": []},
        {"input": [""]},
        {"input": [1, "a"]},
        {"input": 7},
        {"encoding_format": "hex"},
        {"dimensions": 0},
    ],
)
def test_what_cannot_be_embedded_is_refused_by_its_field(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(more))):
        _asked(**more)


async def test_c30_tokens_are_counted_by_the_provider_or_bounded_and_cost_nothing(tmp_path: Path) -> None:
    asked = {name: value for name, value in MESSAGES.items() if name != "max_tokens"}
    async with upstream(whole({"input_tokens": 42})) as server:
        models = described("up", server.url, kind="anthropic") + described("other", server.url)
        async with front(tmp_path, models + route("up") + route("other", route="other")) as made:
            told = await made.aside(inbound.read_count(json.dumps({**asked, "vendor": 1}).encode()))
            assert json.loads(told.body) == {"input_tokens": 42}
            assert server.seen[0].path == "/v1/messages/count_tokens"
            assert server.seen[0].body == {"model": "m", "messages": asked["messages"]}
            assert told.cost == 0
            told = await made.aside(inbound.read_count(json.dumps({**asked, "model": "other"}).encode()))
            assert json.loads(told.body)["input_tokens"] >= len("hello")
            assert told.headers == {"x-remit-count": "bound"}
            assert len(server.seen) == 1
            server.says(whole({"error": "no such path"}, status=404))
            told = await made.aside(inbound.read_count(json.dumps(asked).encode()))
            assert told.headers == {"x-remit-count": "bound"}, "not every server of a dialect counts in it"


async def test_an_embedding_draws_on_the_budget_of_its_key(tmp_path: Path) -> None:
    scope = KeyScope("bot", budget=Budget(tokens=20), purse="p")
    async with (
        upstream(whole(_openai(VECTORS))) as server,
        front(tmp_path, described("up", server.url) + route("up"), scope=scope) as made,
    ):
        with pytest.raises(BudgetExhausted):
            await made.aside(*_asked())
        assert server.seen == []
