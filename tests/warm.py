"""Processes that start warm: an interpreter that has imported Remit forks a child for each command, `remit …` or
`python …`. A child has its own pid, files, locks and loop, is killed and stopped like any other, and ends as a process
does: its threads are awaited, its exit functions are called, what it forgot is collected and what it said is flushed.
Only the imports are not paid again, nor the taking apart of what was imported. What starting costs, and what it
imports, is for `tests/cli/test_startup.py`, which starts a cold one. It knows nothing of pytest.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NoReturn

_LARGEST = 1 << 20
_WARM = (
    "cli", "control", "agents", "gate", "engine", "policy", "store.databases", "models.providers.simulated", "testing",
)  # fmt: skip
_COLD = (
    "remit.control.workspace.templates", "remit.cli.demo", "remit.testing.pytest_plugin", "remit.testing.strategies",
)  # fmt: skip
_LASTING = ("worker", "up")
"""Commands that a shell signals by their own pid: these are started cold."""
_CLIENT = """#!{python} -IS
import json, os, socket, sys
if set(sys.argv[1:]) & {lasting!r}:
    os.execv({cold!r}, [{name!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
    asked.connect({place!r})
    said = json.dumps([[{name!r}, *sys.argv[1:]], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(asked, [said], [0, 1, 2])
    asked.recv(64)
    code = int(asked.recv(64))
sys.exit(code if code >= 0 else 128 - code)
"""


class Started:
    """A child that was forked; `pid` is its own."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        self.pid = int(asked.recv(64))
        self._code: int | None = None
        self._hearing = threading.Lock()

    def wait(self, timeout: float | None = None) -> int:
        """How it ended: the exit code, or the signal below zero."""
        if self._code is None:
            if not select.select([self._asked], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            with self._hearing:  # another thread may have heard it meanwhile
                if self._code is None:
                    self._code = int(self._asked.recv(64))
                    self._asked.close()
        return self._code

    def poll(self) -> int | None:
        """The same, if it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it, unless it has ended."""
        with suppress(ProcessLookupError):
            if self.poll() is None:
                os.kill(self.pid, number)

    def kill(self) -> None:
        """`kill -9`, whether it stands still or not."""
        self.send_signal(signal.SIGKILL)

    def stopped(self) -> None:
        """Wait until it stands still by a SIGSTOP; the kernel tells its parent."""
        self._asked.send(b"stopped")
        assert self._asked.recv(64) == b"stopped"


class Warm:
    """The interpreter that forks; it has imported Remit, or the modules that are named."""

    def __init__(self, *modules: str) -> None:
        below = "/tmp" if os.path.isdir("/tmp") else None  # noqa: S108, PTH112 - memory often lets nothing be executed
        self._folder = tempfile.TemporaryDirectory(prefix="warm-", dir=below)
        self._place = Path(self._folder.name) / "socket"
        self.shims = Path(self._folder.name) / "bin"
        """A folder for the front of PATH: `remit` there starts warm, and so does `warm-python`."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(str(self._place))
            door.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(door.fileno()), *modules],
                pass_fds=[door.fileno()],
                stdin=subprocess.PIPE,
            )
        self._write_shims()

    def start(
        self, words: Sequence[str], place: Path, environment: Mapping[str, str], files: Sequence[int] = ()
    ) -> Started:
        """Start `remit …` or `python …`; `files` become its standard input, output and error."""
        asked = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        asked.connect(str(self._place))
        said = json.dumps([list(words), str(place), dict(environment)]).encode()
        with Path(os.devnull).open("rb") as nothing:
            socket.send_fds(asked, [said], [*files, *(nothing.fileno(), 1, 2)[len(files) :]])
        return Started(asked)

    def run(
        self, words: Sequence[str], place: Path, environment: Mapping[str, str], timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        with (
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
            Path(os.devnull).open("rb") as nothing,
        ):
            files = [each.fileno() for each in (nothing, out, err)]
            child = self.start(words, place, environment, files)
            try:
                code = child.wait(timeout)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                raise
            for each in (out, err):
                each.seek(0)
            return subprocess.CompletedProcess(list(words), code, out.read().decode(), err.read().decode())

    def close(self) -> None:
        """End the interpreter, and whatever it forked."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._folder.cleanup()

    def _write_shims(self) -> None:
        self.shims.mkdir()
        for program, lasting in (("remit", _LASTING), ("python", ())):
            client = self.shims / ("remit" if program == "remit" else "warm-python")
            cold = str(Path(sys.executable).with_name(program))
            client.write_text(
                _CLIENT.format(
                    python=sys.executable,
                    name=program,
                    lasting=set(lasting),
                    cold=cold,
                    place=str(self._place),
                )
            )
            client.chmod(0o755)


# --- in the interpreter ---------------------------------------------------------------------------------------


class _Server:
    """Forks for each order, and tells whoever gave it how the child ended; a child whose starter is gone is killed."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._watched = select.poll()
        self._ends: dict[int, tuple[int, socket.socket]] = {}
        self._askers: dict[int, int] = {}
        self._watched.register(0, select.POLLHUP)
        self._watched.register(door, select.POLLIN)

    def serve(self) -> list[str]:
        """Returns in the children only, with their words."""
        while True:
            for number, _ in self._watched.poll():
                if number == 0:
                    self._leave()
                elif number == self._door.fileno():
                    become = self._fork()
                    if become is not None:
                        return become
                elif number in self._ends:
                    self._ended(number)
                elif number in self._askers:
                    self._asked(number)

    def _fork(self) -> list[str] | None:
        asker, _ = self._door.accept()
        said, files, _, _ = socket.recv_fds(asker, _LARGEST, 3)
        if not said:
            asker.close()
            return None
        words, place, environment = json.loads(said)
        child = os.fork()
        if child == 0:
            self._forget(asker)
            _become(words, place, environment, files)
            return words
        for each in files:
            os.close(each)
        handle = os.pidfd_open(child)
        self._ends[handle] = child, asker
        self._askers[asker.fileno()] = handle
        for each in (handle, asker.fileno()):
            self._watched.register(each, select.POLLIN)
        asker.send(str(child).encode())
        return None

    def _forget(self, asker: socket.socket) -> None:
        """What belongs to the interpreter that forks is none of a child's business."""
        asker.close()
        self._door.close()
        for handle, (_, other) in self._ends.items():
            os.close(handle)
            other.close()

    def _ended(self, handle: int) -> None:
        child, asker = self._ends.pop(handle)
        _, status = os.waitpid(child, 0)
        for each in (handle, asker.fileno()):
            self._watched.unregister(each)
        del self._askers[asker.fileno()]
        os.close(handle)
        with suppress(OSError):  # whoever started it may be gone
            asker.send(str(os.waitstatus_to_exitcode(status)).encode())
        asker.close()

    def _asked(self, number: int) -> None:
        child, asker = self._ends[self._askers[number]]
        if asker.recv(64) == b"stopped":
            os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOWAIT)
            asker.send(b"stopped")
        else:
            self._watched.unregister(number)
            self._watched.register(number, 0)
            os.kill(child, signal.SIGKILL)

    def _leave(self) -> NoReturn:
        for child, _ in self._ends.values():
            os.kill(child, signal.SIGKILL)
        os._exit(0)


def _become(words: list[str], place: str, environment: dict[str, str], files: list[int]) -> None:
    os.setsid()
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place)
    time.tzset()
    random.seed()
    sys.argv = list(words)
    for each in reversed(environment.get("PYTHONPATH", "").split(os.pathsep)):
        if each and each not in sys.path:
            sys.path.insert(0, each)
    if environment.get("PYTHONWARNINGS") == "error":
        warnings.simplefilter("error")


def _perform(words: list[str]) -> None:
    """Do what the words say, as a fresh interpreter would."""
    program, *rest = words
    if program == "remit":
        from remit.cli.main import main

        main(rest)
        return
    module = sys.modules["__main__"] = ModuleType("__main__")
    if rest[0] == "-m":
        sys.argv = rest[1:]
        sys.path.insert(0, str(Path.cwd()))
        vars(runpy)["_run_module_as_main"](rest[1])
        return
    file = Path(rest[0])
    sys.argv = rest
    sys.path.insert(0, str(file.absolute().parent))
    module.__file__ = str(file)
    exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)  # noqa: S102 - that is what `python FILE` does


def _warm(modules: Sequence[str]) -> None:
    for name in modules:
        importlib.import_module(name)
    for name in () if modules else _WARM:
        home = importlib.import_module(f"remit.{name}")
        for module in pkgutil.walk_packages(getattr(home, "__path__", ()), f"{home.__name__}."):
            if not module.name.startswith(_COLD):
                importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def _end(code: int) -> NoReturn:
    for last in (vars(threading)["_shutdown"], vars(atexit)["_run_exitfuncs"]):
        last()
    gc.collect()
    for each in (sys.stdout, sys.stderr):
        each.flush()
    os._exit(code)


def _run(words: list[str]) -> NoReturn:
    try:
        _perform(words)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        _end(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
    except BaseException:  # noqa: BLE001 - said as an interpreter says it
        traceback.print_exc()
        _end(1)
    _end(0)


if __name__ == "__main__":
    _warm(sys.argv[2:])
    _run(_Server(socket.socket(fileno=int(sys.argv[1]))).serve())
