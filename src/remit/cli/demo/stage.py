"""The stage of the demonstration: a temporary workspace, real worker processes, and what the world outside
saw. Everything started here is stopped here, by its own pid; a worker also stops when this process is gone.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from remit.domain.errors import Infrastructure

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Callable, Generator

_LOOK_EVERY = 0.01
_PATIENCE = 30.0


@dataclass(slots=True)
class Stage:
    """One workspace and the processes that work in it."""

    workspace: Path
    _alive: list[Process] = field(default_factory=list["Process"])

    def world(self) -> Counter[str]:
        """How often each thing really happened, counted from what the world wrote down."""
        file = self.workspace / "world.jsonl"
        lines = file.read_bytes().splitlines() if file.exists() else []
        return Counter(str(msgspec.json.decode(line)["what"]) for line in lines if line.endswith(b"}"))

    async def until(self, what: str, seen: Callable[[], bool]) -> None:
        """Look until something has happened; give up only when it never will."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while not seen():
            if any(process.returncode is not None for process in self._alive):
                raise Infrastructure(f"a worker of the demonstration ended by itself. {self._log()}")
            if asyncio.get_running_loop().time() > deadline:
                raise Infrastructure(
                    f"the demonstration waited {_PATIENCE:g} s for this: {what}. {self._log()}"
                )
            await asyncio.sleep(_LOOK_EVERY)

    async def start_worker(self, **environment: str) -> Process:
        """A worker process like any other."""
        command = [sys.executable, "-P", "-m", "remit", "worker", "--lifeline", "-w", str(self.workspace)]
        with (self.workspace / "workers.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        self._alive.append(process)
        return process

    async def kill(self, process: Process) -> None:
        """Kill -9, and nothing gentler."""
        self._alive.remove(process)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()

    async def clear(self) -> None:
        """Stop every worker that is left: first ask, then insist."""
        for process in self._alive:
            if process.returncode is None:
                process.terminate()
        for process in self._alive:
            try:
                await asyncio.wait_for(process.wait(), _PATIENCE)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._alive.clear()

    def _log(self) -> str:
        file = self.workspace / "workers.log"
        last = file.read_text("utf-8").strip().splitlines()[-1:] if file.exists() else []
        return f"Its last words: {last[0]}" if last else ""


@asynccontextmanager
async def staged(keep: Path | None) -> AsyncGenerator[Stage]:
    """A stage in a temporary folder, or in one that stays."""
    with _folder(keep) as workspace:
        stage = Stage(workspace)
        try:
            yield stage
        finally:
            await stage.clear()


@contextmanager
def _folder(keep: Path | None) -> Generator[Path]:
    with as_file(files("remit").joinpath("examples", "desk")) as example:
        if keep is not None:
            shutil.copytree(example, keep, ignore=shutil.ignore_patterns("__pycache__"))
            yield keep.resolve()
            return
        with tempfile.TemporaryDirectory(prefix="remit-demo-") as folder:
            workspace = Path(folder) / "desk"
            shutil.copytree(example, workspace, ignore=shutil.ignore_patterns("__pycache__"))
            yield workspace.resolve()
