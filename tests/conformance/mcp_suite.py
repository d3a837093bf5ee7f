"""The official conformance suite of MCP: its fixture straight, and through Remit in all four combinations of eras; and
Remit as a client of the suite's own servers.

Straight, everything that is scored passes. Through Remit exactly the same checks pass, whatever the era of the client
(the set of requirements) and of the server behind.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = HERE / "node_modules"
OWN_NODE = sorted(MODULES.glob("node-*-*/bin/node"))
"""The suite needs Node 22; where npm has it for this machine it is installed with the suite."""
PROGRAM = MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
REVISIONS = ("2025-11-25", "2026-07-28")
ERAS = ("legacy", "modern")
SECONDS = 900

Passed = set[str]
pytestmark = pytest.mark.timeout(2 * SECONDS)


@contextmanager
def running(*command: str) -> Generator[str]:
    """A program of ours that says on which port it serves."""
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp"
        finally:
            process.terminate()


def suite(*arguments: str, out: Path) -> tuple[int, str]:
    """What the suite says: its exit code, which is not 0 if anything scored failed, and its last words."""
    assert PROGRAM.exists(), "it is not installed: run `make test-mcp`"
    command = [*(OWN_NODE[:1] or ["node"]), PROGRAM, *arguments, "-o", out]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).partition("=== SUMMARY ===")[2]


def checks(out: Path) -> Passed:
    """Every check that passed, by scenario."""
    found: Passed = set()
    for file in out.rglob("checks.json"):
        scenario = re.split(r"-\d{4}-\d\d-\d\dT", file.parent.name)[0]
        for check in json.loads(file.read_text()):
            if check["status"] in {"SUCCESS", "INFO", "SKIPPED"}:
                found.add(f"{scenario}: {check['id']}")
    assert found, "the suite left no results where they are looked for"
    return found


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Passed]:
    """What passes at the fixture itself, for each set of requirements."""
    found: dict[str, Passed] = {}
    with running("tests.conformance.fixture_server", "0") as url:
        for revision in REVISIONS:
            out = tmp_path_factory.mktemp(f"straight-{revision}")
            code, said = suite("server", "--url", url, "--requirements", revision, out=out)
            assert code == 0, said
            found[revision] = checks(out)
    return found


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("era", ERAS)
def test_through_remit_the_same_passes_as_straight(
    era: str, revision: str, straight: dict[str, Passed], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        behind = stack.enter_context(
            running("tests.conformance.fixture_server", "0", *[era][: era == "legacy"])
        )
        ours = stack.enter_context(
            running("tests.conformance.gateway", str(tmp_path / "workspace"), behind, era)
        )
        code, said = suite("server", "--url", ours, "--requirements", revision, out=tmp_path / "out")
    assert code == 0, said
    assert checks(tmp_path / "out") == straight[revision]


@pytest.mark.parametrize("revision", REVISIONS)
def test_remit_as_a_client_does_what_is_required(revision: str, tmp_path: Path) -> None:
    """Every server of the suite behind Remit: its sign-in, its headers, its questions."""
    command = f"{sys.executable} -m tests.conformance.mcp_driver"
    code, said = suite(
        "client", "--command", command, "--requirements", revision, "--timeout", "240000", out=tmp_path
    )
    assert code == 0, said
