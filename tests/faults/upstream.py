"""A process that stands for model providers and fails as it is told: `python -m tests.faults.upstream` prints its port.

Which fault a request meets stands in the model it asks for: `cut-inside`, or `cut-inside.late`. The first part of
the path is a corner of its own, so that tests do not see each other. Every request is in the journal of its corner, in
the order of arrival: `GET /journal/CORNER`; with `?hung_up=N` the answer waits until N callers went away before the
end, with `?pressed=N` until N take nothing more. `GET /let/CORNER` lets those speak that are held there.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from urllib.request import urlopen

from tests.faults.answers import DIALECTS
from tests.faults.scripts import ODD, SCRIPTS, Talk

ROOT = Path(__file__).resolve().parents[2]
PATHS = {"/chat/completions": "openai_chat", "/responses": "openai_responses", "/messages": "anthropic"}


@dataclass(slots=True)
class Visit:
    """One request as it came, and how it was left."""

    model: str
    dialect: str
    stream: bool
    headers: dict[str, str]
    body: Any
    ended: str = "under way"


class Journal:
    """Who came to a corner."""

    def __init__(self) -> None:
        self._visits: dict[str, list[Visit]] = defaultdict(list)
        self._changed = asyncio.Condition()
        self.let_go: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def came(self, corner: str, visit: Visit) -> None:
        self._visits[corner].append(visit)

    async def left(self, visit: Visit, how: str) -> None:
        async with self._changed:
            visit.ended = how
            self._changed.notify_all()

    async def read(self, corner: str, ended: str, times: int) -> list[dict[str, Any]]:
        def enough() -> bool:
            return sum(each.ended == ended for each in self._visits[corner]) >= times

        async with self._changed:
            await self._changed.wait_for(enough)
        return [asdict(each) for each in self._visits[corner]]


class Upstream:
    """Answers on any number of connections."""

    def __init__(self) -> None:
        self._journal = Journal()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        ahead: bytes | None = b""
        try:
            while ahead is not None:
                head = ahead + await reader.readuntil(b"\r\n\r\n")
                ahead = await self._one(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """One request; what was read of the next one, or None where there will be none."""
        target, headers = _parsed(head)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        _, corner, rest = urlsplit(target).path.split("/", 2)
        if corner == "journal":
            ended, times = next(iter(parse_qsl(urlsplit(target).query)), ("", "0"))
            await _reply(writer, await self._journal.read(rest, ended.replace("_", " "), int(times)))
            return b""
        if corner == "let":
            self._journal.let_go[rest].set()
            await _reply(writer, rest)
            return b""
        visit = _visit(f"/{rest}", urlsplit(target).query, headers, body)
        self._journal.came(corner, visit)
        return await self._play(visit, self._journal.let_go[corner], reader, writer)

    async def _play(
        self, visit: Visit, let_go: asyncio.Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Play the script. If the caller's side ends while it is played, it went away; a byte is its next request, for
        the end of the answer may be read there before the script is known to be over here.
        """
        fault, _, when = visit.model.partition(".")
        hung_up, pressed = asyncio.Event(), asyncio.Event()
        talk = Talk(DIALECTS[visit.dialect], visit.stream, when == "late", writer, hung_up, let_go, pressed)
        watch = asyncio.ensure_future(_gone(reader, hung_up))
        note = asyncio.ensure_future(self._note(visit, pressed))
        try:
            await (SCRIPTS | ODD)[fault](talk)
        except ConnectionError:
            hung_up.set()
        note.cancel()
        went = hung_up.is_set()
        watch.cancel()
        await asyncio.wait([watch])
        await self._journal.left(visit, "hung up" if went else "answered")
        if went or writer.is_closing():
            return None
        return b"" if watch.cancelled() else watch.result()

    async def _note(self, visit: Visit, pressed: asyncio.Event) -> None:
        await pressed.wait()
        await self._journal.left(visit, "pressed")


async def _gone(reader: asyncio.StreamReader, hung_up: asyncio.Event) -> bytes:
    """The first byte of the next request, unless there comes none."""
    ahead = b""
    with suppress(ConnectionError):
        ahead = await reader.read(1)
    if not ahead:
        hung_up.set()
    return ahead


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs}


def _visit(path: str, query: str, headers: dict[str, str], raw: bytes) -> Visit:
    body = json.loads(raw)
    for suffix, dialect in PATHS.items():
        if path.endswith(suffix):
            return Visit(body["model"], dialect, bool(body.get("stream")), headers, body)
    model, _, method = unquote(path).rpartition("/")[2].partition(":")
    return Visit(model, "gemini", method.startswith("stream") or "alt=sse" in query, headers, body)


async def _reply(writer: asyncio.StreamWriter, value: object) -> None:
    body = json.dumps(value).encode()
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    )
    await writer.drain()


# --- from the test's side ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Faulty:
    """The process, seen from a test."""

    url: str

    def at(self, corner: str, dialect: str) -> str:
        """The base address of a provider of this dialect, in a corner."""
        version = {"anthropic": "", "gemini": "/v1beta"}.get(dialect, "/v1")
        return f"{self.url}/{corner}{version}"

    def journal(self, corner: str, **until: int) -> list[dict[str, Any]]:
        """Who came there; waits until so many went away before the end (`hung_up=N`) or take no more (`pressed=N`)."""
        return self._ask(f"/journal/{corner}?{urlencode(until)}")

    def let_go(self, corner: str) -> None:
        """Let those speak that are held in a corner."""
        self._ask(f"/let/{corner}")

    def _ask(self, path: str) -> Any:
        with urlopen(self.url + path, timeout=20) as reply:  # noqa: S310 - loopback
            return json.load(reply)


@contextmanager
def faulty_upstream() -> Generator[Faulty]:
    """The process, while it is needed; it ends with its standard input."""
    command = [sys.executable, "-m", "tests.faults.upstream"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the faulty upstream did not start"
        yield Faulty(f"http://127.0.0.1:{port}")


async def _main() -> None:
    server = await asyncio.start_server(Upstream().serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - this is how it says where it is
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
