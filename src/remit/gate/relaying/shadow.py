"""What a client was shown of an answer in its provider's own bytes, for whoever may have to go on with it in words of
ours. Nearly nobody has to, so it is kept and not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.wire.messages import TextDelta
from remit.wire.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.wire.messages import StreamEvent


class Shadow:
    """Events in their order; words that go on with the same part are one."""

    __slots__ = ("_events", "_index", "_words")

    def __init__(self) -> None:
        self._events: list[StreamEvent] = []
        self._words = Pieces()
        self._index = -1

    def add(self, event: StreamEvent) -> None:
        """This was shown."""
        if not isinstance(event, TextDelta):
            self._end_words()
            self._events.append(event)
            return
        if event.index != self._index:
            self._end_words()
            self._index = event.index
        self._words.append(event.text)

    def tell(self, hear: Callable[[StreamEvent], object]) -> None:
        """All of it, to somebody who has to know how far it came."""
        self._end_words()
        for event in self._events:
            hear(event)

    def _end_words(self) -> None:
        if self._words:
            self._events.append(TextDelta(self._index, str(self._words)))
            self._words = Pieces()
