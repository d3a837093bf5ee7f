"""The model provider behind every gateway: as cheap as Python can be, so that it hides nobody's cost.

It owns what a provider would say, whole or frame by frame, and stamps each frame with the moment it left. The caller
says in the question how a stream is to be: `shape FRAMES.PACE.SIZE`, the pace in milliseconds and the size in bytes. It
must not know who asks.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any, cast

from bench.contenders.loop import run_main
from bench.protocol import Answer, Case, serve_async

WORDS = "The quick brown fox jumps over the lazy dog, and then does it again. " * 4
WHOLE = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "bench",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 24, "completion_tokens": 64, "total_tokens": 88},
}
BODY = json.dumps(WHOLE).encode()
REPLY = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY)
) + BODY
LAST = b"0\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
SHAPE = re.compile(rb"shape (\d+)\.(\d+)\.(\d+)")
STREAMED = re.compile(rb'"stream": ?true')
MOST_WAITING = 1 << 16
"""Bytes that may wait in a connection before the mock pauses: a slow reader is not its problem to keep."""


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One frame of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    said = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "bench"}
    return {**said, "choices": [choice], **more}


def frame(event: dict[str, Any]) -> bytes:
    """As it goes over the wire."""
    return piece(b"data: %b\n\n" % json.dumps(event, separators=(",", ":")).encode())


def piece(data: bytes) -> bytes:
    """A chunk of HTTP."""
    return b"%x\r\n%b\r\n" % (len(data), data)


OPENING = frame(chunk({"role": "assistant", "content": ""}))
ENDING = (
    frame(chunk({}, "stop"))
    + frame({**chunk({}, usage=WHOLE["usage"]), "choices": []})
    + piece(b"data: [DONE]\n\n")
    + LAST
)
BEFORE, AFTER = json.dumps(chunk({"content": "@"}), separators=(",", ":")).split("@")


class Provider(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._unread = b""
        self._transport: asyncio.Transport | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(MOST_WAITING)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self._unread, 0, end)
            # whoever sends no length sends chunks; nobody sends a second request before the answer
            total = end + 4 + int(found[1]) if found else self._unread.rfind(LAST, end) + len(LAST)
            if len(self._unread) < total or total <= end:
                return
            body, self._unread = self._unread[end + 4 : total], self._unread[total:]
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        assert self._transport is not None
        if not STREAMED.search(body):
            self._transport.write(REPLY)
            return
        found = SHAPE.search(body)
        frames, pace, size = map(int, found.groups()) if found else (1, 0, 0)
        self._task = asyncio.ensure_future(self._stream(frames, pace / 1000, size))

    async def _stream(self, frames: int, pace: float, size: int) -> None:
        assert self._transport is not None
        write, filling = self._transport.write, "x" * size
        write(STREAM + OPENING)
        begun = time.monotonic()
        for number in range(frames):
            await self._room.wait()
            write(piece(f"data: {BEFORE}@{time.monotonic_ns()}@{filling}{AFTER}\n\n".encode()))
            await asyncio.sleep(max(0.0, begun + (number + 1) * pace - time.monotonic()))
        write(ENDING)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]

    async def handle(_case: Case) -> Answer:
        return {"port": port}

    await serve_async(handle)


if __name__ == "__main__":
    run_main(main())
