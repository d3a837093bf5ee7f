"""`/v1/responses` as the official client uses it, over real sockets: what is kept, followed, worked on while nobody
waits, and forgotten, from providers of every dialect.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from remit.control.sections import ServerSettings
from remit.domain.fronting import KeyScope
from remit.server.serving import serving
from remit.server.streaming import Pulse
from remit.store.shred import shred_key
from tests.engine.places import until
from tests.gateway.judges import judge_stream
from tests.gateway.relays import Front, described, front, route
from tests.gateway.test_relay_tools import KINDS, SAYS, TOOLS
from tests.models.upstream import Upstream, streamed, upstream, whole
from tests.models.wires import WIRES, responses_whole

SPOKEN = {"openai_chat": "openai", "openai_responses": "openai-responses", "anthropic": "anthropic"}


class Place:
    """A gateway that is served, with clients of two agents."""

    def __init__(self, made: Front, url: str, keys: dict[str, str], server: Upstream) -> None:
        self.made, self.url, self.server = made, url, server
        self.raw = httpx2.AsyncClient(base_url=url, headers={"authorization": f"Bearer {keys['bot']}"})
        self.bot: Any = AsyncOpenAI(base_url=f"{url}/v1", api_key=keys["bot"], max_retries=0)
        self.other: Any = AsyncOpenAI(base_url=f"{url}/v1", api_key=keys["other"], max_retries=0)
        """Untyped: bodies are put together here, and types of answers are looked at where they matter."""


@asynccontextmanager
async def served(folder: Path, spoken: str = "openai_responses") -> AsyncGenerator[Place]:
    async with upstream() as server:
        models = described("up", server.url, **KINDS[spoken]) + route("up")
        async with front(folder, models) as made:
            platform = made.platform
            keys = {name: (await platform.new_agent_key(KeyScope(name))).key for name in ("bot", "other")}
            async with serving(platform, ServerSettings(port=0)) as url:
                place = Place(made, url, keys, server)
                async with place.bot, place.other, place.raw:
                    yield place


@pytest.mark.parametrize("spoken", list(SPOKEN))
async def test_c32_a_conversation_goes_on_from_a_response_that_we_keep(spoken: str, tmp_path: Path) -> None:
    """From every provider; what was said stands in what it is sent, and another agent finds nothing."""
    wire = WIRES[SPOKEN[spoken]]
    async with served(tmp_path, spoken) as place:
        answers = [wire.whole(text) for text in ("I am Ada", "Ada", "still Ada")]
        for at, answer in enumerate(answers):
            if answer.get("id", "").startswith("resp_"):
                answer["id"] = f"resp_{at}"
        place.server.says(*map(whole, answers))
        first = await place.bot.responses.create(model="fast", input="who are you?", instructions="be brief")
        assert (first.status, first.output_text, first.id[:5]) == ("completed", "I am Ada", "resp_")
        second = await place.bot.responses.create(
            model="fast", input=[{"role": "user", "content": "say it again"}], previous_response_id=first.id
        )
        assert second.previous_response_id == first.id != second.id
        sent = json.dumps(place.server.seen[1].body)
        assert sent.index("who are you?") < sent.index("I am Ada") < sent.index("say it again")
        assert "be brief" not in sent, "instructions are of one request"
        assert "previous_response_id" not in sent
        items = await place.bot.responses.input_items.list(second.id, order="asc")
        assert [item.type for item in items.data] == ["message"] * 3
        found = await place.bot.responses.retrieve(second.id)
        assert found.output_text == "Ada"
        assert found == second

        for call in (
            place.other.responses.retrieve,
            place.other.responses.delete,
            place.other.responses.cancel,
        ):
            with pytest.raises(openai.NotFoundError):
                await call(first.id)
        with pytest.raises(openai.NotFoundError):
            await place.other.responses.create(model="fast", input="x", previous_response_id=first.id)
        await place.bot.responses.delete(first.id)
        with pytest.raises(openai.NotFoundError):
            await place.bot.responses.create(model="fast", input="x", previous_response_id=second.id)
        assert len(place.server.seen) == 2, "nothing was asked for what is refused"


async def test_c33_what_is_not_to_be_stored_is_not(tmp_path: Path) -> None:
    """And then the bytes of a provider of the same dialect are handed on as they are."""
    async with served(tmp_path) as place:
        answer = json.dumps(responses_whole("hi"), indent=1).encode()
        place.server.says(whole(answer))
        told = await place.raw.post("/v1/responses", json={"model": "fast", "input": "x", "store": False})
        assert told.content == answer
        with pytest.raises(openai.NotFoundError):
            await place.bot.responses.retrieve("resp_1")
        told = await place.raw.post("/v1/responses", json={"model": "fast", "input": "x"})
        assert told.json()["store"] is True
        assert place.server.seen[-1].body["store"] is False, "nobody else is asked to keep it"
        assert (await place.bot.responses.retrieve("resp_1")).output_text == "hi"


@pytest.mark.parametrize("spoken", list(SPOKEN))
async def test_c31_a_stream_has_its_grammar_and_is_kept(spoken: str, tmp_path: Path) -> None:
    _, stream = SAYS[spoken](("look", '{"cmd":"ls"}'))
    async with served(tmp_path, spoken) as place:
        place.server.says(streamed([stream]))
        asked: dict[str, Any] = {"model": "fast", "input": "x", "tools": TOOLS["openai_responses"]}
        told = await place.raw.post("/v1/responses", json={**asked, "stream": True})
        judge_stream("openai_responses", told.content)
        async with place.bot.responses.stream(**asked) as events:
            final = await events.get_final_response()
        assert [item.type for item in final.output] == ["message", "function_call"]
        assert final.store
        kept = await place.raw.get(f"/v1/responses/{final.id}")
        assert [item["type"] for item in kept.json()["output"]] == ["message", "function_call"]
        again = await place.raw.get(f"/v1/responses/{final.id}?stream=true")
        judge_stream("openai_responses", again.content)


async def test_c33_a_response_in_the_background_goes_on_without_its_client(tmp_path: Path) -> None:
    """It is kept before anything is asked, told while it is worked on, heard again from any event on, called off."""
    stream = WIRES["anthropic"].stream(["hello ", "there"])
    head = stream[: stream.index(b"there")].rpartition(b"\n\n")[0] + b"\n\n"
    answers = (streamed([head], then="silence"), whole(WIRES["anthropic"].whole("done")), streamed([stream]))
    asked: dict[str, Any] = {"model": "fast", "input": "x", "background": True}
    async with served(tmp_path, "anthropic") as place:
        place.server.says(*answers)
        begun = await place.bot.responses.create(**asked, stream=True)
        heard: list[Any] = []
        async for event in begun:
            heard.append(event)
            if event.type == "response.output_text.delta":
                break
        await begun.close()
        identity = heard[0].response.id
        assert (await place.bot.responses.retrieve(identity)).status == "in_progress"
        with pytest.raises(openai.NotFoundError):
            await place.other.responses.cancel(identity)
        assert (await place.bot.responses.cancel(identity)).status == "cancelled"
        await asyncio.wait_for(place.server.hung_up.wait(), 2)
        assert (await place.bot.responses.cancel(identity)).status == "cancelled", "it stays as it is"

        queued = await place.bot.responses.create(**asked)
        assert (queued.status, queued.background) == ("queued", True)

        async def done() -> bool:
            return (await place.bot.responses.retrieve(queued.id)).status == "completed"

        await until(done)
        found = await place.bot.responses.retrieve(queued.id)
        assert (found.output_text, found.background, found.id) == ("done", True, queued.id)

        events = [event async for event in await place.bot.responses.create(**asked, stream=True)]
        identity = events[0].response.id

        async def kept() -> bool:
            return (await place.bot.responses.retrieve(identity)).status == "completed"

        await until(kept)
        later = await place.bot.responses.retrieve(identity, stream=True, starting_after=3)
        assert [event.to_dict() async for event in later] == [event.to_dict() for event in events[4:]]


async def test_s21_whoever_listens_to_the_background_hears_signs_of_life_and_no_more_than_their_key_lets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work belongs to one key, and its listener has another of the same agent."""

    def often(_: float) -> Pulse:
        return Pulse(0.05)

    monkeypatch.setattr("remit.server.serving.Pulse", often)
    monkeypatch.setattr("remit.server.guarding._LOOK_SECONDS", 0.05)
    async with served(tmp_path, "anthropic") as place:
        place.server.says(streamed([], then="silence"))
        begun = await place.bot.responses.create(model="fast", input="x", background=True)
        platform = place.made.platform
        listener = await platform.new_agent_key(KeyScope("bot"))
        headers = {"authorization": f"Bearer {listener.key}"}
        said, revoked = b"", False
        async with place.raw.stream("GET", f"/v1/responses/{begun.id}?stream=true", headers=headers) as reply:
            async for chunk in reply.aiter_raw():
                said += chunk
                if b": keep-alive" in said and not revoked:
                    revoked = bool(await platform.revoke_key(listener.id, "lost"))
        assert b"the key was revoked" in said.rpartition(b"data: ")[2]
        assert (await place.bot.responses.retrieve(begun.id)).status == "in_progress"
        assert (await place.bot.responses.cancel(begun.id)).status == "cancelled"


