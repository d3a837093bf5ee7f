"""An isolated environment per rival, made when first needed and kept until its requirements change.

It owns `bench/.envs/`. It must not install anything into the environment that runs the benchmark: a rival's
dependencies could replace Remit's, and then neither would be measured as it ships.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
KEPT = HERE / ".envs"


class EnvironmentFailed(Exception):
    """The environment of a rival could not be built."""


def own_python() -> Path:
    """The interpreter of Remit itself: the one that runs the benchmark."""
    return Path(sys.executable)


def peer_python(peer: str, *, beside: Path | None = None) -> Path:
    """The interpreter of a rival's environment, which is built here on first use; `beside` is a lock whose versions
    are installed there as well, so that what is locked so can run in it.
    """
    requirements = PEERS / f"{peer}.txt"
    home = KEPT / peer
    python = home / "bin" / "python"
    stamp = home / "requirements.sha256"
    pins = _pins(beside) if beside is not None else ""
    digest = hashlib.sha256(requirements.read_bytes() + pins.encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == digest):
        print(f"building the environment of {peer} in {home} (once) ...", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True, clear=True)
        both = home / "requirements.txt"
        both.write_text(f"{requirements.read_text(encoding='utf-8')}\n{pins}", encoding="utf-8")
        _install(peer, python, both)
        # Written last: an installation that was interrupted is not mistaken for a finished one.
        stamp.write_text(digest)
    return python


def versions(python: Path, *distributions: str) -> dict[str, str]:
    """What is really installed there, for the record beside the numbers."""
    code = "import sys, importlib.metadata as m; [print(d, m.version(d)) for d in sys.argv[1:]]"
    found = subprocess.run(
        [str(python), "-c", code, *distributions], capture_output=True, text=True, check=True
    )
    return dict(line.split() for line in found.stdout.splitlines())


def _pins(lock: Path) -> str:
    """The versions of a lock without its hashes: pip takes hashes for everything or for nothing."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removesuffix(" \\") for line in lines if line[:1].isalnum())


def _install(peer: str, python: Path, requirements: Path) -> None:
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        str(requirements),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise EnvironmentFailed(
            f"pip could not install {requirements.name} for {peer}, so its numbers cannot be measured. "
            f"Fix the cause and run again, or measure without it.\n{done.stderr[-2000:]}"
        )
