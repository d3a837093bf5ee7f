"""Remit at /mcp on a port of this process, servers behind it in either era, and clients of either era before it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
import uvicorn
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from remit.control.platform import Platform
from remit.control.settings import load
from remit.domain.fronting import KeyScope
from remit.server.serving import serving
from tests.conformance.fixture_server import Application

ALL = 'permit (principal, action in [Action::"call", Action::"list"], resource);\n'
MODERN, LEGACY = "2026-07-28", "legacy"
ERAS = (LEGACY, MODERN)


class Server(uvicorn.Server):
    """One that leaves signals to the test."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def served(app: Any) -> AsyncGenerator[str]:
    """An application on a port; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = Server(config)
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@dataclass
class Upstream:
    """A server behind Remit, and what it was sent."""

    url: str
    requests: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@asynccontextmanager
async def upstream(era: str) -> AsyncGenerator[Upstream]:
    """The fixture of the conformance suite, as a server of one era."""
    app = Application(legacy=era == LEGACY)
    found = Upstream("")

    async def heard(scope: Any, receive: Any, send: Any) -> None:
        found.requests.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await app(scope, receive, send)

    async with app.running(), served(heard) as url:
        found.url = f"{url}/mcp"
        yield found


@dataclass
class Stand:
    """A platform that serves, and a key for it."""

    platform: Platform
    url: str
    key: str

    @asynccontextmanager
    async def client(
        self, era: str, key: str = "", *, user: User | None = None, heard: Any = None
    ) -> AsyncGenerator[Any]:
        """A client of an era; with a user it can ask, and a model."""
        headers = {"authorization": f"Bearer {key or self.key}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False) as http,
            Client(
                streamable_http_client(f"{self.url}/mcp", http_client=http), mode=era, cache=None,
                message_handler=heard,
                **(user.callbacks() if user is not None else {}),
            ) as client,
        ):  # fmt: skip
            yield client

    async def another(self, scope: KeyScope) -> str:
        """Another key."""
        return (await self.platform.new_agent_key(scope)).key


@dataclass
class User:
    """Whoever sits before a client: answers what is asked, and remembers it."""

    name: str = "Ana"
    asked: list[str] = field(default_factory=list[str])
    logged: list[str] = field(default_factory=list[str])

    def callbacks(self) -> dict[str, Any]:
        return {
            "elicitation_callback": self.elicit, "sampling_callback": self.sample,
            "list_roots_callback": self.roots, "logging_callback": self.log,
        }  # fmt: skip

    async def elicit(self, context: Any, params: Any) -> types.ElicitResult:
        self.asked.append(params.message)
        wanted = getattr(params, "requested_schema", {}).get("properties", {})
        kinds: dict[str, Any] = {"boolean": True, "string": self.name, "integer": 3, "number": 1.5}
        content = {
            name: each.get("default", kinds.get(each.get("type"), ["option1"]))
            for name, each in wanted.items()
        }
        return types.ElicitResult(action="accept", content=content)

    async def sample(self, context: Any, params: Any) -> types.CreateMessageResult:
        self.asked.append("sampling")
        return types.CreateMessageResult(
            role="assistant", content=types.TextContent(text=f"said for {self.name}"), model="m"
        )

    async def roots(self, context: Any) -> types.ListRootsResult:
        self.asked.append("roots")
        return types.ListRootsResult(roots=[types.Root.model_validate({"uri": "file:///home"})])

    async def log(self, params: types.LoggingMessageNotificationParams) -> None:
        self.logged.append(str(params.data))


@asynccontextmanager
async def stand(
    place: Path, servers: dict[str, str] | None = None, *, policy: str = ALL, settings: str = "",
    scope: KeyScope | None = None, more: str = "", tables: str = "", flows: Sequence[Any] = (), worker: bool = True,
) -> AsyncGenerator[Stand]:  # fmt: skip
    """Remit before these servers, by the names that they have there."""
    (place / "policies").mkdir(exist_ok=True)
    (place / "policies" / "all.cedar").write_text(policy)
    (place / "remit.toml").write_text(settings)
    sections = (f'[mcp.{name}]\nurl = "{url}"\n{more}\n' for name, url in (servers or {}).items())
    (place / "tools.toml").write_text(tables or "\n".join(sections))
    platform = await Platform.assemble(place, flows=flows, chosen=load(place))
    try:
        await (platform.start_worker() if worker else platform.start_front())
        key = (await platform.new_agent_key(scope or KeyScope("bot"))).key
        async with serving(platform, replace(platform.chosen.server, port=0), drain=2) as url:
            yield Stand(platform, url, key)
    finally:
        await platform.close()