async def test_c34_what_is_not_here_is_refused_by_name(tmp_path: Path) -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"tools": [{"type": "web_search"}]}, "web_search"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"background": True, "store": False}, "background"),
    ]
    async with served(tmp_path, "anthropic") as place:
        for body, name in refused:
            with pytest.raises(openai.BadRequestError, match=name):
                await place.bot.responses.create(**{"model": "fast", "input": "x", **body})
        assert place.server.seen == []


async def test_c35_there_is_no_socket_and_that_is_said(tmp_path: Path) -> None:
    async with served(tmp_path, "anthropic") as place:
        upgrade = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
        told = await place.raw.get(
            "/v1/responses", headers={**upgrade, "sec-websocket-key": "eHl6eHl6eHl6eHl6eHl6eA=="}
        )
        assert told.status_code == 426
        assert told.headers["x-request-id"]
        assert place.server.seen == []


async def test_s07_a_shred_takes_kept_responses_along(tmp_path: Path) -> None:
    async with served(tmp_path, "anthropic") as place:
        place.server.says(whole(WIRES["anthropic"].whole("a secret")))
        first = await place.bot.responses.create(model="fast", input="tell me")
        ground, key = place.made.platform.ground, f"k-{first.id.removeprefix('resp_')}"
        assert (await ground.database.fetch("keys.count_answers", key))[0][0] == 1
        await shred_key(
            ground.database, ground.keys, ground.ledger, key_id=key, by="owner", at=ground.clock.now()
        )
        assert (await ground.database.fetch("keys.count_answers", key))[0][0] == 0
        with pytest.raises(openai.NotFoundError):
            await place.bot.responses.retrieve(first.id)


async def test_c36_the_official_client_gets_vectors_and_counts(tmp_path: Path) -> None:
    vectors = {
        "object": "list", "model": "m", "usage": {"prompt_tokens": 2, "total_tokens": 2},
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}],
    }  # fmt: skip
    async with served(tmp_path, "openai_chat") as place:
        place.server.says(whole(vectors))
        told = await place.bot.embeddings.create(model="fast", input="a")
        assert told.data[0].embedding == [0.5, -0.25]
        assert place.server.seen[0].body["encoding_format"] == "base64"
        asked = {"model": "fast", "messages": [{"role": "user", "content": "hello"}]}
        counted = await place.raw.post("/v1/messages/count_tokens", json=asked)
        assert counted.json()["input_tokens"] > 5
        assert counted.headers["x-remit-count"] == "bound"
