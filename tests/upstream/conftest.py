"""The mock as a process of its own, on a port of its own, stopped by its id."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"


@pytest.fixture(scope="session")
def mock() -> Iterator[str]:
    """Its address."""
    assert PROGRAM.exists(), "it is not installed: run `make test-upstream`"
    with subprocess.Popen(
        ["node", PROGRAM, "-p", "0", "-h", "127.0.0.1", "-f", HERE / "fixtures.json", "--strict"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield address_in(iter(process.stdout.readline, ""))
        finally:
            process.terminate()
            process.stdout.close()


def address_in(lines: Iterator[str]) -> str:
    said: list[str] = []
    for line in lines:
        said.append(line)
        found = re.search(r"listening on (http://\S+)", line)
        if found is not None:
            return found[1]
    raise AssertionError(f"the mock did not start: {''.join(said)}")
