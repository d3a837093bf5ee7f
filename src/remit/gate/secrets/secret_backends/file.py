"""Secrets in files below one folder, as container platforms mount them: one file, one secret."""

from __future__ import annotations

import asyncio
import os
import stat
from typing import TYPE_CHECKING

from remit.domain.action_errors import SecretUnavailable
from remit.gate.secrets.secret_backend import field_of, split_field

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

    async def write(self, name: str, text: str) -> None:
        """Keep a value under this name, readable by its owner only; whole or not at all."""
        if "#" in name:
            raise SecretUnavailable(
                f'"{name}" is a field of a larger secret; only whole files are written.',
                "Change that file itself.",
            )
        await asyncio.to_thread(self._write, name, text)

    async def close(self) -> None:
        """Nothing is held open."""

    def _write(self, name: str, text: str) -> None:
        root = os.path.realpath(self._root)
        path = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - as text, to be compared as text
        if not path.startswith(root + os.sep):
            raise SecretUnavailable(f'the secret file "{name}" lies outside of {self._root}.')
        draft = f"{path}.{os.getpid()}.part"
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 - same
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
                opened.write(f"{text}\n")
                opened.flush()
                os.fsync(opened.fileno())
            os.replace(draft, path)  # noqa: PTH105 - same
        except OSError as wrong:
            raise SecretUnavailable(
                f'the secret file "{name}" cannot be written: {wrong.strerror}.'
            ) from None

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
