"""A workspace whose providers are real servers on loopback, with a key of a foreign agent, and clients that ask it for
answers below HTTP, so that what goes over a socket in front of it is not what is looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remit.control.fronting.exchanges import Exchange
from remit.control.platform import Platform
from remit.domain.errors import RemitError
from remit.domain.event import Event
from remit.domain.events import StepDone, StepFailed
from remit.domain.fronting import Attribution, Caller, KeyScope
from remit.gate.relaying.asked import RelayAnswer, RelayAsk
from remit.testing import Stage, stage
from remit.wire import inbound
from remit.wire.embeddings import EmbedWish
from remit.wire.inbound import Inbound
from tests.engine.places import events
from tests.gate.desk import ALL_ALLOWED, write_policy

CHAT: dict[str, Any] = {"model": "fast", "messages": [{"role": "user", "content": "hello"}]}
RESPONSES: dict[str, Any] = {"model": "fast", "input": "hello", "store": False}
MESSAGES: dict[str, Any] = {
    "model": "fast", "max_tokens": 500, "messages": [{"role": "user", "content": "hello"}],
}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "openai_chat": CHAT, "openai_responses": RESPONSES, "anthropic": MESSAGES,
}  # fmt: skip
PRICE = "price = { input = 1.0, output = 10.0, cache_read = 0.1, cache_write = 1.25 }"


@dataclass
class Client:
    """Somebody who is connected, and notes every piece that arrives."""

    pieces: list[bytes] = field(default_factory=list[bytes])
    headers: dict[str, str] | None = None
    gone: asyncio.Future[RemitError | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def text(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)

    @property
    def frames(self) -> list[dict[str, Any]]:
        """What the frames with JSON in them say."""
        lines = [line[5:].strip() for line in self.text.splitlines() if line.startswith(b"data:")]
        return [json.loads(line) for line in lines if line != b"[DONE]"]

    async def begin(self, headers: Mapping[str, str], upstream: int) -> None:
        assert self.headers is None, "a stream begins once"
        assert upstream >= 0
        self.headers = dict(headers)

    async def write(self, frames: bytes) -> None:
        assert self.headers is not None, "it begins before anything is written"
        self.pieces.append(frames)
        self.heard.set()


@dataclass
class Front:
    """The front door of one workspace."""

    stage: Stage
    caller: Caller
    runs: list[str] = field(default_factory=list[str])

    @property
    def platform(self) -> Platform:
        """The platform that is alive now."""
        return self.stage.platform

    async def relay(
        self, dialect: str, body: Mapping[str, Any] | bytes, client: Client | None = None, *,
        caller: Caller | None = None, **more: Any,
    ) -> RelayAnswer:  # fmt: skip
        """Ask as the foreign agent."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked, known = inbound.read(dialect, raw), client or Client()

        async def work(exchange: Exchange) -> RelayAnswer:
            self.runs.append(exchange.run_id)
            ask = RelayAsk(asked, asked.model, **more)
            return await exchange.gate.relay(exchange.execution, exchange.actor, ask, known)

        who = caller or self.caller
        return await self.platform.fronts.perform(who, "model", {"model": asked.model}, work)

    async def aside(self, asked: Inbound, wish: EmbedWish | None = None, **more: Any) -> RelayAnswer:
        """Have texts embedded or, without a wish, tokens counted."""

        async def work(exchange: Exchange) -> RelayAnswer:
            self.runs.append(exchange.run_id)
            ask = RelayAsk(asked, asked.model, **more)
            return await exchange.gate.aside(exchange.execution, exchange.actor, ask, Client(), wish)

        return await self.platform.fronts.perform(self.caller, "model", {"model": asked.model}, work)

    async def outcome(self) -> Any:
        """The outcome of the model call in the last exchange."""
        kinds: tuple[type[Event], ...] = (StepDone, StepFailed)
        found = await events(self.stage, self.runs[-1])
        return [event for event in found if isinstance(event, kinds) and event.name == "model"][-1]


def described(name: str, url: str, kind: str = "openai", **more: str) -> str:
    """A provider and its one model, for models.toml."""
    said = "".join(f'{key} = "{value}"\n' for key, value in more.items())
    return f"""
[providers.{name}]
kind = "{kind}"
base_url = "{url}"
insecure = true
{said}
[models.{name}-model]
provider = "{name}"
id = "m"
window = 200000
max_output = 8000
capabilities = ["tools", "images", "json_schema", "parallel_tools", "files", "audio", "reasoning"]
{PRICE}
"""


def route(*names: str, route: str = "fast", **more: str) -> str:
    """A route over the models of these providers, in this order."""
    models = ", ".join(f'"{name}-model"' for name in names)
    said = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f'[routes.{route}]\nmodels = [{models}]\nprefer = "order"\n{said}'


@asynccontextmanager
async def front(
    folder: Path, models: str, policy: str = ALL_ALLOWED, scope: KeyScope | None = None, **more: Any
) -> AsyncGenerator[Front]:
    """A workspace with these models, and a key of the agent `bot`."""
    write_policy(folder, policy)
    (folder / "models.toml").write_text(models)
    async with stage(workspace=folder, **more) as made:
        made.platform.fronts.start()
        key = (await made.platform.new_agent_key(scope or KeyScope("bot"))).key
        caller = await made.platform.fronts.caller(key, Attribution(session="s1"))
        yield Front(made, caller)
