"""Where the benchmark takes place: scratch folders on a real disk, Postgres as production sets it, facts of
the machine.

It owns what must be the same for every contender. It must not know what is measured there.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.environments import own_python
from bench.protocol import ROOT, Contender
from tests.postgres import PostgresServer, postgres_server

# Durable as production is, with room that keeps checkpoints out of the slices.
POSTGRES = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "512MB", "max_wal_size": "4GB"}
IN_MEMORY = {"tmpfs", "ramfs"}
SOURCE = ROOT / "src"


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of the benchmark: how long, on which stores, and where."""

    directory: Path
    postgres: PostgresServer | None
    stores: tuple[str, ...]
    cycles: int
    slice: float
    quick: bool = False

    @property
    def postgres_pid(self) -> int | None:
        return None if self.postgres is None else self.postgres.pid

    def settings(self, store: str, name: str) -> dict[str, Any]:
        """A folder of its own for a contender, and on Postgres a database of its own, reached by TCP."""
        folder = self.directory / name
        folder.mkdir()
        if store != "postgres":
            return {"store": store, "directory": str(folder)}
        assert self.postgres is not None
        self.postgres.create_database(name)
        return {"store": store, "directory": str(folder), "dsn": self.postgres.dsn(name, tcp=True)}

    def start(
        self,
        label: str,
        module: str,
        settings: Mapping[str, Any],
        *,
        python: Path | None = None,
        name: str = "",
    ) -> Contender:
        """Start a contender; without a `python` it is ours, and may import Remit from the source tree."""
        log = self.directory / f"{name or Path(settings['directory']).name}.log"
        if python is None:
            return Contender(label, own_python(), module, settings, log=log, paths=[SOURCE])
        return Contender(label, python, module, settings, log=log)


@contextmanager
def open_stage(stores: tuple[str, ...], cycles: int, seconds: float, *, quick: bool) -> Generator[Stage]:
    """Set the stage and clear it, however the benchmark ends."""
    below = ROOT / ".cache"
    below.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="bench-", dir=below))
    try:
        if "postgres" in stores:
            with postgres_server(durable=True, settings=POSTGRES) as server:
                yield Stage(directory, server, stores, cycles, seconds, quick)
        else:
            yield Stage(directory, None, stores, cycles, seconds, quick)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def conditions(stage: Stage) -> dict[str, Any]:
    """What a reader must know before believing a number."""
    folder = filesystem(stage.directory)
    facts: dict[str, Any] = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "filesystem": folder,
        "on a disk": folder not in IN_MEMORY,
        "load before": os.getloadavg()[0],
    }
    if stage.postgres is not None:
        facts["postgres"] = _postgres_version(stage.postgres) | POSTGRES
    return facts


def filesystem(path: Path) -> str:
    """The type of the file system a path lies on: the longest mount point that contains it."""
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        mount, found = line.split()[1:3]
        if path.resolve().is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, found
    return kind


def _postgres_version(server: PostgresServer) -> dict[str, str]:
    said = subprocess.run(
        [server.binaries / "postgres", "--version"], check=True, capture_output=True, text=True
    )
    return {"version": said.stdout.strip(), "filesystem": filesystem(server.home)}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
