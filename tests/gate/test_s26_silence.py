"""Replays, forks and flows under test reach no network outside of their steps and tools (S26)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from remit import Run, flow, step
from remit.control.platform import Platform
from remit.domain.action_errors import EgressRefused
from remit.domain.silence import guarded, quiet
from remit.testing import stage
from remit.tools.tool import tool
from tests.gate.desk import ALL_ALLOWED, write_policy


@dataclass
class Listener:
    """Somebody who hears whoever calls."""

    port: int = 0
    calls: list[str] = field(default_factory=list[str])


@asynccontextmanager
async def listener() -> AsyncGenerator[Listener]:
    found = Listener()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.calls.append((await reader.readline()).decode().strip())
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        found.port = server.sockets[0].getsockname()[1]
        yield found


async def _call(port: int, words: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{words}\n".encode())
    await writer.drain()
    await reader.read()
    writer.close()
    return words


def _call_blocking(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"blocking\n")
        line.recv(1)
    return "blocking"


@tool(effect="read", name="by_tool")
async def by_tool(port: int) -> str:
    """Call."""
    return await _call(port, "by tool")


@flow
async def calls_directly(run: Run, port: int, way: str) -> str:
    """Forgets that the network belongs into a step."""
    if way == "async":
        return await _call(port, "direct")
    if way == "thread":
        return await asyncio.to_thread(_call_blocking, port)
    return _call_blocking(port)


@flow
async def calls_properly(run: Run, port: int) -> list[str]:
    """Every way in which a flow may reach the network."""
    first = await run.step(step(effect="read", name="simple")(_call), port, "by step")
    second = await run.step(step(effect="read", name="blocking")(_call_blocking), port)
    third = await run.call(by_tool, port=port)
    branches = await run.gather(run.step(step(effect="read", name="branch")(_call), port, "in a branch"))
    return [first, second, third, *branches]


@pytest.mark.parametrize("way", ["async", "blocking", "thread"])
async def test_s26_the_body_of_a_flow_under_test_reaches_nobody(way: str) -> None:
    async with listener() as there, stage(calls_directly) as made:
        run = await made.start(calls_directly, port=there.port, way=way)
        with pytest.raises(Exception, match="reaches no network"):
            await run.result()
        assert there.calls == []
        assert (await run.show()).run.error == "egress_refused"


async def test_s26_steps_and_tools_of_a_flow_under_test_do(tmp_path: Path) -> None:
    write_policy(tmp_path, ALL_ALLOWED)
    async with listener() as there, stage(calls_properly, workspace=tmp_path) as made:
        run = await made.start(calls_properly, port=there.port)
        assert await run.result() == there.calls == ["by step", "blocking", "by tool", "in a branch"]
        before = list(there.calls)
        assert (await made.platform.replay(run.id)).verdict == "equal"
        assert there.calls == before


async def test_s26_a_replay_of_a_real_run_reaches_nobody_and_says_so(tmp_path: Path) -> None:
    """The run itself may do what its author likes; a replay has no side effects."""
    async with listener() as there, Platform.open(tmp_path, flows=[calls_directly]) as platform:
        run = await platform.start(calls_directly, port=there.port, way="async")
        assert await run.result() == "direct"
        report = await platform.replay(run.id)
        assert report.verdict == "diverged"
        assert there.calls == ["direct"]
        fork = await platform.fork(run.id)
        with pytest.raises(Exception, match="reaches no network"):
            await fork.result()
        assert there.calls == ["direct"]


async def test_s26_a_loop_that_tells_nobody_of_its_sockets_is_asked_first() -> None:
    class Silent(asyncio.SelectorEventLoop):
        async def create_connection(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("a loop written in C would have connected")

    loop = guarded(Silent)()
    with quiet("a rehearsal"), pytest.raises(EgressRefused, match="a rehearsal reaches no network"):
        await loop.create_connection(lambda: None, "127.0.0.1", 1)
    loop.close()
