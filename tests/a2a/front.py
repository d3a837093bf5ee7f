"""A stage whose agents are served over A2A, and the official client for whoever has a key."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from a2a.client import ClientConfig, ClientFactory
from a2a.types import Message, Part, Role, SendMessageConfiguration, SendMessageRequest, StreamResponse, Task
from google.protobuf.json_format import MessageToDict

from remit.control.sections import A2aSettings, AguiSettings, ServerSettings, Settings
from remit.domain.fronting import KeyScope
from remit.server.serving import serving
from remit.testing.stage import Stage, stage
from tests.gate.desk import ALL_ALLOWED, write_policy

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.domain.clock import Clock
    from remit.engine.flow import Flow
    from remit.testing.scripting import Script

BINDINGS = ("JSONRPC", "HTTP+JSON")


@dataclass
class Served:
    """What stands behind the port, and how it is reached."""

    stage: Stage
    chosen: Settings
    url: str = ""
    stack: AsyncExitStack | None = None

    @property
    def platform(self) -> Any:
        """The platform that is alive now."""
        return self.stage.platform

    async def open(self) -> None:
        """Serve."""
        self.stack = AsyncExitStack()
        self.url = await self.stack.enter_async_context(serving(self.platform, ServerSettings(port=0), 1.0))

    async def close(self) -> None:
        """Serve no more."""
        if self.stack is not None:
            await self.stack.aclose()
            self.stack = None

    async def key(self, agent: str = "partner", **scope: Any) -> str:
        """A key of a foreign agent."""
        return (await self.platform.new_agent_key(KeyScope(agent, **scope))).key

    @property
    def local_key(self) -> str:
        """The key of whoever made the workspace."""
        return (self.platform.ground.workspace / ".remit" / "keys" / "local.key").read_text("utf-8").strip()

    @asynccontextmanager
    async def client(self, key: str, agent: str = "clerk", binding: str = "JSONRPC") -> AsyncGenerator[Any]:
        """The official client, for whoever shows this key."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
            config = ClientConfig(httpx_client=http, supported_protocol_bindings=[binding])
            client = await ClientFactory(config).create_from_url(f"{self.url}/a2a/{agent}")
            yield client

    def http(self, key: str = "") -> httpx.AsyncClient:
        """Plain HTTP."""
        headers = {"A2A-Version": "1.0"} | ({"Authorization": f"Bearer {key}"} if key else {})
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)


@asynccontextmanager
async def served(
    place: Path, *flows: Flow, agents: Sequence[Agent] = (), script: Script | None = None, clock: Clock | None = None,
    policy: str = ALL_ALLOWED, names: Sequence[str] = ("clerk",), push_private: Sequence[str] = (),
    database: str = "",
) -> AsyncGenerator[Served]:  # fmt: skip
    """It, until the block ends."""
    write_policy(place, policy)
    a2a = A2aSettings(agents=tuple(names), push_private=tuple(push_private))
    chosen = Settings(a2a=a2a, agui=AguiSettings(agents=tuple(names)))
    async with stage(
        *flows, workspace=place, database=database, agents=agents, script=script, chosen=chosen, clock=clock
    ) as made:
        found = Served(made, chosen)
        await found.open()
        try:
            yield found
        finally:
            await found.close()


def said(
    text: str = "", *, data: Any = None, message: str = "", task: str = "", context: str = "", **chosen: Any
) -> Any:
    """A message, as a client sends it."""
    parts = [Part(text=text)] if text else []
    if data is not None:
        part = Part()
        from google.protobuf.json_format import ParseDict

        ParseDict({"data": data}, part)
        parts.append(part)
    from secrets import token_hex

    about = Message(
        message_id=message or token_hex(8), role=Role.ROLE_USER, parts=parts, task_id=task, context_id=context
    )
    return SendMessageRequest(message=about, configuration=SendMessageConfiguration(**chosen))


async def heard(client: Any, request: Any) -> list[dict[str, Any]]:
    """Everything that a message brings, as plain JSON."""
    return [_plain(each) async for each in client.send_message(request)]


async def task_of(client: Any, request: Any) -> dict[str, Any]:
    """The task that a message ends in."""
    events = await heard(client, request)
    names = {each["task"]["id"] for each in events if "task" in each}
    assert len(names) == 1, events
    from a2a.types import GetTaskRequest

    return MessageToDict(await client.get_task(GetTaskRequest(id=names.pop())))


def last_state(events: list[dict[str, Any]]) -> str:
    """Where the task stands after all these events; what has happened by the first one is in it."""
    told = [each.get("task") or each.get("statusUpdate") for each in events]
    return [each["status"]["state"] for each in told if each][-1]


def texts(task: dict[str, Any]) -> list[str]:
    """The words of what a task gave."""
    return [part["text"] for each in task.get("artifacts", []) for part in each["parts"] if "text" in part]


def _plain(each: StreamResponse | Task) -> dict[str, Any]:
    return MessageToDict(each)
