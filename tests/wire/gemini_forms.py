"""What Gemini's generateContent can express, for the property tests; and its SDK's own types and client as judges."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2
import msgspec
from google import genai
from google.genai import types
from hypothesis import strategies as st

from remit.wire.messages import File, Foreign, Image, ModelRequest, Part, Reasoning, Text, ToolResult
from tests.wire import strategies as draw
from tests.wire.strategies import Expressible

Json = Any


def judged(body: Json) -> types.GenerateContentConfig:
    """What the SDK's own types make of a request: every key has to be one that they know."""
    for content in body["contents"]:
        types.Content.model_validate(content)
    top = {key: value for key, value in body.items() if key not in {"contents", "generationConfig"}}
    config = body.get("generationConfig", {})
    types.GenerationConfig.model_validate(config)
    return types.GenerateContentConfig.model_validate({**top, **config})


# --- what it can express -------------------------------------------------------------------------------------


def _signed() -> st.SearchStrategy[dict[str, Json]]:
    def signed(signature: str) -> dict[str, Json]:
        return {"thoughtSignature": signature} if signature else {}

    return (st.just("") | draw.base64_texts()).map(signed)


def thoughts() -> st.SearchStrategy[Reasoning]:
    def thought(text: str, more: dict[str, Json]) -> Reasoning:
        return Reasoning(text, "gemini", {"text": text, "thought": True, **more})

    return st.builds(thought, draw.texts(), _signed())


def _linked_images() -> st.SearchStrategy[Image]:
    return st.just(Image("image/png", url="https://x.example/a.png"))


def _kept_files() -> st.SearchStrategy[File]:
    uri = "https://generativelanguage.googleapis.com/v1beta/files/abc"
    return st.builds(File, st.just("") | draw.names(), st.just("application/pdf"), id=st.just(uri))


def _code() -> st.SearchStrategy[Foreign]:
    return st.just(Foreign("gemini", {"executableCode": {"language": "PYTHON", "code": "1"}}))


_plain = Expressible("gemini", opaque=_signed())
_bare = Expressible("gemini")

REQUESTS = Expressible(
    "gemini",
    user_parts=(
        draw.images(_plain, urls=False),
        _linked_images(),
        draw.sounds(_plain, ("wav", "mp3", "aac")),
        draw.files(_plain, urls=True),
        _kept_files(),
    ),
    result_parts=(draw.images(_bare, urls=False), draw.files(_bare)),
    answer_parts=(_code(),),
    reasoning=thoughts(),
    opaque=_signed(),
    result_texts=1,
    failed_results=True,
    system_texts=3,
    tool_opaque=False,
    outputs=draw.outputs(named=False, strict=(True,), described=False),
    parallel=False,
    settings=("max_tokens", "temperature", "top_p", "stop", "seed", "effort", "choices"),
    request_extra=st.sampled_from(
        [
            {},
            {"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}], "cachedContent": "c"},
            {"generationConfig": {"topK": 3, "thinkingConfig": {"includeThoughts": True}}},
            {"toolConfig": {"retrievalConfig": {"languageCode": "en"}}},
        ]
    ),
)  # fmt: skip
ANSWERS = Expressible(
    "gemini",
    answer_parts=(_code(), draw.images(_plain, urls=False)),
    reasoning=thoughts(),
    words=st.builds(Text, draw.texts(), draw.carried(_plain)),
    opaque=_signed(),
    usage=("input", "cache_read", "output", "reasoning", "audio_input", "audio_output"),
    response_extra=st.sampled_from(
        [
            {},
            {"candidate": {"avgLogprobs": -0.5, "safetyRatings": []}, "createTime": "2026-01-01T00:00:00Z"},
        ]
    ),
)


def canonical(request: ModelRequest) -> ModelRequest:
    """A request as this dialect says it: the model and whether to stream stand in the address, and the text of a
    result is a text and nothing else.
    """
    spoken = (msgspec.structs.replace(one, parts=tuple(map(_plainly, one.parts))) for one in request.messages)
    return msgspec.structs.replace(request, model="", stream=False, messages=tuple(spoken))


def _plainly(part: Part) -> Part:
    if not isinstance(part, ToolResult):
        return part
    return msgspec.structs.replace(
        part, parts=tuple(Text(one.text) if isinstance(one, Text) else one for one in part.parts)
    )


# --- its client ----------------------------------------------------------------------------------------------


@contextmanager
def client_that_hears(body: bytes | Json, status: int = 200) -> Generator[tuple[Any, list[httpx2.Request]]]:
    """The official client, whose every request gets this answer, and what it asked; bytes are a stream."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        if isinstance(body, bytes):
            return httpx2.Response(status, headers={"content-type": "text/event-stream"}, content=body)
        return httpx2.Response(status, json=body)

    options = types.HttpOptions(
        base_url="http://127.0.0.1", httpx_client=httpx2.Client(transport=httpx2.MockTransport(answer))
    )
    client = genai.Client(api_key="k", http_options=options)
    try:
        yield client, seen
    finally:
        client.close()
