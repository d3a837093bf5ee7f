"""What the Messages API can express, for the property tests; and its SDK's own types and client as judges."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any, cast

import httpx2
import msgspec
from anthropic import AsyncAnthropic
from anthropic.types import Message as SdkMessage
from anthropic.types import MessageCountTokensParams, RawMessageStreamEvent
from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from anthropic.types.shared import ErrorResponse
from hypothesis import strategies as st
from pydantic import TypeAdapter

from remit.wire.anthropic import DEFAULT_MAX_TOKENS
from remit.wire.messages import File, Foreign, Message, ModelRequest, Part, Reasoning, Text, ToolResult
from tests.wire import strategies as draw
from tests.wire.strategies import Expressible

Json = Any

ASK = TypeAdapter[Any](MessageCreateParamsNonStreaming)
ASK_STREAM = TypeAdapter[Any](MessageCreateParamsStreaming)
COUNT = TypeAdapter[Any](MessageCountTokensParams)
ANSWER = TypeAdapter(SdkMessage)
EVENT = TypeAdapter[Any](RawMessageStreamEvent)
ERROR = TypeAdapter(ErrorResponse)


def judged(adapter: TypeAdapter[Any], body: Json) -> Json:
    """What the SDK's own types make of a body. They read lists lazily, so every one is read to its end."""
    return _read(adapter.validate_python(body))


def _read(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {key: _read(inner) for key, inner in cast("Mapping[str, Json]", value).items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_read(inner) for inner in cast("Iterable[Json]", value)]
    return value


# --- what it can express -------------------------------------------------------------------------------------


def _cached() -> st.SearchStrategy[dict[str, Json]]:
    return st.sampled_from([{}, {}, {"cache_control": {"type": "ephemeral", "ttl": "1h"}}])


def thoughts() -> st.SearchStrategy[Reasoning]:
    shown = st.tuples(draw.texts(0), draw.base64_texts()).map(
        lambda one: Reasoning(
            one[0], "anthropic", {"type": "thinking", "thinking": one[0], "signature": one[1]}
        )
    )
    hidden = draw.base64_texts().map(
        lambda data: Reasoning("", "anthropic", {"type": "redacted_thinking", "data": data})
    )
    return shown | hidden


def _plain_files() -> st.SearchStrategy[File]:
    return draw.texts().map(
        lambda text: File("notes", "text/plain", base64.b64encode(text.encode()).decode())
    )


def _search_results() -> st.SearchStrategy[Foreign]:
    found = [{"type": "text", "text": "found"}]
    block = {"type": "search_result", "source": "s", "title": "t", "content": found}
    return st.just(Foreign("anthropic", block))


_plain = Expressible("anthropic", opaque=_cached())

REQUESTS = Expressible(
    "anthropic",
    user_parts=(
        draw.images(_plain),
        draw.files(_plain, urls=True, ids=True),
        _plain_files(),
        _search_results(),
    ),
    result_parts=(draw.images(_plain), draw.files(_plain)),
    reasoning=thoughts(),
    opaque=_cached(),
    failed_results=True,
    system_texts=3,
    later_systems=True,
    strict_tools=(None, True, False),
    outputs=draw.outputs(named=False, strict=(True,), described=False),
    settings=("max_tokens", "stop", "effort"),
    request_extra=st.sampled_from(
        [
            {},
            {"metadata": {"user_id": "u"}, "thinking": {"type": "adaptive"}},
            {"output_config": {"later": 1}, "container": "c", "cache_control": {"type": "ephemeral"}},
        ]
    ),
)
OLD_REQUESTS = Expressible(
    "anthropic",
    settings=("max_tokens", "temperature", "top_p"),
    request_extra=st.sampled_from([{}, {"top_k": 3}]),
)
_citation = {
    "type": "char_location", "cited_text": "c", "document_index": 0, "document_title": None, "file_id": None,
    "start_char_index": 0, "end_char_index": 1,
}  # fmt: skip
ANSWERS = Expressible(
    "anthropic",
    reasoning=thoughts(),
    words=st.builds(
        Text, draw.texts(), st.sampled_from([None, {"anthropic": {"citations": [_citation, _citation]}}])
    ),
    usage=("input", "cache_read", "cache_write", "output", "reasoning"),
    response_extra=st.sampled_from(
        [
            {},
            {"usage": {"service_tier": "standard"}},
            {"container": {"id": "c", "expires_at": "2026-01-01T00:00:00Z"}},
        ]
    ),
    id_prefix="msg_",
)


def canonical(request: ModelRequest) -> ModelRequest:
    """A request as this dialect says it: turns that follow in one role are one, blank texts are none, a limit there is
    always.
    """
    spoken = [msgspec.structs.replace(one, parts=_spoken(one.parts)) for one in request.messages]
    runs = [list(run) for _, run in groupby((one for one in spoken if one.parts), lambda one: one.role)]
    return msgspec.structs.replace(
        request,
        messages=tuple(
            Message(run[0].role, tuple(part for one in run for part in one.parts)) for run in runs
        ),
        max_tokens=DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens,
        parallel_tools=None if request.tool_choice == "none" else request.parallel_tools,
    )


def _spoken(parts: tuple[Part, ...]) -> tuple[Any, ...]:
    return tuple(
        msgspec.structs.replace(part, parts=_spoken(part.parts)) if isinstance(part, ToolResult) else part
        for part in parts
        if not (isinstance(part, Text) and part.text.isspace())
    )


# --- its client ----------------------------------------------------------------------------------------------


class _Pieces(httpx2.AsyncByteStream):
    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._data), 11):
            yield self._data[at : at + 11]


@asynccontextmanager
async def client_that_hears(
    body: bytes | Json, status: int = 200, headers: dict[str, str] | None = None
) -> AsyncGenerator[tuple[AsyncAnthropic, list[httpx2.Request]]]:
    """The official client, whose every request gets this answer, and what it asked; bytes are a stream."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        if isinstance(body, bytes):
            kind = {"content-type": "text/event-stream"}
            return httpx2.Response(status, headers=kind, stream=_Pieces(body))
        return httpx2.Response(status, json=body, headers=headers)

    async with (
        httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http,
        AsyncAnthropic(base_url="http://127.0.0.1", api_key="k", http_client=http, max_retries=2) as client,
    ):
        yield client, seen
