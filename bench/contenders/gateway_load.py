"""The load on a gateway: closed loops for its peak, an open loop for its latency, streams for the delay of each frame.

It owns the clients, which are as cheap as Python can be, and the clock they share with the mock, whose frames carry the
moment they left it. A latency counts from the moment a request was due, not from when it could be sent. It must not
know what stands behind an address.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from bench.contenders.loop import run_main
from bench.protocol import Answer, Case, options, serve_async

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
STAMP = re.compile(rb"@(\d+)@")
LAST = b"0\r\n\r\n"
QUESTION = "Say something about foxes, and be brief. " * 4
PACE_MS = 4
PERCENTILES = {"p50": 0.50, "p90": 0.90, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Target:
    """An address, and how to ask there."""

    host: str
    port: int
    model: str
    headers: dict[str, str]
    path: str = "/v1/chat/completions"

    def request(self, shape: str = "") -> bytes:
        """The bytes of a request; a stream if it has a shape."""
        said: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": f"{QUESTION}{shape}"},
            ],
            "max_tokens": 256,
        }
        if shape:
            said |= {"stream": True, "stream_options": {"include_usage": True}}
        body = json.dumps(said).encode()
        headers = {
            "host": f"{self.host}:{self.port}",
            "content-type": "application/json",
            "content-length": str(len(body)),
            **self.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Failed(Exception):
    """An answer that is none: it would make a gateway look fast."""


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._reply = b""
        self._length = -1
        self._done: asyncio.Future[bytes] | None = None
        self._seen = 0
        self.stamps: list[tuple[int, int]] = []
        """When a frame left the mock, and when it came."""

    @classmethod
    async def to(cls, target: Target) -> Client:
        """A connection that stands."""
        _, client = await asyncio.get_running_loop().create_connection(cls, target.host, target.port)
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self._done is not None and not self._done.done():
            self._done.set_exception(Failed(f"the connection was closed after {self._reply[-200:]!r}"))

    async def ask(self, request: bytes) -> bytes:
        """The whole reply."""
        assert self.transport is not None
        self._reply, self._length, self._seen, self.stamps = b"", -1, 0, []
        self._done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        reply = await self._done
        if not reply.startswith(b"HTTP/1.1 200") or (b"choices" not in reply):
            raise Failed(reply[:600].decode(errors="replace"))
        return reply

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self._reply += data
        if self._length < 0:
            end = self._reply.find(b"\r\n\r\n")
            if end < 0:
                return
            found = LENGTH.search(self._reply, 0, end)
            self._length = end + 4 + int(found[1]) if found else 0
        if self._length:
            whole = len(self._reply) >= self._length
        else:
            self._look_for_stamps(now)
            whole = self._reply.endswith(LAST)
        if whole and self._done is not None and not self._done.done():
            self._done.set_result(self._reply)

    def _look_for_stamps(self, now: int) -> None:
        for found in STAMP.finditer(self._reply, self._seen):
            self.stamps.append((int(found[1]), now))
            self._seen = found.end()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()


async def peak(target: Target, lanes: int, seconds: float) -> dict[str, Any]:
    """As many as `lanes` connections get through."""
    request, took = target.request(), list[float]()
    clients = [await Client.to(target) for _ in range(lanes)]
    begun = time.monotonic()

    async def lane(client: Client) -> None:
        while (sent := time.monotonic()) < begun + seconds:
            await client.ask(request)
            took.append(time.monotonic() - sent)

    try:
        await asyncio.gather(*map(lane, clients))
    finally:
        _close(clients)
    return {"requests": len(took), "seconds": time.monotonic() - begun, **_percentiles(took)}


async def open_loop(target: Target, rate: int, seconds: float) -> dict[str, Any]:
    """Requests when they are due, whoever is still waiting."""
    request, took, idle = target.request(), list[float](), list[Client]()
    begun = time.monotonic() + 0.01

    async def one(due: float) -> None:
        client = idle.pop() if idle else await Client.to(target)
        await client.ask(request)
        took.append(time.monotonic() - due)
        idle.append(client)

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(one(due))
    _close(idle)
    return {"requests": len(took), "seconds": time.monotonic() - begun, **_percentiles(took)}


async def streams(target: Target, lanes: int, frames: int, seconds: float) -> dict[str, Any]:
    """The time to the first word, and what each frame lost on its way."""
    request = target.request(f"shape {frames}.{PACE_MS}.0")
    first, lost = list[float](), list[float]()
    clients = [await Client.to(target) for _ in range(lanes)]
    begun = time.monotonic()

    async def lane(client: Client, at: int) -> None:
        await asyncio.sleep(at * PACE_MS / 1000 / lanes)
        while (sent := time.monotonic_ns()) < (begun + seconds) * 1e9:
            await client.ask(request)
            if len(client.stamps) != frames:
                raise Failed(f"{len(client.stamps)} frames of {frames} came through")
            first.append((client.stamps[0][1] - sent) / 1e9)
            lost.extend((came - left) / 1e9 for left, came in client.stamps[1:])

    try:
        await asyncio.gather(*(lane(client, at) for at, client in enumerate(clients)))
    finally:
        _close(clients)
    return {"first": _percentiles(first), "frame": _percentiles(lost), "requests": len(first)}


async def many(target: Target, lanes: int, requests: int) -> dict[str, Any]:
    """So many requests in all."""
    request, left, begun = target.request(), requests, time.monotonic()
    clients = [await Client.to(target) for _ in range(lanes)]

    async def lane(client: Client) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await client.ask(request)

    try:
        await asyncio.gather(*map(lane, clients))
    finally:
        _close(clients)
    return {"requests": requests, "seconds": time.monotonic() - begun}


class SlowReaders:
    """Streams of large frames whose readers stopped reading."""

    def __init__(self) -> None:
        self._clients: list[Client] = []

    async def begin(self, target: Target, lanes: int, size: int) -> None:
        """Ask, read the first of it, then no more."""
        for _ in range(lanes):
            client = await Client.to(target)
            assert client.transport is not None
            client.transport.write(target.request(f"shape {SLOW_FRAMES}.0.{size}"))
            client.transport.pause_reading()
            self._clients.append(client)

    def end(self) -> None:
        """They give up."""
        _close(self._clients)
        self._clients.clear()


SLOW_FRAMES = 1000


def _close(clients: Sequence[Client]) -> None:
    for client in clients:
        client.close()


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    ranked = sorted(values)
    return {
        name: ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1e3
        for name, share in PERCENTILES.items()
    }


async def main() -> None:
    targets = {name: Target(**told) for name, told in options()["targets"].items()}
    slow = SlowReaders()

    async def handle(case: Case) -> Answer:
        work, _, name = case.work.partition(" ")
        target = targets[name]
        try:
            match work:
                case "peak":
                    return await peak(target, case.runs, case.seconds)
                case "open":
                    return await open_loop(target, case.runs, case.seconds)
                case "streams":
                    return await streams(target, case.runs, case.steps, case.seconds)
                case "many":
                    return await many(target, case.runs, case.steps)
                case "slow":
                    await slow.begin(target, case.runs, case.steps)
                    return {}
                case _:
                    slow.end()
                    return {}
        except (Failed, OSError, ExceptionGroup) as wrong:
            return {
                "failed": str(wrong) if not isinstance(wrong, ExceptionGroup) else str(wrong.exceptions[0])
            }

    await serve_async(handle)


if __name__ == "__main__":
    run_main(main())
