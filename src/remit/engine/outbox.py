"""What goes from one run to its log, in order: events that somebody waits for, and notes that travel with them.

A note for which nobody waits would cost a commit of its own. It is sealed at once, so its place in the order is
certain, and carried by whatever is written next, at the latest when the loop turns. That an action was let pass is
not even sealed before that: if its outcome is known first, one event tells both. A commit that has not left yet takes
along what is written after it, so that a short run is one commit.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.domain.errors import Evicted, Infrastructure, NotEncodable
from remit.store.database import Commit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from remit.domain.action_events import ActionAdmitted
    from remit.domain.events import Event
    from remit.store.database import BlobRow, Committed, Database, EventRow, Fence, Op
    from remit.store.keys import DataKey
    from remit.store.pen import Pen

    Lose = Callable[[BaseException], None]
    """Told that what is in memory does not match the log any more."""


PATIENCE = 0.02
"""Seconds for which a patient one keeps what nobody waits for."""


def _unheard(wrong: BaseException) -> None:
    """Whoever would hear of it has left."""
    del wrong


class Outbox:
    """The way out of one run in memory."""

    def __init__(self, pen: Pen, database: Database, fence: Fence, lose: Lose) -> None:
        self._pen = pen
        self._database = database
        self._fence = fence
        self._lose = lose
        self._noted: list[EventRow] = []
        """Sealed, and waiting for the next commit."""
        self._ops: list[Op] = []
        """What is to be committed with them."""
        self._admitted: list[tuple[ActionAdmitted, str, int, Sequence[Op]]] = []
        """Not even sealed: what was let pass, where and when, and what is committed with that."""
        self._leaving = False
        """Whether everything goes when the loop turns."""
        self._last: Commit | None = None
        """What was submitted last, and when it is durable."""
        self._latest: asyncio.Future[Committed] | None = None
        self.patient = False
        """Whether what nobody waits for may wait a moment for what somebody does."""
        self._loop = asyncio.get_running_loop()

    def follow(self, commit: Commit, durable: asyncio.Future[Committed]) -> None:
        """What was submitted before anything of this."""
        self._last, self._latest = commit, durable

    def write(
        self, event: Event, path: str, at: int, ops: Sequence[Op], key: DataKey | None,
        blobs: Sequence[BlobRow], others: Sequence[EventRow],
    ) -> asyncio.Future[Committed]:  # fmt: skip
        """Write an event with what belongs to it; durable when the future resolves."""
        self.seal()
        sealed = self._pen.write(event, path, at, key)
        events, self._noted = [*self._noted, sealed, *others], []
        return self._commit(events, ops, blobs)

    def note(self, event: Event, path: str, at: int, ops: Sequence[Op]) -> None:
        """Write an event that nobody waits for. Operations are never held back: others may depend on them."""
        if ops:
            self.write(event, path, at, ops, None, (), ()).add_done_callback(self._check)
            return
        self.seal()
        self._noted.append(self._pen.write(event, path, at))
        self._leave_soon()

    def admit(self, event: ActionAdmitted, path: str, at: int, ops: Sequence[Op]) -> None:
        """Note that an action is let pass, which may be taken back until it leaves."""
        if ops and not self.patient:
            self.note(event, path, at, ops)
            return
        self._admitted.append((event, path, at, ops))
        self._leave_soon()

    def take_back(self, path: str) -> int:
        """How many attempts that were let pass here are known to nobody yet; nobody hears of them by themselves then,
        and nothing is committed for them.
        """
        left = [each for each in self._admitted if each[1] != path]
        taken = len(self._admitted) - len(left)
        self._admitted = left
        return taken

    def unhook(self) -> None:
        """The run has left memory: it is not pointed back to any more, and nobody is left to lose it."""
        self._lose = _unheard

    def seal(self) -> None:
        """Give everything its place in the order."""
        if self._admitted:
            admitted, self._admitted = self._admitted, []
            for event, path, at, ops in admitted:
                self._noted.append(self._sealed(event, path, at))
                self._ops += ops

    def _sealed(self, event: ActionAdmitted, path: str, at: int) -> EventRow:
        try:
            return self._pen.write(event, path, at)
        except NotEncodable:  # that it takes place must be known, whatever is to be said about it
            return self._pen.write(replace(event, detail=None), path, at)

    def _leave_soon(self) -> None:
        if not self._leaving:
            self._leaving = True
            if self.patient:
                self._loop.call_later(PATIENCE, self._leave)
            else:
                self._loop.call_soon(self._leave)

    def _leave(self) -> None:
        self._leaving = False
        try:
            self.send()
        except Exception as wrong:  # noqa: BLE001 - the loop calls this, and would only report it
            self._lose(wrong)

    def send(self) -> None:
        """Let notes go that nothing came along to take."""
        self.seal()
        if not self._noted:
            return
        events, self._noted = self._noted, []
        try:
            self._commit(events, (), ()).add_done_callback(self._check)
        except Infrastructure as wrong:
            self._lose(wrong)

    def hasten(self) -> None:
        """Somebody will wait for what is written so far: it leaves when the loop turns."""
        self.send()
        if self._last is not None and self._last.gathering:
            self._database.hurry(self._last)

    async def settled(self) -> None:
        """Wait until everything written so far is in the log, or refused."""
        self.hasten()
        if self._latest is not None and not self._latest.done():
            await asyncio.wait([self._latest])

    def _commit(
        self, events: list[EventRow], ops: Sequence[Op], blobs: Sequence[BlobRow]
    ) -> asyncio.Future[Committed]:
        carried = [*self._pen.take_blobs(), *blobs] if self._pen.blobs or blobs else []
        noted, self._ops = self._ops, []
        last, durable = self._last, self._latest
        if last is not None and last.gathering:
            self._database.hurry(last)
            if durable is not None and not any(op.one for op in (*noted, *ops)):
                last.events += events
                last.blobs += carried
                last.ops += [*noted, *ops]
                return asyncio.shield(durable)  # others wait for the same: nobody's cancel is everybody's
        self._last = Commit(events, carried, [*noted, *ops], [], self._fence)
        self._latest = self._database.submit(self._last)
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

    def unhook(self) -> None:
        """The run has left memory."""
        self._lose = _unheard

    def __enter__(self) -> None:
        """Nothing has to be prepared."""

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(wrong, Infrastructure):
            self._lose(wrong)
            raise Evicted from wrong
