"""A server with an upstream behind it, asked by the official clients, by plain HTTP and by bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anthropic
import openai
from aiohttp import ClientSession

from tests.gateway.front import Front
from tests.models.upstream import Upstream

T = TypeVar("T")


@dataclass(slots=True)
class Doors:
    """A server, an upstream behind it, and plain HTTP."""

    front: Front
    upstream: Upstream
    http: ClientSession
    clients: list[Any] = field(default_factory=list[Any])

    async def ask(
        self, path: str, body: Any = None, *, method: str = "POST", key: str | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], Any]:
        """One request with `key` as a bearer; gives status, headers and body."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key != "":
            sent.setdefault("authorization", f"Bearer {key or self.front.key}")
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("content-type", "application/json")
        async with self.http.request(method, self.front.url + path, data=data, headers=sent) as reply:
            raw = await reply.read()
            assert reply.headers["x-request-id"] == reply.headers["request-id"]
            return reply.status, reply.headers, json.loads(raw) if raw else None

    def openai(self, key: str = "") -> openai.AsyncOpenAI:
        url = f"{self.front.url}/v1"
        return self._client(openai.AsyncOpenAI(base_url=url, api_key=key or self.front.key, max_retries=2))

    def anthropic(self, key: str = "") -> anthropic.AsyncAnthropic:
        url = self.front.url
        return self._client(
            anthropic.AsyncAnthropic(base_url=url, api_key=key or self.front.key, max_retries=2)
        )

    def _client(self, made: T) -> T:
        self.clients.append(made)
        return made


async def raw(doors: Doors, text: bytes) -> bytes:
    """What the server says to these bytes."""
    host, port = doors.front.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(text)
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return head
