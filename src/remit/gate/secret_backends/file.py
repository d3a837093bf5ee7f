"""Secrets in files below one folder, as container platforms mount them: one file, one secret."""

from __future__ import annotations

import asyncio
import os
import stat
from typing import TYPE_CHECKING

from remit.domain.action_errors import SecretUnavailable
from remit.gate.secret_backend import field_of, split_field

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 1024 * 1024


class FileBackend:
    """Implements `SecretBackend` over a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def read(self, name: str) -> str:
        """The text of the file of this name, without its last end of line."""
        path, inner = split_field(name)
        text = await asyncio.to_thread(self._read, path)
        return field_of(text, inner, f'the secret file "{path}"')

    async def close(self) -> None:
        """Nothing is held open."""

    def _read(self, name: str) -> str:
        root = os.path.realpath(self._root)
        # mounted secrets are symbolic links within their folder: what counts is where they lead
        path = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - as text, to be compared as text
        if not path.startswith(root + os.sep):
            raise SecretUnavailable(f'the secret file "{name}" lies outside of {self._root}.')
        try:
            with open(path, "rb") as opened:  # noqa: PTH123 - resolved above
                facts = os.fstat(opened.fileno())
                if facts.st_mode & stat.S_IWOTH:
                    raise SecretUnavailable(
                        f'the secret file "{name}" can be written by everybody on this machine.',
                        f"Take that right away: chmod o-w {path}",
                    )
                data = opened.read(_LARGEST + 1)
        except OSError as wrong:
            raise SecretUnavailable(
                f'the secret file "{name}" cannot be read: {wrong.strerror}.', f"Put it below {self._root}."
            ) from None
        return self._text(name, data)

    def _text(self, name: str, data: bytes) -> str:
        try:
            text = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            text = ""
        if not text or len(data) > _LARGEST:
            raise SecretUnavailable(f'the secret file "{name}" is empty, too large or no text.')
        return text
