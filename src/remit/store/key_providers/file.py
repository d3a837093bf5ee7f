"""The root key in a file of the workspace, created at the first start and readable by its owner only."""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from remit.domain.errors import StoreReadOnly, WrongKey
from remit.store.key_providers.root import RootKey

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class KeyFile:
    """Implements `RootKeeper` over one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """The path."""
        return f"the root key {self._path}"

    async def read(self) -> RootKey | None:
        """What the file holds."""
        return await asyncio.to_thread(self._read)

    async def write(self, key: RootKey, before: RootKey | None) -> bool:
        """Replace the file in one move, if it still holds what was read before."""
        return await asyncio.to_thread(self._write, key, before)

    def _read(self) -> RootKey | None:
        try:
            text = self._path.read_text("ascii")
        except FileNotFoundError:
            return None
        except ValueError:
            raise WrongKey(
                f"{self.place} is not hexadecimal.",
                "It is damaged: put back the copy that you keep elsewhere.",
            ) from None
        except OSError as wrong:
            raise WrongKey(f"{self.place} cannot be read: {wrong.strerror}.") from None
        return RootKey.from_text(text, self.place)

    def _write(self, key: RootKey, before: RootKey | None) -> bool:
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._alone():
                if self._read() != before:
                    return False
                with os.fdopen(
                    os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
                ) as file:
                    file.write(key.to_text() + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(self._path)
                _flush_folder(self._path.parent)
        except OSError as wrong:
            raise StoreReadOnly(
                f"the key file {self._path} cannot be written: {wrong.strerror}.",
                "Give this user write access to the folder, or choose another workspace.",
            ) from None
        finally:
            with suppress(OSError):  # there may be no folder to remove it from
                draft.unlink()
        return True

    @contextmanager
    def _alone(self) -> Generator[None]:
        """One process at a time compares and replaces."""
        handle = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
