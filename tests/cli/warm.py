"""`remit` as a process of its own that starts warm: an interpreter that has imported it forks a child for each command.
A child has its own pid, files, locks and loop, and ends as a process does: its threads are awaited, its exit functions
are called, what it forgot is collected and what it said is flushed. Only the imports are not paid again, nor the taking
apart of what was imported. What starting costs, and what it imports, is for `test_startup`, which starts a cold one.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn

_LARGEST = 1 << 20
_WARM = (
    "cli",
    "control",
    "agents",
    "gate",
    "engine",
    "policy",
    "store.databases",
    "models.providers.simulated",
)
_COLD = ("remit.control.workspace.templates", "remit.cli.demo")


class WarmRemit:
    """The interpreter that forks. Commands are performed one at a time."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
            )

    def run(
        self, words: list[str], place: Path, environment: dict[str, str], timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run `remit` with these words to its end."""
        with TemporaryFile() as out, TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
            said = json.dumps([words, str(place), environment]).encode()
            files = [each.fileno() for each in (nothing, out, err)]
            self._ours.settimeout(timeout)
            socket.send_fds(self._ours, [said], files)
            child = int(self._ours.recv(64))
            try:
                code = int(self._ours.recv(64))
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                self._ours.recv(64)
                raise subprocess.TimeoutExpired(words, timeout) from None
            for each in (out, err):
                each.seek(0)
            return subprocess.CompletedProcess(words, code, out.read().decode(), err.read().decode())

    def close(self) -> None:
        """End the interpreter."""
        self._ours.close()
        self._process.wait(10)


def _serve(orders: socket.socket) -> list[str]:
    """Fork for each order. The children return, with the words of their command."""
    while True:
        try:
            said, files, _, _ = socket.recv_fds(orders, _LARGEST, 3)
        except ConnectionResetError:
            said, files = b"", []
        if not said:
            os._exit(0)
        child = os.fork()
        if child == 0:
            orders.close()
            words, place, environment = json.loads(said)
            return _become(words, place, environment, files)
        for each in files:
            os.close(each)
        orders.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        orders.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(words: list[str], place: str, environment: dict[str, str], files: list[int]) -> list[str]:
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place)
    time.tzset()
    random.seed()
    sys.argv = ["remit", *words]
    return words


def _warm() -> None:
    for name in _WARM:
        home = import_module(f"remit.{name}")
        for module in pkgutil.walk_packages(getattr(home, "__path__", ()), f"{home.__name__}."):
            if not module.name.startswith(_COLD):
                import_module(module.name)
    gc.collect()
    gc.freeze()


def _end(code: int) -> NoReturn:
    for last in (vars(threading)["_shutdown"], vars(atexit)["_run_exitfuncs"]):
        last()
    gc.collect()
    for each in (sys.stdout, sys.stderr):
        each.flush()
    os._exit(code)


if __name__ == "__main__":
    _warm()
    given = _serve(socket.socket(fileno=int(sys.argv[1])))
    from remit.cli.main import main

    try:
        main(given)
    except SystemExit as ended:
        _end(ended.code if isinstance(ended.code, int) else 1)
