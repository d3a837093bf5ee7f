"""A workspace of which every first model fails in its own way and every second one is sound, behind a real server
asked by plain HTTP: what a client gets is bytes.
"""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from remit.control.platform import Platform
from remit.control.sections import ServerSettings
from remit.domain.events import StepDone, StepFailed
from remit.domain.fronting import KeyScope
from remit.engine.outside import run_stream
from remit.server.serving import serving
from tests.faults.scripts import FAULTS, LATE
from tests.faults.upstream import Faulty
from tests.gate.desk import ALL_ALLOWED, write_policy
from tests.gateway.relays import BODIES

PATHS = {
    "openai_chat": "/v1/chat/completions", "openai_responses": "/v1/responses", "anthropic": "/v1/messages",
}  # fmt: skip
KINDS = {"openai_chat": "openai", "openai_responses": "openai", "anthropic": "anthropic", "gemini": "gemini"}
QUICK = ServerSettings(port=0, keep_alive_seconds=1)
NOWHERE = "nobody.invalid"
DEADLINES = "deadlines = { connect = 1, first_byte = 0.4, idle = 0.4, total = 1 }"


@dataclass(frozen=True, slots=True)
class Case:
    """One fault, met by one kind of client."""

    client: str
    provider: str
    fault: str
    when: str
    stream: bool

    @property
    def name(self) -> str:
        """Its route, and the model that fails."""
        return ".".join((self.fault, self.when, "stream" if self.stream else "whole"))

    @property
    def faulty(self) -> str:
        """What the faulty model is called by its provider."""
        return f"{self.fault}.{self.when}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: bytes
    broken: str = ""
    """How the connection ended, where it did not end in order."""


def cases(client: str, provider: str) -> list[Case]:
    """All of them: whole, and as a stream early and late."""
    whole = [Case(client, provider, fault, "early", stream=False) for fault in FAULTS]
    early = [Case(client, provider, fault, "early", stream=True) for fault in FAULTS]
    return whole + early + [Case(client, provider, fault, "late", stream=True) for fault in LATE]


def models_toml(known: Iterable[Case], faulty: Faulty, corner: str, closed: int) -> str:
    """A route for each case: the model that fails, and behind it one that does not."""
    known = list(known)
    provider = known[0].provider
    addresses = {
        "faulty": faulty.at(f"{corner}-faulty", provider), "sound": faulty.at(f"{corner}-sound", provider),
        "refused": f"http://127.0.0.1:{closed}/v1", "no-name": f"http://{NOWHERE}/v1",
    }  # fmt: skip
    said = [
        _provider(name, url, provider, "" if name == "sound" else DEADLINES)
        for name, url in addresses.items()
    ]
    for case in known:
        first = case.fault if case.fault in addresses else "faulty"
        said += [
            _model(case.name, first, case.faulty),
            _model(f"sound.{case.name}", "sound", f"sound.{case.name}"),
            f'[routes."{case.name}"]\nmodels = ["{case.name}"]\nfallbacks = ["sound.{case.name}"]\n',
        ]
    return "\n".join(said)


def lone_models(faulty: Faulty, corner: str, dialect: str, *names: str, deadlines: str = "") -> str:
    """A route for each of these, with nobody behind it."""
    provider = f"lone-{dialect}"
    said = [_provider(provider, faulty.at(corner, dialect), dialect, deadlines)]
    for name in names:
        said += [
            _model(f"{dialect}.{name}", provider, name),
            f'[routes."{dialect}.{name}"]\nmodels = ["{dialect}.{name}"]\n',
        ]
    return "\n".join(said)


def _provider(name: str, url: str, dialect: str, deadlines: str = "") -> str:
    said = [f"[providers.{name}]", f'kind = "{KINDS[dialect]}"', f'base_url = "{url}"', "insecure = true"]
    if KINDS[dialect] == "openai":
        said.append(f'dialect = "{dialect}"')
    return "\n".join([*said, deadlines, ""])


def _model(name: str, provider: str, identity: str) -> str:
    return (
        f'[models."{name}"]\nprovider = "{provider}"\nid = "{identity}"\nwindow = 200000\nmax_output = 8000\n'
        'capabilities = ["tools", "json_schema", "parallel_tools"]\nprice = { input = 1, output = 10 }\n'
    )


@contextmanager
def closed_port() -> Generator[int]:
    """A port at which nobody listens: taken, so that nobody else gets it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def name_leads_nowhere(patch: pytest.MonkeyPatch) -> None:
    """What the resolver says of a name that nobody has; the tests let it ask nobody."""
    ask = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **more: Any) -> Any:
        if host == NOWHERE:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask(host, *rest, **more)

    patch.setattr(socket, "getaddrinfo", look_up)


@dataclass(frozen=True, slots=True)
class House:
    """A workspace behind a server, and a key for it."""

    platform: Platform
    url: str
    key: str
    http: aiohttp.ClientSession

    async def ask(self, case: Case) -> Reply:
        """One request, by HTTP and nothing else."""
        return await self.post(case.client, case.name, stream=case.stream)

    async def post(self, client: str, model: str, **more: Any) -> Reply:
        """One request; what is in `more` stands in the body."""
        async with self.begin(client, model, **more) as reply:
            got, broken = bytearray(), ""
            try:
                async for piece in reply.content.iter_any():
                    got += piece
            except aiohttp.ClientError as wrong:
                broken = type(wrong).__name__
            found = {name.lower(): value for name, value in reply.headers.items()}
            return Reply(reply.status, found, bytes(got), broken)

    def begin(self, client: str, model: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        """The reply as it comes."""
        body = BODIES[client] | {"model": model} | more
        opens = {"authorization": f"Bearer {self.key}"}
        return self.http.post(self.url + PATHS[client], json=body, headers=opens | (headers or {}))

    async def attempts(self) -> dict[str, list[dict[str, Any]]]:
        """What the log says of every exchange, by its route: each attempt that was made, and what it was charged."""
        found: dict[str, list[dict[str, Any]]] = {}
        for run in await self.platform.runs(limit=1000):
            entries, _ = await self.platform.ground.log.read(run_stream(run.id))
            for entry in entries:
                if isinstance(entry.event, StepDone | StepFailed) and entry.event.name == "model":
                    detail: Any = entry.event.detail
                    tried = detail.get("attempts") or [detail]
                    found[tried[0]["model"]] = tried
        return found


def at_once(made: House) -> None:
    """How long it waits between tries is not what is looked at."""
    made.platform._parts.house.gate.parts.models._calls.spread = lambda: 0.0


@asynccontextmanager
async def house(
    folder: Path, models: str, scope: KeyScope | None = None, settings: ServerSettings = QUICK
) -> AsyncGenerator[House]:
    """It, while it is needed."""
    write_policy(folder, ALL_ALLOWED)
    if models:
        (folder / "models.toml").write_text(models)
    platform = await Platform.assemble(folder)
    try:
        await platform.start_front()
        made = await platform.new_agent_key(scope or KeyScope("bot"))
        async with serving(platform, settings) as url, aiohttp.ClientSession() as http:
            yield House(platform, url, made.key, http)
    finally:
        await platform.close()


def frames(body: bytes) -> list[tuple[str, Any]]:
    """The frames of a stream: the name of each, and its JSON or its text."""
    found: list[tuple[str, Any]] = []
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        fields = [line.partition(":") for line in block.decode().split("\n") if line and line[0] != ":"]
        name = "".join(value.strip() for key, _, value in fields if key == "event")
        data = "\n".join(value.strip() for key, _, value in fields if key == "data")
        if data:
            found.append((name, data if data == "[DONE]" else json.loads(data)))
    return found
