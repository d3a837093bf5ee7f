"""What goes from one run to its log, in order: events that somebody waits for, and notes that travel with them.

A note for which nobody waits would cost a commit of its own. It is sealed at once, so its place in the order is
certain, and carried by whatever is written next, at the latest when the loop turns.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit.domain.errors import Evicted, Infrastructure
from remit.store.database import Commit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from remit.domain.events import Event
    from remit.store.database import BlobRow, Committed, Database, EventRow, Fence, Op
    from remit.store.keys import DataKey
    from remit.store.pen import Pen

    Lose = Callable[[BaseException], None]
    """Told that what is in memory does not match the log any more."""


class Outbox:
    """The way out of one run in memory."""

    def __init__(self, pen: Pen, database: Database, fence: Fence, lose: Lose) -> None:
        self._pen = pen
        self._database = database
        self._fence = fence
        self._lose = lose
        self._noted: list[EventRow] = []
        """Sealed, and waiting for the next commit."""
        self._latest: asyncio.Future[Committed] | None = None

    def write(
        self, event: Event, path: str, at: int, ops: Sequence[Op], key: DataKey | None,
        blobs: Sequence[BlobRow], others: Sequence[EventRow],
    ) -> asyncio.Future[Committed]:  # fmt: skip
        """Write an event with what belongs to it; durable when the future resolves."""
        sealed = self._pen.write(event, path, at, key)
        events, self._noted = [*self._noted, sealed, *others], []
        return self._commit(events, ops, blobs)

    def note(self, event: Event, path: str, at: int, ops: Sequence[Op]) -> None:
        """Write an event that nobody waits for. Operations are never held back: others may depend on them."""
        if ops:
            self.write(event, path, at, ops, None, (), ()).add_done_callback(self._check)
            return
        self._noted.append(self._pen.write(event, path, at))
        if len(self._noted) == 1:
            asyncio.get_running_loop().call_soon(self.send)

    def send(self) -> None:
        """Let notes go that nothing came along to take."""
        if not self._noted:
            return
        events, self._noted = self._noted, []
        try:
            self._commit(events, (), ()).add_done_callback(self._check)
        except Infrastructure as wrong:
            self._lose(wrong)

    async def settled(self) -> None:
        """Wait until everything written so far is in the log, or refused."""
        self.send()
        if self._latest is not None:
            await asyncio.wait([self._latest])

    def _commit(
        self, events: list[EventRow], ops: Sequence[Op], blobs: Sequence[BlobRow]
    ) -> asyncio.Future[Committed]:
        carried = [*self._pen.take_blobs(), *blobs] if self._pen.blobs or blobs else []
        self._latest = self._database.submit(Commit(events, carried, list(ops), [], self._fence))
        return self._latest

    def _check(self, durable: asyncio.Future[Committed]) -> None:
        wrong = None if durable.cancelled() else durable.exception()
        if wrong is not None:
            self._lose(wrong)


class Ground:
    """The store under a run: what it cannot give is no error of the flow. It keeps nothing while it is entered, so
    branches may stand on it side by side.
    """

    __slots__ = ("_lose",)

    def __init__(self, lose: Lose) -> None:
        self._lose = lose

    def __enter__(self) -> None:
        """Nothing has to be prepared."""

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(wrong, Infrastructure):
            self._lose(wrong)
            raise Evicted from wrong
