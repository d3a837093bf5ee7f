"""Server-sent events, the frame under every streaming dialect: bytes to frames and back.

Where a chunk is cut means nothing: in the middle of a line, of a line end, of a character. A line is decoded only
when it is whole, and no byte is looked at more than a fixed number of times, whatever a frame's size. It must not
know what the data says.
"""

from __future__ import annotations

from msgspec import Struct

from remit.domain.action_errors import MalformedAnswer

LARGEST_FRAME = 64 * 1024 * 1024
"""Bytes without the end of a frame after which a stream is given up, before it fills the memory."""


class Frame(Struct, frozen=True, omit_defaults=True):
    """One event as it was sent. A frame that is only a comment (a keep-alive) has no data."""

    data: str = ""
    """The data lines, joined by line feeds."""
    event: str = ""
    id: str = ""
    comment: str = ""
    retry: int | None = None


class FrameReader:
    """Bytes in, whole frames out."""

    def __init__(self, largest: int = LARGEST_FRAME) -> None:
        self._largest = largest
        self._size = 0
        self._rest: list[bytes] = []
        self._after_return = False
        self._at_start = True
        self._clear()

    @property
    def idle(self) -> bool:
        """Whether it stands between two frames: nothing of the next one is here."""
        return not (
            self._rest or self._data or self._event or self._comments or self._id or self._after_return
            or self._at_start or self._retry is not None
        )  # fmt: skip

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now; raises `MalformedAnswer` for one that never ends."""
        if self._after_return and data:
            self._after_return = False
            data = data.removeprefix(b"\n")
        self._size += len(data)
        if b"\n" not in data and b"\r" not in data:
            if data:
                self._rest.append(data)
            self._check_size()
            return []
        whole, rest = self._cut(data)
        self._after_return = whole.endswith(b"\r") and not rest
        frames: list[Frame] = []
        for line in whole.splitlines():
            if line:
                self._take(line)
            else:
                self._dispatch(frames)
                self._size = len(rest)
        self._check_size()
        return frames

    def close(self) -> list[Frame]:
        """The bytes have ended: what is left, if anything. It may have been cut; whoever reads it has to check."""
        line, self._rest = b"".join(self._rest), []
        if line:
            self._take(line)
        frames: list[Frame] = []
        self._dispatch(frames)
        return frames

    def _cut(self, data: bytes) -> tuple[bytes, bytes]:
        """What is complete by lines, and the beginning of the line that is not."""
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        rest = data[end:]
        whole = b"".join((*self._rest, data[:end])) if self._rest else data[:end]
        self._rest = [rest] if rest else []
        return whole, rest

    def _take(self, line: bytes) -> None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(b"\xef\xbb\xbf")
            if not line:
                return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._data.append(value)
            case b"event":
                self._event = _text(value)
            case b"id" if b"\0" not in value:
                self._id = _text(value)
            case b"retry" if value.isdigit() and len(value) < _DIGITS:
                self._retry = int(value)
            case b"":
                self._comments.append(value)
            case _:
                pass  # an unknown field is ignored, as the standard says

    def _dispatch(self, frames: list[Frame]) -> None:
        self._at_start = False
        if self._data or self._event or self._comments or self._id or self._retry is not None:
            frames.append(
                Frame(
                    _text(b"\n".join(self._data)),
                    self._event,
                    self._id,
                    _text(b"\n".join(self._comments)),
                    self._retry,
                )
            )
            self._clear()

    def _clear(self) -> None:
        self._data: list[bytes] = []
        self._comments: list[bytes] = []
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    def _check_size(self) -> None:
        if self._size > self._largest:
            raise MalformedAnswer(
                f"the stream sent {self._size} bytes without ending a frame; the limit is {self._largest}.",
                "Ask the provider for smaller answers, or for files by reference.",
            )


def frame(data: str | bytes, event: str = "", id: str = "") -> bytes:  # noqa: A002 - the field's own name
    """The bytes of one event. Line ends inside of `data` become lines of their own."""
    body = data.encode() if isinstance(data, str) else data
    head = (b"event: " + _one_line(event) + b"\n" if event else b"") + (
        b"id: " + _one_line(id) + b"\n" if id else b""
    )
    if b"\n" not in body and b"\r" not in body:
        return b"%bdata: %b\n\n" % (head, body)
    return head + b"".join(b"data: %b\n" % line for line in _lines(body)) + b"\n"


def plain_data(frame: bytes, head: bytes) -> bytes | None:
    """The data of a whole frame of the plainest form, these bytes before one line; None for any other."""
    if not frame.startswith(head) or frame.find(b"\n", len(head)) != len(frame) - 2 or b"\r" in frame:
        return None
    return frame[len(head) : -2] if frame.endswith(b"\n\n") else None


def comment(text: str = "") -> bytes:
    """The bytes of a keep-alive, which every reader ignores."""
    return b"".join(b": %b\n" % line for line in _lines(text.encode())) + b"\n"


_DIGITS = 10
"""A reconnection time longer than this is no time; and endless digits are slow to read."""


def _lines(body: bytes) -> list[bytes]:
    return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def _one_line(value: str) -> bytes:
    """A line end in a name would start a field of the sender's choosing."""
    return " ".join(value.splitlines()).encode()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
