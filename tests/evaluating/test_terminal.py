"""Experiments at the terminal, with the exit codes that scripts go by; other code in a process of its own; suites as
tests of pytest.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from remit.cli.main import main

FLOW = """
from remit import Run, flow, tool

@tool(effect="read", reads="crm")
async def get_ticket(id: int) -> dict:
    raise AssertionError("the real one")

@tool(effect="write", roles={"id": "object"})
async def set_status(id: int, status: str) -> dict:
    raise AssertionError("the real one")

@flow
async def handle(run: Run, ticket_id: int) -> str:
    ticket = await run.call(get_ticket, ticket_id)
    await run.call(set_status, ticket_id, "solved" if LIMIT < ticket_id else ticket["status"])
    return "done"
"""
SUITE: dict[str, Any] = {
    "target": "handle", "margins": {"success": 0.35},
    "defaults": {"environment": {"answers": [
        {"tool": "get_ticket", "result": {"status": "open"}}, {"tool": "set_status", "result": {"ok": True}},
    ]}},
    "scenarios": [
        {"name": f"t{n}", "input": {"ticket_id": n}, "gold": {"actions": [{"set_status": {"status": "solved"}}]}}
        for n in range(1, 13)
    ],
}  # fmt: skip


def workspace(place: Path, limit: int = 0) -> Path:
    """A desk that solves the tickets above a limit."""
    (place / "flows").mkdir(parents=True)
    (place / "suites").mkdir()
    (place / "remit.toml").write_text("")
    (place / "flows" / "desk.py").write_text(f"LIMIT = {limit}\n{FLOW}")
    (place / "suites" / "tickets.yaml").write_text(json.dumps(SUITE))
    return place


@dataclass
class Spoken:
    """The terminal, in this process: every command opens the workspace anew."""

    place: Path
    told: pytest.CaptureFixture[str]

    def __call__(self, *words: str, code: int) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["-w", str(self.place), "eval", *words])
        said = self.told.readouterr()
        assert ended.value.code == code, said
        return said.out


@pytest.fixture
def spoken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Spoken:
    return Spoken(workspace(tmp_path / "desk"), capsys)


def test_a_change_is_held_against_another_folder_and_blocked(spoken: Spoken, tmp_path: Path) -> None:
    worse = Spoken(workspace(tmp_path / "worse", 8), spoken.told)
    page, tests = tmp_path / "gate.md", tmp_path / "gate.xml"
    words = (
        "--against",
        str(spoken.place),
        "--gate",
        "--anyway",
        "--markdown",
        str(page),
        "--junit",
        str(tests),
    )
    said = json.loads(worse("tickets", *words, "--json", code=1))
    assert said["outcome"]["verdict"] == "fail"
    assert [arm["metrics"][0]["value"] for arm in said["outcome"]["arms"]] == [pytest.approx(4 / 12), 1.0]
    assert "✗ fail" in page.read_text()
    assert tests.read_text().count("<failure") == 9
    assert "it is worse" in worse("show", said["id"], code=1)
    listed = json.loads(worse("experiments", "--json", code=0))
    assert [each["verdict"] for each in listed] == ["fail"]


def test_a_change_is_held_against_a_release(spoken: Spoken) -> None:
    with pytest.raises(SystemExit) as made:
        main(["-w", str(spoken.place), "release", "create", "--name", "one"])
    assert not made.value.code
    code = spoken.place / "flows" / "desk.py"
    code.write_text(code.read_text().replace("LIMIT = 0", "LIMIT = 8"))
    spoken.told.readouterr()
    said = json.loads(spoken("tickets", "--against", "one", "--json", code=1))
    now, released = said["outcome"]["arms"]
    assert (now["metrics"][0]["value"], released["metrics"][0]["value"]) == (pytest.approx(4 / 12), 1.0)
    assert released["kind"] == "release"


def test_what_nobody_can_tell_blocks_until_a_person_answers_for_it(spoken: Spoken, tmp_path: Path) -> None:
    first = json.loads(spoken("tickets", "--json", code=0))
    assert "12 goes at 12 scenarios" in spoken("tickets", code=0), "a suite stands where a command would"
    refused = ("tickets", "--against", first["id"], "--gate", "--only", "t1")
    assert spoken(*refused, code=3) == "", "too few to be worth a cent"
    few = json.loads(spoken(*refused, "--anyway", "--json", code=3))
    spoken("waive", few["id"], "--reason", "one will do", code=0)
    spoken("show", few["id"], code=0)
    spoken("bundle", few["id"], "--to", str(tmp_path / "bundle"), code=0)
    assert "every figure is as it stands in the log" in spoken("recompute", str(tmp_path / "bundle"), code=0)
    spoken("show", "r-nosuch", code=2)
    spoken("tickets", "--gate", code=2)
    spoken("tickts", code=2)
    spoken("tickets", "--against", "../nowhere", code=2)
    spoken("tickets", "--junit", "nowhere/x.xml", code=2)
    assert len(json.loads(spoken("experiments", "--json", code=0))) == 3, "nothing was tried for these"


def test_killed_for_good_it_is_resumed_by_another_process(spoken: Spoken, tmp_path: Path) -> None:
    made, code = tmp_path / "made", spoken.place / "flows" / "desk.py"
    code.write_text(
        code.read_text().replace(
            "    ticket =", f'    with open("{made}", "a") as file: file.write("x")\n    ticket ='
        )
    )
    command = [sys.executable, "-P", "-m", "remit", "eval", "tickets", "--parallel", "1", "--trials", "6"]
    with subprocess.Popen(
        command, cwd=spoken.place, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        assert process.stderr is not None
        assert b"of 72 goes" in process.stderr.readline()
        os.kill(process.pid, signal.SIGKILL)
    left = json.loads(spoken("experiments", "--json", code=0))[0]
    assert 0 < len(made.read_text()) < 72
    view = json.loads(spoken("resume", left["id"], "--json", code=0))
    assert view["outcome"]["arms"][0]["scored"] == 72
    assert len(made.read_text()) <= 73, "the one that was under way may have begun twice, and no other"


def test_scenarios_are_tests_of_pytest(tmp_path: Path) -> None:
    place = workspace(tmp_path / "desk", 8)
    (place / "conftest.py").write_text('pytest_plugins = ["remit.testing.suites"]\n')
    command = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "suites",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert "8 failed, 4 passed" in done.stdout, done.stdout + done.stderr
    assert 'status: "open" is not "solved"' in done.stdout
    shutil.rmtree(place)
