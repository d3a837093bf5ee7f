"""The servers that are compared, each as its makers start it: on SQLite, with nothing beside it.

It owns how they are started, and where they keep spans. It must not measure.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.environments import own_python, peer_python
from bench.gateway.rivals import free_port, stop
from bench.meter import resident_bytes, tree
from bench.protocol import ContenderFailed
from bench.stage import SOURCE

REMIT, PHOENIX, MLFLOW = "Remit", "Phoenix", "MLflow"
START_SECONDS = 240.0


@dataclass(slots=True)
class Server:
    """One that runs."""

    label: str
    port: int
    headers: Mapping[str, str]
    process: subprocess.Popen[bytes]
    database: Path
    count: str = "SELECT count(*) FROM spans"

    def pids(self) -> list[int]:
        """It and everything it started."""
        return tree(self.process.pid)

    def resident(self) -> int:
        """Memory of all of it."""
        return sum(map(resident_bytes, self.pids()))

    def rows(self) -> int:
        """How many spans stand in its table."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as opened:
            return opened.execute(self.count).fetchone()[0]


@dataclass(frozen=True, slots=True)
class Launch:
    """How one is started."""

    command: list[str]
    place: Path
    environment: Mapping[str, str]
    headers: Mapping[str, str]
    database: Path
    alive: str


@contextmanager
def started(label: str, folder: Path) -> Generator[Server]:
    """One server, while it is needed."""
    folder.mkdir(parents=True)
    port = free_port()
    launch = STARTS[label](folder, port)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REMIT_")}
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(
            launch.command, cwd=launch.place, env=kept | dict(launch.environment), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
    server = Server(label, port, launch.headers, process, launch.database)
    try:
        _wait(server, launch.alive, folder / "output.log")
        yield server
    finally:
        stop(process)


def _wait(server: Server, path: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.3)
        finally:
            connection.close()
    raise ContenderFailed(f"{server.label} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _remit(folder: Path, port: int) -> Launch:
    """As `remit up` runs it, with the key of an agent."""
    place = folder / "workspace"
    environment = {"PYTHONPATH": str(SOURCE), "REMIT_SERVER_PORT": str(port)}
    remit = [str(own_python()), "-m", "remit"]
    _run([*remit, "new", str(place)], folder, environment)
    made = _run([*remit, "--json", "key", "new", "--for-agent", "bench"], place, environment)
    headers = {"authorization": f"Bearer {json.loads(made)['key']}"}
    return Launch([*remit, "up"], place, environment, headers, place / ".remit" / "remit.db", "/readyz")


def _phoenix(folder: Path, port: int) -> Launch:
    """As `phoenix serve` starts it."""
    python = peer_python("phoenix")
    environment = {
        "PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(free_port()), "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_WORKING_DIR": str(folder), "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }  # fmt: skip
    command = [str(python.parent / "phoenix"), "serve"]
    return Launch(command, folder, environment, {}, folder / "phoenix.db", "/healthz")


def _mlflow(folder: Path, port: int) -> Launch:
    """As `mlflow server` starts it, with its own number of workers."""
    python, database = peer_python("mlflow"), folder / "mlflow.db"
    command = [
        str(python.parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port),
        "--backend-store-uri", f"sqlite:///{database}", "--default-artifact-root", str(folder / "artifacts"),
    ]  # fmt: skip
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true",
                   "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}  # fmt: skip
    return Launch(command, folder, environment, {"x-mlflow-experiment-id": "0"}, database, "/health")


def _run(command: list[str], place: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=place, env=os.environ | environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise ContenderFailed(f"{' '.join(command[2:5])} failed: {done.stdout}{done.stderr}")
    return done.stdout


STARTS: dict[str, Callable[[Path, int], Launch]] = {REMIT: _remit, PHOENIX: _phoenix, MLFLOW: _mlflow}
