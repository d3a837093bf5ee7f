"""A command that goes on: read line by line as it speaks, signalled by its own pid, and gone after the test."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.warm import Warm


class Process:
    """One started command."""

    def __init__(self, warm: Warm, words: list[str], place: Path, environment: dict[str, str]) -> None:
        its_input, ours = os.pipe()
        said, its_output = os.pipe()
        self._child = warm.start(words, place, environment, [its_input, its_output, its_output])
        os.close(its_input)
        os.close(its_output)
        self._in, self._out = os.fdopen(ours, "w", buffering=1), os.fdopen(said)
        self.said: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._child.wait()
        self._in.close()
        self._out.close()

    @property
    def pid(self) -> int:
        return self._child.pid

    def stopped(self) -> None:
        """Wait until it stands still by a SIGSTOP."""
        self._child.stopped()

    def until(self, words: str) -> str:
        """Read on until it says this; the line."""
        for line in self._out:
            self.said.append(line.rstrip())
            if words in line:
                return line.rstrip()
        raise AssertionError(f"it never said {words!r} but: {self.said}")

    def line(self) -> str:
        """The next line; nothing once it has ended."""
        return self._out.readline().rstrip()

    def tell(self, words: str) -> None:
        """Write a line to its standard input."""
        self._in.write(f"{words}\n")

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def close_stdin(self) -> None:
        self._in.close()

    def end(self, seconds: float = 30) -> int:
        """Read to the end; the exit code. No traceback was said."""
        self.said += [line.rstrip() for line in self._out]
        assert not any("Traceback" in line for line in self.said), self.said
        return self._child.wait(seconds)
