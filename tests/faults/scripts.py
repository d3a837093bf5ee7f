"""The faults of an upstream, each a short script over one connection: what is said, where it stops, and how.

A fault strikes `early`, before a word was said, or `late`, after two of them. Two of the sixteen, a refused
connection and a name that leads nowhere, are addresses instead, so they have no script here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.faults.answers import SOUND, SPOILT, Dialect, Speech

CHATTER_SECONDS = 0.02
STUCK_SECONDS = 0.5
"""A socket that takes nothing for so long has a reader that stopped."""
TIMES_SAID = 2


@dataclass(frozen=True, slots=True)
class Talk:
    """One request, and the means to answer it badly."""

    dialect: Dialect
    stream: bool
    late: bool
    writer: asyncio.StreamWriter
    hung_up: asyncio.Event
    let_go: asyncio.Event
    pressed: asyncio.Event
    """Set once the caller takes no more."""

    @property
    def spoilt(self) -> Speech:
        """The answer that will not be whole."""
        return self.dialect.speech(SPOILT)

    async def begin(self, kind: str = "text/event-stream") -> None:
        """The head of a body that comes in pieces."""
        await self.send(
            f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )

    async def piece(self, data: bytes) -> None:
        """One piece of it, in a packet of its own."""
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def pieces(self, *frames: bytes) -> None:
        """Several."""
        for frame in frames:
            await self.piece(frame)

    async def close(self) -> None:
        """The orderly end of it."""
        await self.send(b"0\r\n\r\n")

    async def answer(self, body: bytes, status: str = "200 OK", **headers: str) -> None:
        """A whole answer."""
        said = {"content-type": "application/json", "content-length": str(len(body))}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        await self.send(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)

    async def promise(self, body: bytes) -> None:
        """Less than the head announces."""
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body) * 2}\r\n\r\n"
        await self.send(head.encode() + body)

    async def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.writer.write(data)
        drained = asyncio.ensure_future(self.writer.drain())
        done, _ = await asyncio.wait([drained], timeout=STUCK_SECONDS)
        if not done:
            self.pressed.set()
        await drained

    async def refuse(self, status: int, reason: str, **headers: str) -> None:
        """An error in the words of the dialect."""
        said = self.dialect.refusal(status, f"the upstream says {reason}")
        await self.answer(json.dumps(said).encode(), f"{status} {reason}", **headers)

    async def opened(self) -> None:
        """A stream up to the place where the fault strikes."""
        await self.begin()
        await self.pieces(*self.spoilt.opening, *(self.spoilt.words[:TIMES_SAID] if self.late else ()))

    def half(self) -> bytes:
        """The first half of a whole body."""
        body = json.dumps(self.dialect.body("".join(SPOILT))).encode()
        return body[: len(body) // 2]

    def abort(self) -> None:
        """No goodbye: the peer sees a reset, or the end of the stream."""
        self.writer.transport.abort()

    async def silence(self) -> None:
        """Until the caller has enough."""
        await self.hung_up.wait()


Script = Callable[[Talk], Awaitable[None]]


async def sound(talk: Talk) -> None:
    """As it should be."""
    if talk.stream:
        await talk.begin()
        await talk.pieces(*talk.dialect.speech(SOUND).whole)
        await talk.close()
    else:
        await talk.answer(json.dumps(talk.dialect.body("".join(SOUND))).encode())


async def _reset(talk: Talk) -> None:
    talk.abort()


async def _broken(talk: Talk) -> None:
    await talk.refuse(500, "Internal Server Error")


async def _limited(talk: Talk) -> None:
    await talk.refuse(429, "Too Many Requests", retry_after="20")


async def _overloaded(talk: Talk) -> None:
    await talk.refuse(529, "Overloaded")


async def _slow(talk: Talk) -> None:
    await talk.silence()


async def _silent(talk: Talk) -> None:
    if talk.stream:
        await talk.opened()
    else:
        await talk.promise(talk.half())
    await talk.silence()


async def _cut_between(talk: Talk) -> None:
    if talk.stream:
        await talk.opened()
        await talk.close()
    else:
        await talk.promise(talk.half())
        talk.abort()


async def _cut_inside(talk: Talk) -> None:
    if talk.stream:
        await talk.opened()
        frame = talk.spoilt.words[TIMES_SAID]
        await talk.piece(frame[: len(frame) // 2])
    else:
        await talk.promise(talk.half())
    talk.abort()


async def _cut_in_tool(talk: Talk) -> None:
    if talk.stream:
        await talk.opened()
        frames = talk.spoilt.tool_after if talk.late else talk.spoilt.tool
        last = frames[-1]
        await talk.pieces(*frames[:-1], last[: len(last) // 2])
    else:
        await talk.promise(talk.half())
    talk.abort()


async def _truncated(talk: Talk) -> None:
    if talk.stream:
        await talk.opened()
        await talk.piece(talk.spoilt.words[TIMES_SAID].rstrip()[:-9] + b"\n\n")
        await talk.close()
    else:
        await talk.answer(talk.half())


async def _wrong_type(talk: Talk) -> None:
    await talk.answer(b"<html><body>Welcome to the guest network</body></html>", content_type="text/html")


async def _empty(talk: Talk) -> None:
    if talk.stream:
        await talk.begin()
        await talk.pieces(*talk.spoilt.empty)
        await talk.close()
    else:
        await talk.answer(json.dumps(talk.dialect.nothing).encode())


async def _in_band(talk: Talk) -> None:
    if talk.stream:
        await talk.opened()
        await talk.piece(talk.spoilt.error)
        await talk.close()
    else:
        await talk.answer(json.dumps(talk.dialect.refusal(500, "an error that came with 200")).encode())


async def _keep_alive(talk: Talk) -> None:
    if talk.stream:
        await talk.opened() if talk.late else await talk.begin()
    else:
        await talk.begin("application/json")
    while not talk.hung_up.is_set():
        await talk.piece(b": keep-alive\n\n" if talk.stream else b" ")
        with suppress(TimeoutError):
            await asyncio.wait_for(talk.hung_up.wait(), CHATTER_SECONDS)


# --- odd, but sound ---------------------------------------------------------------------------------------------


async def _held(talk: Talk) -> None:
    """Says nothing until the test lets it."""
    await talk.begin()
    waits = [asyncio.ensure_future(each.wait()) for each in (talk.hung_up, talk.let_go)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in waits:
        each.cancel()
    await talk.pieces(*talk.dialect.speech(SOUND).whole)
    await talk.close()


async def _crumbs(talk: Talk) -> None:
    """Lines that end as on Windows, data over several lines, in pieces that respect neither a frame nor a letter."""
    said = b"".join(talk.dialect.speech(FOREIGN).whole)
    said = said.replace(b", ", b",\ndata: ").replace(b"\n", b"\r\n")
    await talk.begin()
    for at in range(0, len(said), 7):
        await talk.piece(said[at : at + 7])
    await talk.close()


async def _large(talk: Talk) -> None:
    """One frame of a megabyte among small ones."""
    await talk.begin()
    await talk.pieces(*talk.dialect.speech(("A ", "x" * MEGABYTE, " word.")).whole)
    await talk.close()


async def _many(talk: Talk) -> None:
    """A hundred thousand frames."""
    speech = talk.dialect.speech(("x", "y"))
    await talk.begin()
    await talk.pieces(*speech.opening, speech.words[0])
    for _ in range(MANY // BATCH):
        await talk.piece(speech.words[1] * BATCH)
    await talk.pieces(*speech.ending)
    await talk.close()


async def _flood(talk: Talk) -> None:
    """More than all buffers on the way hold, for a reader that stops."""
    speech = talk.dialect.speech(("x", "y" * (MEGABYTE // 8)))
    await talk.begin()
    await talk.pieces(*speech.opening, speech.words[0])
    for _ in range(FLOOD):
        await talk.piece(speech.words[1])
    await talk.pieces(*speech.ending)
    await talk.close()


FOREIGN = ("Grüße ", "aus ", "東京 ", "🎉")
MEGABYTE = 1_000_000
MANY, BATCH = 100_000, 200
FLOOD = 800
"""Times an eighth of a megabyte: what kernels buffer on two hops is far less."""

SCRIPTS: dict[str, Script] = {
    "sound": sound,
    "reset": _reset,
    "broken": _broken,
    "limited": _limited,
    "overloaded": _overloaded,
    "slow": _slow,
    "silent": _silent,
    "cut-between": _cut_between,
    "cut-inside": _cut_inside,
    "cut-in-tool": _cut_in_tool,
    "truncated": _truncated,
    "wrong-type": _wrong_type,
    "empty": _empty,
    "in-band": _in_band,
    "keep-alive": _keep_alive,
}
ODD: dict[str, Script] = {"held": _held, "crumbs": _crumbs, "large": _large, "many": _many, "flood": _flood}
ADDRESSES = ("refused", "no-name")
"""Faults of the way to the upstream."""
FAULTS = (*(name for name in SCRIPTS if name != "sound"), *ADDRESSES)
LATE = ("silent", "cut-between", "cut-inside", "cut-in-tool", "truncated", "in-band", "keep-alive")
"""Those that can strike after words were said."""
