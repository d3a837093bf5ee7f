"""Help costs nothing, and a command that looks imports nothing that acts: what is loaded is counted, because time would
measure the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.conftest import Terminal

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
ACTING = {
    "aiohttp", "cedarpy", "jsonschema", "mcp", "yaml",
    "remit.agents", "remit.gate.gate", "remit.knowledge", "remit.models", "remit.tools",
    "remit.policy.authority", "remit.engine.worker",
}  # fmt: skip
"""What only those need who load the code of a workspace, decide by its rules or let something act."""
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
    return json.loads(done.stderr.splitlines()[-1])


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_help_loads_neither_a_command_nor_a_database(words: tuple[str, ...]) -> None:
    loaded = modules_after(*words)
    assert [name for name in loaded if name in HEAVY or name.startswith("remit.cli.commands")] == []
    assert len(loaded) <= MOST_MODULES


@pytest.mark.parametrize("command", ["run", "runs", "doctor", "inbox", "costs", "kpis"])
def test_help_of_a_command_loads_no_database(command: str) -> None:
    assert [name for name in modules_after(command, "--help") if name in HEAVY - {"asyncio"}] == []


@pytest.mark.parametrize(
    "words",
    [
        "runs", "inbox", "user list", "key list", "grant list", "audit checkpoint", "halt --all --reason drill",
        "kpis --month 2026-11",
    ],
)  # fmt: skip
def test_what_looks_or_stops_imports_nothing_that_acts(words: str, remit: Terminal) -> None:
    remit("runs", code=0)
    loaded = modules_after("-w", str(remit.place), *words.split())
    assert [name for name in loaded if name in ACTING] == []


def test_a_platform_loads_no_client_and_no_server_before_it_has_to() -> None:
    script = "import json, sys, remit.control.platform; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert {"aiohttp", "httpx2", "mcp", "starlette", "uvicorn"} & set(json.loads(done.stdout)) == set()
