"""The pipes of a server that is a process of ours: one JSON message a line, each of a bounded length.

It is given the environment that it is given, nothing more. It has a process group of its own, and is ended by it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import anyio
import mcp_types
from mcp.shared.message import SessionMessage

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

_log = logging.getLogger(__name__)
_LONGEST = 64 * 1024 * 1024
_CHUNK = 1 << 18
_GRACE = 2.0
"""How long a server may take to leave by itself once its input is closed."""
_TOLD = 2_000


@asynccontextmanager
async def pipes(
    command: Sequence[str], env: dict[str, str], cwd: Path, name: str
) -> AsyncGenerator[
    tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]
]:
    """Start the process, and give the streams of messages from it and to it."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=env, cwd=cwd, start_new_session=True,
    )  # fmt: skip
    arriving, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with anyio.create_task_group() as group, incoming, outgoing:
            group.start_soon(_read, process, arriving)
            group.start_soon(_write, process, leaving)
            group.start_soon(_listen, process, name)
            try:
                yield incoming, outgoing
            finally:
                with anyio.CancelScope(shield=True):
                    await _end(process)
                group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)
        leaving.close()
        arriving.close()


async def _read(process: Process, arriving: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    """Pass on every line; when the process is gone, or says more in a line than may be, the stream ends."""
    assert process.stdout is not None  # noqa: S101 - asked for
    line = bytearray()
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
        async with arriving:
            while chunk := await process.stdout.read(_CHUNK):
                *whole, rest = chunk.split(b"\n")
                for part in whole:
                    line += part
                    if line.strip():
                        await arriving.send(_message(bytes(line)))
                    line.clear()
                line += rest
                if len(line) > _LONGEST:
                    _log.warning("a server sent a message of more than %d MiB; it is cut off", _LONGEST >> 20)
                    return


async def _write(process: Process, leaving: MemoryObjectReceiveStream[SessionMessage]) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for
    with suppress(ConnectionError, anyio.ClosedResourceError):
        async with leaving:
            async for message in leaving:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                process.stdin.write(text.encode() + b"\n")
                await process.stdin.drain()


async def _listen(process: Process, name: str) -> None:
    """What it says beside the messages is noise for whoever looks for it, and must not fill a pipe."""
    assert process.stderr is not None  # noqa: S101 - asked for
    while chunk := await process.stderr.read(_CHUNK):
        _log.debug("%s: %s", name, chunk[:_TOLD].decode(errors="replace").rstrip())


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as wrong:
        return wrong


async def _end(process: Process) -> None:
    """Let it leave by itself for a moment, then end it and all that it started."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.returncode is None:
        await process.wait()
