"""An anchor in a file that only grows: a line of JSON for each checkpoint, on the disk before it counts. On another
mount, or one that can be written once only, it is worth more than beside the database.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

from remit.domain.evidence_errors import AnchorUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.store.anchor import AnchorRecord

_BLOCK = 1 << 16


class FileAnchor:
    """Implements `Anchor`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The file."""
        return f"file:{self.path}"

    async def write(self, records: Sequence[AnchorRecord]) -> None:
        """Append, and wait for the disk."""
        await asyncio.to_thread(self._append, b"".join(record.line + b"\n" for record in records))

    async def newest(self) -> str | None:
        """The last whole line."""
        return await asyncio.to_thread(self._last)

    async def close(self) -> None:
        """Nothing is open."""

    def _append(self, lines: bytes) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            handle = os.open(self.path, flags, 0o600)
            try:
                written = os.write(handle, self._line_end(handle) + lines)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as wrong:
            raise self._unavailable(wrong.strerror or str(wrong)) from wrong
        if written < len(lines):
            raise self._unavailable("there was no room for all of it")

    def _last(self) -> str | None:
        """Read backwards, block by block: the file may be long, and a line too."""
        try:
            with self.path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                tail = b""
                while end > 0 and tail.count(b"\n") <= 1:
                    start = max(0, end - max(_BLOCK, len(tail)))
                    file.seek(start)
                    tail, end = file.read(end - start) + tail, start
        except FileNotFoundError:
            return None
        except OSError as wrong:
            raise self._unavailable(wrong.strerror or str(wrong)) from wrong
        whole = tail[: tail.rfind(b"\n") + 1].splitlines()
        try:
            return str(json.loads(whole[-1])["note"]) if whole else None
        except (ValueError, KeyError, TypeError):
            raise self._unavailable("its last line is no checkpoint") from None

    @staticmethod
    def _line_end(handle: int) -> bytes:
        """What separates new lines from one that a crash cut off."""
        size = os.fstat(handle).st_size
        return b"\n" if size and os.pread(handle, 1, size - 1) != b"\n" else b""

    def _unavailable(self, why: str) -> AnchorUnavailable:
        return AnchorUnavailable(
            f"the anchor {self.path} cannot be used: {why}.",
            "Make room or give write access, or name another place in audit.anchors.",
        )
