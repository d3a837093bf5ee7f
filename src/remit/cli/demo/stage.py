"""The stage of the demonstration: a temporary workspace, real worker processes, and the company's own application
in another one. Everything started here is stopped here, by its own pid; a worker also stops when this process is gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import urllib.request
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.domain.errors import BadWorkspace, Infrastructure

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Callable, Generator

_LOOK_EVERY = 0.01
_PATIENCE = 30.0
_OF_WHOEVER_ASKS = ("REMIT_KEY", "REMIT_ROOT_KEY")


@dataclass(slots=True)
class Stage:
    """One workspace and the processes that work in it."""

    workspace: Path
    port: int = 0
    _application: Process | None = None
    _alive: list[Process] = field(default_factory=list["Process"])

    def world(self) -> Counter[str]:
        """How often each thing really reached the application, by its own count."""
        return Counter(self.ask("/seen"))

    def ask(self, path: str) -> Any:
        """What the application says, past any gate: for looking at it as its own people would."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=_PATIENCE) as answer:
            return json.load(answer)

    async def open_application(self, **environment: str) -> None:
        """Start the application, or start it anew with another environment."""
        if self._application is not None:
            await self.kill(self._application)
        self.port = self.port or _free_port()
        tools = self.workspace / "tools.toml"
        tools.write_text(
            re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{self.port}", tools.read_text("utf-8")), "utf-8"
        )
        command = [sys.executable, "-P", str(self.workspace / "app" / "service.py"), str(self.port)]
        self._application = await self._start(command, environment)
        await self.until("the application answers", self._answers)

    def _answers(self) -> bool:
        try:
            self.ask("/seen")
        except OSError:
            return False
        return True

    async def until(self, what: str, seen: Callable[[], bool]) -> None:
        """Look until something has happened; give up only when it never will."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while not seen():
            if any(process.returncode is not None for process in self._alive):
                raise Infrastructure(f"a process of the demonstration ended by itself. {self._log()}")
            if asyncio.get_running_loop().time() > deadline:
                raise Infrastructure(
                    f"the demonstration waited {_PATIENCE:g} s for this: {what}. {self._log()}"
                )
            await asyncio.sleep(_LOOK_EVERY)

    async def start_worker(self) -> Process:
        """A worker process like any other."""
        return await self._start(
            [sys.executable, "-P", "-m", "remit", "worker", "--lifeline", "-w", str(self.workspace)], {}
        )

    async def _start(self, command: list[str], environment: dict[str, str]) -> Process:
        with (self.workspace / "processes.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**_environment(), **environment},
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
        """Stop every process that is left: first ask, then insist."""
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
        self._application = None

    def _log(self) -> str:
        file = self.workspace / "processes.log"
        last = file.read_text("utf-8").strip().splitlines()[-1:] if file.exists() else []
        return f"Its last words: {last[0]}" if last else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """The environment without what would lead elsewhere: keys of model providers, settings of another workspace."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_API_KEY") and (not name.startswith("REMIT_") or name in _OF_WHOEVER_ASKS)
    }


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
            yield _kept(example, keep)
            return
        with tempfile.TemporaryDirectory(prefix="remit-demo-") as folder:
            workspace = Path(folder) / "desk"
            shutil.copytree(example, workspace, ignore=shutil.ignore_patterns("__pycache__"))
            yield workspace.resolve()


def _kept(example: Path, folder: Path) -> Path:
    """A copy of the example where somebody wants to look at it afterwards."""
    place = Path.cwd() / folder
    try:
        shutil.copytree(example, place, ignore=shutil.ignore_patterns("__pycache__"))
        return place.resolve()
    except FileExistsError:
        raise BadWorkspace(
            f"{folder} is there already.", "Name a new folder: remit demo --keep NEW."
        ) from None
    except (OSError, shutil.Error) as wrong:
        reason = (getattr(wrong, "strerror", None) or str(wrong)).lower()
        raise BadWorkspace(f"{folder} cannot be written: {reason}.", "Choose another place.") from None
