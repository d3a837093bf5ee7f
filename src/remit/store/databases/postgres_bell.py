"""The bell between processes: a notification says that some run became due or got mail.

It rings on a connection of its own, never inside a transaction that appends (S19): there the notification
lock of Postgres would make all writers wait for each other. Rings that come close together are one. A ring
may get lost; whoever waits looks again by itself after a while.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit.store.databases.postgres_driver import asyncpg

if TYPE_CHECKING:
    from remit.store.databases.postgres_connections import Server
    from remit.store.databases.postgres_driver import Connection

_CHANNEL = "remit"
_GAP_SECONDS = 0.005
_PAUSE_SECONDS = 1.0
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class PostgresBell:
    """Rings for other processes, and hears them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._heard = asyncio.Event()
        self._work = asyncio.Event()
        self._rung = False
        self._closing = False
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Tell the others, soon."""
        self._rung = True
        self._work.set()
        self._start()

    async def wait(self, seconds: float) -> None:
        """Return when another process rang, or after `seconds`."""
        self._start()
        try:
            # not wait_for: that of Python 3.11 swallows a cancellation which comes together with a ring
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        except TimeoutError:
            return
        self._heard.clear()

    async def close(self) -> None:
        """Send what was rung, as far as that can be done soon, then let go."""
        self._closing = True
        self._work.set()
        if self._task is not None and (self._rung or self._connection is not None):
            await asyncio.wait({self._task}, timeout=_PAUSE_SECONDS)
        connection = self._stop()
        if connection is None:
            return
        try:
            await connection.close(timeout=_PAUSE_SECONDS)
        except _FAILURES:
            connection.terminate()

    def abandon(self) -> None:
        """Let go at once."""
        connection = self._stop()
        if connection is not None:
            connection.terminate()

    # --- the connection -----------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve(), name="remit-bell")

    def _stop(self) -> Connection | None:
        if self._task is not None:
            self._task.cancel()
        connection, self._connection = self._connection, None
        return connection

    async def _serve(self) -> None:
        while not self._closing or self._rung:
            try:
                await self._ring_until_lost(await self._listen())
            except _FAILURES:
                await asyncio.sleep(_PAUSE_SECONDS)  # the slow poll of those who wait covers the silence

    async def _listen(self) -> Connection:
        connection = self._connection = await self._server.connect()
        connection.add_termination_listener(self._on_loss)
        await connection.add_listener(_CHANNEL, self._on_ring)
        self._heard.set()  # whatever rang while nobody listened
        return connection

    async def _ring_until_lost(self, connection: Connection) -> None:
        while not connection.is_closed():
            if self._rung:
                self._rung = False
                await connection.execute(f"NOTIFY {_CHANNEL}")
                await asyncio.sleep(_GAP_SECONDS)
            elif self._closing:
                return
            else:
                self._work.clear()
                await self._work.wait()

    def _on_ring(self, _connection: object, pid: int, _channel: str, _payload: object) -> None:
        if self._connection is not None and pid != self._connection.get_server_pid():
            self._heard.set()

    def _on_loss(self, _connection: object) -> None:
        self._work.set()
