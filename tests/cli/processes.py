"""A command that goes on: read line by line as it speaks, signalled by its own pid, and gone after the test."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self


class Process:
    """One started command."""

    def __init__(self, command: list[str], place: Path, environment: dict[str, str]) -> None:
        self._popen = subprocess.Popen(
            command, cwd=place, env=environment, start_new_session=True, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.said: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._popen.poll() is None:
            os.kill(self._popen.pid, signal.SIGCONT)
            self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def until(self, words: str) -> str:
        """Read on until it says this; the line."""
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self.said.append(line.rstrip())
            if words in line:
                return line.rstrip()
        raise AssertionError(f"it never said {words!r} but: {self.said}")

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def close_stdin(self) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.close()

    def end(self, seconds: float = 30) -> int:
        """Read to the end; the exit code. No traceback was said."""
        assert self._popen.stdout is not None
        self.said += [line.rstrip() for line in self._popen.stdout]
        assert not any("Traceback" in line for line in self.said), self.said
        return self._popen.wait(seconds)
