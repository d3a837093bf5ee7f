"""An event stream cut into its frames without reading them: whoever hands a stream on may hold, hide or add whole
frames, and what is put together again is the very bytes that came. What a frame says, others know.
"""

from __future__ import annotations

import re

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r(?!\n)|\n\r\n|\r\n\r(?!\n)|\r\r\n|\r\n\n|\n\r(?!\n)")
_SHORTEST_END, _LONGEST_END = 2, 4


class WholeFrames:
    """Bytes in, whole frames out, each with the blank line that ends it."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._looked = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now."""
        if not self._rest and data.endswith(b"\n\n") and b"\r" not in data:  # the usual case
            if data.find(b"\n\n") == len(data) - _SHORTEST_END:
                return [data]
            return [part + b"\n\n" for part in data[:-_SHORTEST_END].split(b"\n\n")]
        rest = self._rest
        rest += data
        frames: list[bytes] = []
        start, look = 0, max(self._looked - _LONGEST_END, 0)
        while (end := _END.search(rest, look)) is not None:
            frames.append(bytes(rest[start : end.end()]))
            start = look = end.end()
        del rest[:start]
        self._looked = len(rest)
        return frames

    @property
    def size(self) -> int:
        """Bytes of the frame that is not complete."""
        return len(self._rest)

    def close(self) -> bytes:
        """What is left at the end."""
        left = bytes(self._rest)
        self._rest.clear()
        self._looked = 0
        return left
