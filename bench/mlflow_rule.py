"""MLflow's `compare_evaluations` as a gate, beside ours: its own test, in its own environment.

The release that brought it (3.18.0) names a companion package of the same version that the index does not have, so its
wheel stands in a folder of its own before the packages of 3.17.2, which satisfy it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.environments import KEPT, EnvironmentFailed, peer_python
from bench.protocol import ContenderFailed

RELEASE = "3.18.0"
_LEVEL = 0.05
_PROGRAM = Path(__file__).resolve().parent / "contenders" / "mlflow_compare.py"


@dataclass(frozen=True, slots=True)
class Rule:
    """What it says by how many scenarios got better and how many worse."""

    version: str
    p: dict[tuple[int, int], float]

    def improved(self, better: int, worse: int) -> bool:
        """Its `assert_improved`: significantly better."""
        return better > worse and self.p[better, worse] < _LEVEL

    def worse(self, better: int, worse: int) -> bool:
        """What its summary marks as a regression: significantly worse."""
        return worse > better and self.p[better, worse] < _LEVEL


def rule(pairs: Iterable[tuple[int, int]]) -> Rule:
    """Ask it for all of them at once."""
    asked = sorted(set(pairs))
    python, folder = peer_python("mlflow"), _release()
    done = subprocess.run(
        [str(python), "-W", "ignore", str(_PROGRAM)],
        input=json.dumps(asked), capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )  # fmt: skip
    if done.returncode:
        raise ContenderFailed(f"MLflow's comparison ended with {done.returncode}.\n{done.stderr[-2000:]}")
    said = json.loads(done.stdout)
    return Rule(said["version"], dict(zip(asked, said["p"], strict=True)))


def _release() -> Path:
    """Its files, fetched once."""
    folder = KEPT / f"mlflow-{RELEASE}"
    if (folder / "whole").exists():
        return folder
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--target", str(folder), f"mlflow=={RELEASE}"]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise EnvironmentFailed(f"pip could not fetch MLflow {RELEASE}.\n{done.stderr[-2000:]}")
    (folder / "whole").touch()
    return folder
