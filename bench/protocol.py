"""The wire between the benchmark and a contender: one JSON line asks for a case, one JSON line answers.

It owns the shape of a case and of its answer, and both ends of the pipe. It runs inside the environments of
the rivals too, so it must import the standard library only and must not know who is being measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 300.0

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """What to do in one slice: `runs` lanes, each starting `steps`-step runs until `seconds` have passed."""

    work: str = "steps"
    runs: int = 1
    steps: int = 10
    seconds: float = 0.4


@dataclass(frozen=True, slots=True)
class Tally:
    """What one slice achieved: durable steps, wall and process CPU seconds, and the median wait where one was
    taken.
    """

    steps: int
    seconds: float
    cpu: float
    p50_us: float | None = None


class ContenderFailed(Exception):
    """A contender died, hung or answered something that is not the protocol."""


# ---------------------------------------------------------------- the side that is measured


def options() -> dict[str, Any]:
    """The settings this contender was started with (store, directory, dsn)."""
    return json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


def serve(handle: Callable[[Case], Answer | Tally]) -> None:
    """Answer cases until the pipe closes; for contenders that are plain blocking code."""
    answers = _private_stdout()
    _say(answers, {"ready": True})
    for line in sys.stdin:
        _say(answers, handle(Case(**json.loads(line))))


async def serve_async(handle: Callable[[Case], Awaitable[Answer | Tally]]) -> None:
    """Answer cases until the pipe closes; the loop stays free while nothing is asked."""
    answers = _private_stdout()
    _say(answers, {"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        _say(answers, await handle(Case(**json.loads(line))))


def _private_stdout() -> TextIO:
    """Keep the pipe for answers alone: what a library prints to stdout would otherwise break the protocol."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def _say(answers: TextIO, answer: Answer | Tally) -> None:
    body = asdict(answer) if isinstance(answer, Tally) else dict(answer)
    answers.write(json.dumps(body) + "\n")
    answers.flush()


# ---------------------------------------------------------------- the side that measures


class Contender:
    """A persistent process that waits for cases. Its own output goes to a log that is shown when it fails."""

    def __init__(
        self,
        label: str,
        python: Path,
        module: str,
        settings: Mapping[str, Any],
        *,
        log: Path,
        paths: Sequence[Path] = (),
    ) -> None:
        self.label = label
        self._log = log
        with log.open("w", encoding="utf-8") as sink:
            self._process = subprocess.Popen(
                [str(python), "-m", f"bench.contenders.{module}", json.dumps(dict(settings))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                cwd=ROOT,
                env=_environment(paths),
                text=True,
            )
        self._receive()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, case: Case) -> dict[str, Any]:
        """One case, one answer."""
        self._send(case)
        return self._receive()

    def slice(self, case: Case) -> Tally:
        """One case whose answer is a tally."""
        return Tally(**self.ask(case))

    def close(self) -> None:
        """End of input is the request to stop; the process is killed only if it does not follow."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """No warning, no clean-up: SIGKILL, and the body is collected."""
        self._process.kill()
        self._process.wait()

    def _send(self, case: Case) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(asdict(case)) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        # A hung contender would hang the whole benchmark: past its patience it is killed, and the read ends.
        alarm = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        alarm.start()
        try:
            line = self._process.stdout.readline()
        finally:
            alarm.cancel()
        if not line:
            raise self._failure()
        return json.loads(line)

    def _failure(self) -> ContenderFailed:
        status = self._process.wait()
        tail = "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:])
        return ContenderFailed(f"{self.label} ended with status {status}. The end of its log:\n{tail}")


def _environment(paths: Sequence[Path]) -> dict[str, str]:
    """The environment of a contender: importable benchmark, no tracing to any hosted service."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LANGSMITH_", "DBOS_", "REMIT_"))
    }
    return kept | {
        "PYTHONPATH": os.pathsep.join(str(path) for path in (ROOT, *paths)),
        "LANGSMITH_TRACING": "false",
    }
