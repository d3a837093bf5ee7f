"""What reached a run from outside: which message belongs to which wait, in the order both came (S1).

Messages are rows that others wrote; here they are only matched. Delivering one is the owner's act: it journals
the delivery and removes the row in one commit.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.store.database import Row

ORDERS = frozenset({"cancel", "pause", "resume", "migrate"})
"""Messages to the run as a whole; all others are for one wait."""


class Message(NamedTuple):
    """A row of the inbox: what kind, about what, and the event that carries the content."""

    id: str
    kind: str
    name: str
    stream: str
    seq: int

    @property
    def key(self) -> str:
        """What a wait asks for to get this message."""
        return f"{self.kind}:{self.name}"

    @property
    def ref(self) -> str:
        """The event that brought it."""
        return f"{self.stream}#{self.seq}"


def _nowhere(path: str, message: Message) -> None:
    """There is nobody left to be given it."""
    del path, message


class Mailbox:
    """Matches messages with waits, first come first served on both sides."""

    def __init__(self, deliver: Callable[[str, Message], None]) -> None:
        self.seen = 0
        """How much of the mail that the run was sent has been read, and its orders followed."""
        self.reading = asyncio.Lock()
        """Whoever reads it follows the orders too, before anybody else may say that there were none."""
        self._deliver = deliver
        self._loose: list[Message] = []
        self._known: set[str] = set()
        self._waits: dict[str, tuple[str, ...]] = {}
        self._assigned: dict[str, Message] = {}
        self.over: set[str] = set()
        """Waits that have ended in this segment."""

    def unhook(self) -> None:
        """The run has left memory: it is not pointed back to any more."""
        self._deliver = _nowhere

    def receive(self, rows: list[Row]) -> list[Message]:
        """Take note of the inbox as it stands; gives the new orders, and matches the rest."""
        fresh = [Message(*row) for row in rows if row[0] not in self._known]
        self._known.update(message.id for message in fresh)
        self._loose.extend(m for m in fresh if m.kind not in ORDERS)
        self._match()
        return [m for m in fresh if m.kind in ORDERS]

    def expect(self, path: str, *keys: str) -> Message | None:
        """A wait at `path` wants a message with one of these keys; the one it has already, if any."""
        if path not in self._waits:
            self._waits[path] = keys
            self._match()
        return self._assigned.get(path)

    def close(self, path: str) -> None:
        """The wait is over; a message it did not consume goes to the next in line."""
        self.over.add(path)
        self._waits.pop(path, None)
        left = self._assigned.pop(path, None)
        if left is not None:
            self._loose.insert(0, left)
            self._match()

    def consume(self, path: str) -> None:
        """The message of this wait was delivered, for good."""
        self.over.add(path)
        self._waits.pop(path, None)
        self._assigned.pop(path, None)

    def find(self, key: str) -> Message | None:
        """A message that waits for nobody in particular yet."""
        return next((m for m in self._loose if m.key == key), None)

    def _match(self) -> None:
        for path, keys in list(self._waits.items()):
            if path in self._assigned:
                continue
            message = next((m for m in self._loose if m.key in keys), None)
            if message is not None:
                self._loose.remove(message)
                self._assigned[path] = message
                self._deliver(path, message)
