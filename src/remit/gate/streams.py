"""Answers as they come: who listens to a run hears every piece, provisional until the answer is in the log (S17).

A frame carries the path of the step, the attempt and the offset of its text; a new attempt begins with `reset`.
What somebody has seen of an unfinished answer is journaled every second.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from remit.domain.action_events import PartialDelivered
from remit.domain.clock import MICROSECONDS
from remit.wire.messages import StreamEvent, TextDelta, ToolCallStarted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from remit.engine.execution import Execution

_EVERY = MICROSECONDS
_BACKLOG = 10_000


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of an answer that is not in the log yet."""

    run: str
    path: str
    attempt: int
    offset: int
    kind: Literal["text", "tool", "reset"]
    text: str


class Listener(Protocol):
    """Somebody who hears events of an answer."""

    def hear(self, attempt: int, event: StreamEvent) -> None:
        """One event."""
        ...

    def reset(self, attempt: int) -> None:
        """What was heard before does not count: another attempt begins."""
        ...


class Streams:
    """Who listens to which run, in this process."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[Frame | None]]] = defaultdict(set)

    def listened(self, run: str) -> bool:
        """Whether anybody hears what this run says."""
        return bool(self._queues.get(run))

    def say(self, frame: Frame) -> None:
        """Tell everybody who listens; whoever is too slow misses pieces, never the answer."""
        for queue in self._queues.get(frame.run, ()):
            if queue.qsize() < _BACKLOG:
                queue.put_nowait(frame)

    async def listen(self, run: str, ready: asyncio.Event | None = None) -> AsyncIterator[Frame]:
        """The frames of a run, until `close`."""
        queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._queues[run].add(queue)
        if ready is not None:
            ready.set()
        try:
            while (frame := await queue.get()) is not None:
                yield frame
        finally:
            self._queues[run].discard(queue)
            if not self._queues[run]:
                del self._queues[run]

    def close(self, run: str) -> None:
        """The run has left: nothing more will come."""
        for queue in self._queues.get(run, ()):
            queue.put_nowait(None)


class StepListener:
    """Hands the events of one step's answer to whoever listens, and journals what they have seen."""

    def __init__(self, streams: Streams, execution: Execution, path: str) -> None:
        self._streams = streams
        self._execution = execution
        self._path = path
        self._offset = 0
        self._seen: list[str] = []
        self._noted = execution.now()

    def hear(self, attempt: int, event: StreamEvent) -> None:
        """Text and the names of tools are shown; arguments are not, before they are whole."""
        match event:
            case TextDelta(text=text):
                self._say(attempt, "text", text)
            case ToolCallStarted(name=name):
                self._say(attempt, "tool", name)
            case _:
                pass

    def reset(self, attempt: int) -> None:
        """Another attempt begins."""
        self._note(attempt - 1)
        self._offset = 0
        self._streams.say(Frame(self._execution.row.id, self._path, attempt, 0, "reset", ""))

    def _say(self, attempt: int, kind: Literal["text", "tool"], text: str) -> None:
        self._streams.say(Frame(self._execution.row.id, self._path, attempt, self._offset, kind, text))
        if kind == "text":
            self._offset += len(text)
            self._seen.append(text)
            if self._execution.now() - self._noted >= _EVERY:
                self._note(attempt)

    def _note(self, attempt: int) -> None:
        if self._seen and not self._execution.sealed:
            text = "".join(self._seen)
            self._execution.note(PartialDelivered(attempt, self._offset - len(text), text), self._path)
        self._seen, self._noted = [], self._execution.now()
