"""Answers as they come: who listens to a run hears every piece, provisional until the answer is in the log (S17).

A frame carries the path of the step, the attempt and the offset of its text; a new attempt begins with `reset`, also
one that a later life of the run makes. What somebody has seen of an unfinished answer is journaled every second. What
may be the beginning of a secret is held back until it is clear that it is none.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from remit.domain.action_events import PartialDelivered
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Evicted
from remit.wire.messages import StreamEvent, TextDelta, ToolCallStarted
from remit.wire.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Generator

    from remit.domain.clock import Timer
    from remit.engine.execution import Execution
    from remit.gate.secrets.redactor import Redactor

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

    async def ready(self) -> None:
        """Wait until they may be told anything."""
        ...

    def hear(self, attempt: int, event: StreamEvent) -> None:
        """One event."""
        ...

    def reset(self, attempt: int) -> None:
        """What was heard before does not count: another attempt begins."""
        ...


class Speaker(Listener, Protocol):
    """A listener that is told when an attempt is over."""

    def over(self, attempt: int, *, whole: bool) -> None:
        """Nothing more comes of this attempt; `whole`: the log is about to have the answer."""
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

    @contextmanager
    def listening(self, run: str) -> Generator[asyncio.Queue[Frame | None]]:
        """The frames of a run from now on; None after the last one."""
        queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._queues[run].add(queue)
        try:
            yield queue
        finally:
            self._queues[run].discard(queue)
            if not self._queues[run]:
                del self._queues[run]

    def close(self, run: str) -> None:
        """The run has ended: nothing more will come."""
        for queue in self._queues.get(run, ()):
            queue.put_nowait(None)


class StepListener:
    """Hands the events of one step's answer to whoever listens, and journals what they have seen."""

    def __init__(
        self, streams: Streams, redactor: Redactor, execution: Execution, path: str, earlier: int = 0
    ) -> None:
        self._streams = streams
        self._redactor = redactor
        self._execution = execution
        self._path = path
        self._earlier = earlier
        """Attempts that earlier lives of the run have made: somebody may have seen something of them."""
        self._offset = 0
        self._held = ""
        """What may be the beginning of a secret."""
        self._seen = Pieces()
        self._timer: Timer | None = None
        self._may_speak = False
        if earlier:
            self._say(1, "reset", "")

    async def ready(self) -> None:
        """Nothing is released before the log knows that the call was let pass (S3)."""
        if not self._may_speak:
            await self._execution.settled()
            self._may_speak = True
        if self._execution.sealed:
            raise Evicted

    def hear(self, attempt: int, event: StreamEvent) -> None:
        """Text and the names of tools are shown; arguments are not, before they are whole."""
        match event:
            case TextDelta(text=text) if not (self._held or self._redactor.knows_any):
                self._show(attempt, text)
            case TextDelta(text=text):
                self._held += text
                self._release(attempt, self._redactor.whole(self._held))
            case ToolCallStarted(name=name):
                self._release(attempt, len(self._held))
                self._say(attempt, "tool", self._redactor.text(name))
            case _:
                pass

    def reset(self, attempt: int) -> None:
        """Another attempt begins."""
        self._note(attempt - 1)
        self._offset, self._held = 0, ""
        self._say(attempt, "reset", "")

    def over(self, attempt: int, *, whole: bool) -> None:
        """Nothing more comes of this attempt; if the answer is whole, the log is about to have it."""
        if whole:
            self._release(attempt, len(self._held))
            self._forget()
        else:
            self._note(attempt)

    def _release(self, attempt: int, length: int) -> None:
        text, self._held = self._redactor.text(self._held[:length]), self._held[length:]
        if text:
            self._show(attempt, text)

    def _show(self, attempt: int, text: str) -> None:
        self._say(attempt, "text", text)
        self._offset += len(text)
        self._seen.append(text)
        if self._timer is None:
            clock = self._execution.services.clock
            self._timer = clock.call_at(clock.now() + _EVERY, lambda: self._note(attempt))

    def _say(self, attempt: int, kind: Literal["text", "tool", "reset"], text: str) -> None:
        run = self._execution.row.id
        if self._streams.listened(run):
            self._streams.say(Frame(run, self._path, self._earlier + attempt, self._offset, kind, text))

    def _note(self, attempt: int) -> None:
        if self._seen and not self._execution.sealed:
            text = str(self._seen)
            event = PartialDelivered(self._earlier + attempt, self._offset - len(text), text)
            self._execution.note(event, self._path)
        self._forget()

    def _forget(self) -> None:
        self._seen = Pieces()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
