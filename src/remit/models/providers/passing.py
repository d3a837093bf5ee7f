"""A stream on its way through: the frames as they came, beside what they say. What is done with either, and where bytes
come from, others know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import MalformedAnswer
from remit.wire.messages import Failed, Finished, TextDelta
from remit.wire.whole_frames import WholeFrames

if TYPE_CHECKING:
    from remit.wire.dialect import StreamDecoder
    from remit.wire.messages import StreamEvent

Said = list["StreamEvent"] | TextDelta
"""What frames say; all by itself, that they are nothing but more words."""


class Passing:
    """One stream."""

    def __init__(self, decoder: StreamDecoder, largest: int) -> None:
        self._decoder = decoder
        self._largest = largest
        self._whole = WholeFrames()
        self._unread = 0
        """Bytes since something was said."""
        self.over = False
        """Nothing more of it counts."""
        self.ended = False
        """It said itself that it is over."""

    def take(self, chunk: bytes) -> list[tuple[bytes, Said]]:
        """What is whole with these bytes; none are its end. A stream that is none ends with `Failed`."""
        if not chunk:
            self.over, last = True, self._whole.close()
            return [(last, (feed(self._decoder, last) if last else []) + self._decoder.close())]
        self._unread += len(chunk)
        found: list[tuple[bytes, Said]] = []
        for frames, said in _read(self._decoder, self._whole.feed(chunk)):
            found.append((frames, said))
            if said:
                self._unread = 0
                if isinstance(said, list) and isinstance(said[-1], Finished | Failed):
                    self.over = self.ended = True
                    return found
        if self._unread > self._largest:
            self.over = True
            found.append((b"", [Failed(f"it sent {self._unread} bytes that say nothing", "malformed")]))
        return found


def feed(decoder: StreamDecoder, chunk: bytes) -> list[StreamEvent]:
    """What bytes say; that they are no stream is said as well."""
    try:
        return decoder.feed(chunk)
    except MalformedAnswer as wrong:
        return [Failed(wrong.message, "malformed")]


def _read(decoder: StreamDecoder, frames: list[bytes]) -> list[tuple[bytes, Said]]:
    """What frames say. Those that came together and only go on with the same text are one."""
    found: list[tuple[bytes, Said]] = []
    words: list[str] = []
    together: list[bytes] = []
    index = 0

    def end_words() -> None:
        if words:
            found.append((b"".join(together), TextDelta(index, "".join(words))))
            words.clear()
            together.clear()

    for frame in frames:
        said = decoder.words(frame)
        if said is not None and len(frames) == 1:
            return [(frame, said)]
        if said is None or said.index != index:
            end_words()
        if said is None:
            found.append((frame, feed(decoder, frame)))
        else:
            index = said.index
            words.append(said.text)
            together.append(frame)
    end_words()
    return found
