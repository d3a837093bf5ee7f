"""The official OpenAI client in front of answers made here: no server, no network."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from openai import AsyncOpenAI

Json = Any


class _Pieces(httpx2.AsyncByteStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def pieces(data: bytes, size: int = 7) -> list[bytes]:
    """The bytes as a network might deliver them."""
    return [data[at : at + size] for at in range(0, len(data), size)]


@asynccontextmanager
async def openai_that_hears(
    body: bytes | Json,
    status: int = 200,
    headers: dict[str, str] | None = None,
    seen: list[Any] | None = None,
) -> AsyncGenerator[AsyncOpenAI]:
    """A client whose every request gets this answer: bytes are a stream of events, all else is JSON."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(body, bytes):
            stream = _Pieces(pieces(body))
            return httpx2.Response(status, headers={"content-type": "text/event-stream"}, stream=stream)
        return httpx2.Response(status, json=body, headers=headers)

    async with (
        httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http,
        AsyncOpenAI(base_url="http://127.0.0.1/v1", api_key="k", http_client=http, max_retries=2) as client,
    ):
        yield client


def frames_of(stream: bytes) -> Iterator[str]:
    """The data of every frame, for a test that looks at the bytes itself."""
    for line in stream.decode().split("\n"):
        if line.startswith("data: "):
            yield line.removeprefix("data: ")
