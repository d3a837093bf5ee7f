"""Runs the suite of each framework in an environment of its own: `python -m tests.integrations [NAME…]`. These
are made at first use, with what Remit is locked to beside the framework.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.environments import peer_python

ROOT = Path(__file__).parents[2]
NAMES = ("pydantic_ai", "langgraph", "openai_agents")


def run(name: str) -> bool:
    """Whether everything passed."""
    python = peer_python(f"with_{name}", beside=ROOT / "requirements" / "runtime.lock")
    command = [
        str(python), "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={ROOT}", "--noconftest", "-p",
        "no:cacheprovider", f"tests/integrations/{name}_suite.py",
    ]  # fmt: skip
    sys.stdout.write(f"{name}\n")
    sys.stdout.flush()
    return not subprocess.run(
        command, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": "src"}
    ).returncode


def main() -> int:
    chosen = sys.argv[1:] or NAMES
    strange = [name for name in chosen if name not in NAMES]
    if strange:
        sys.stderr.write(f"there is no suite {', '.join(strange)}; there are {', '.join(NAMES)}\n")
        return 2
    passed = [run(name) for name in chosen]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
