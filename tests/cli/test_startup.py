"""Help costs nothing: what it loads is counted, because time would measure the machine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "apsw",
    "asyncio",
    "asyncpg",
    "cryptography",
    "msgspec",
    "rich",
    "uvloop",
    "remit.control",
    "remit.engine",
}
MOST_MODULES = 150
"""Some 130 today, nearly all of them click's: one import too many shows here before anybody can feel it."""

SCRIPT = """
import json, sys
from remit.cli.main import remit
try:
    remit.main(sys.argv[1:], prog_name="remit", standalone_mode=False)
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def modules_after(*words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", SCRIPT, *words], capture_output=True, text=True, check=True
    )
    return json.loads(done.stderr)


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_help_loads_neither_a_command_nor_a_database(words: tuple[str, ...]) -> None:
    loaded = modules_after(*words)
    assert [name for name in loaded if name in HEAVY or name.startswith("remit.cli.commands")] == []
    assert len(loaded) <= MOST_MODULES


@pytest.mark.parametrize("command", ["run", "runs", "doctor", "inbox"])
def test_help_of_a_command_loads_no_database(command: str) -> None:
    assert [name for name in modules_after(command, "--help") if name in HEAVY - {"asyncio"}] == []
