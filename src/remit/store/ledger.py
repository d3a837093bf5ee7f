"""The shred ledger: which data keys were destroyed, beside the root key and outside every backup (S7).

A line is written and flushed before a key is destroyed, and lines are never removed. So a restore can
destroy again what an old backup of the keys would bring back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from remit.domain.errors import StoreCorrupt, StoreReadOnly

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_SPARED = "-"


class ShredLedger:
    """An append-only list of key ids, each with the time of its destruction."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, key_ids: Iterable[str], at: int) -> None:
        """Write down what is about to be destroyed, and wait until it is on the disk."""
        lines = "".join(f"{at} {key_id}\n" for key_id in key_ids)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, (self._line_end(handle) + lines).encode())
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as wrong:
            raise StoreReadOnly(
                f"the shred ledger {self._path} cannot be written ({wrong.strerror}); nothing was shredded.",
                "Make room or give write access: without this line a restore would bring the key back.",
            ) from wrong

    def withdraw(self, key_ids: Iterable[str], at: int) -> None:
        """Write down that these were not destroyed after all: somebody forbade it in the last moment."""
        self.add([f"{_SPARED}{key_id}" for key_id in key_ids], at)

    def read(self) -> dict[str, int]:
        """Every destroyed key and when that was; a line cut off by a crash does not count."""
        try:
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            return {}
        shredded: dict[str, int] = {}
        for line in text.splitlines(keepends=True):
            at, _, key_id = line.partition(" ")
            if line.endswith("\n") and key_id.startswith(_SPARED):
                shredded.pop(key_id.strip().removeprefix(_SPARED), None)
            elif line.endswith("\n") and key_id.strip():
                shredded.setdefault(key_id.strip(), self._time(at))
        return shredded

    def _time(self, text: str) -> int:
        if not text.isdecimal():
            raise StoreCorrupt(
                f"the shred ledger {self._path} has a line that it did not write.",
                "Put back the file as it was: what it lists must stay destroyed.",
            )
        return int(text)

    @staticmethod
    def _line_end(handle: int) -> str:
        """What separates new lines from one that a crash cut off."""
        size = os.fstat(handle).st_size
        return "\n" if size and os.pread(handle, 1, size - 1) != b"\n" else ""
