"""Sandboxes: honest code runs, every known way out is tried in every tier, and the docs say what was found."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import BadArguments, IsolationMissing
from remit.domain.effects import Effect
from remit.domain.errors import InvalidSetting, ToolFailed
from remit.domain.tools import ArgumentRole, SandboxTier
from remit.tools.builtin.configuration import builtin_tools
from remit.tools.builtin.python import PythonOptions, python_tools
from remit.tools.sandbox import Ending, Outcome, Probed, Sandbox, SandboxLimits
from remit.tools.sandboxes import starting
from remit.tools.sandboxes.choosing import TIERS, probe_all, sandbox_of
from remit.tools.sandboxes.inside import landlock
from remit.tools.sandboxes.process import ProcessSandbox
from tests.tools.calling import perform
from tests.tools.escapes import ESCAPES, HONEST, escape

ROOT = Path(__file__).parents[2]
HERE = (SandboxTier.PROCESS, SandboxTier.NAMESPACE)
LIMITS = SandboxLimits(seconds=20.0)
_NUMBERS = {
    "x86_64": {"socket": 41, "clone": 56, "bpf": 321},
    "aarch64": {"socket": 198, "clone": 220, "bpf": 280},
}
_ENTRY = re.compile(r"^\| ([a-z][^|]*?) \| (yes|no|Landlock) \| (yes|no|Landlock) \|$", re.MULTILINE)
HELD = {
    name: {SandboxTier.PROCESS: process, SandboxTier.NAMESPACE: namespace}
    for name, process, namespace in _ENTRY.findall((ROOT / "docs/reference/sandbox.md").read_text())
}


async def run(tier: SandboxTier, code: str, data: str = "null", limits: SandboxLimits = LIMITS) -> Outcome:
    return await sandbox_of(tier).run(code, data, limits)


@pytest.mark.parametrize("tier", HERE)
@pytest.mark.parametrize("name", HONEST)
async def test_honest_code_runs(tier: SandboxTier, name: str) -> None:
    code, printed = HONEST[name]
    outcome = await run(tier, code, '{"a": 21}')
    assert (outcome.ending, outcome.output, outcome.errors) == (Ending.DONE, printed, "")


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """Something to find, somebody to reach, and a secret in the environment."""
    monkeypatch.setenv("CANARY", "s3cret")
    (tmp_path / "key").write_text("s3cret")
    (tmp_path / "key").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield {
            "folder": tmp_path, "home": Path.home(), "port": listener.getsockname()[1], "pid": os.getpid(),
            **_NUMBERS.get(platform.machine(), _NUMBERS["x86_64"]),
        }  # fmt: skip
    Path("/tmp/remit-escape").unlink(missing_ok=True)  # noqa: S108 - what one escape tries to write
    assert sorted(path.name for path in tmp_path.iterdir()) in (["key"], ["key", "made"])


@pytest.mark.parametrize("tier", HERE)
@pytest.mark.parametrize("name", ESCAPES)
async def test_a_way_out_is_closed_as_the_docs_say(
    tier: SandboxTier, name: str, outside: dict[str, object]
) -> None:
    outcome = await run(tier, escape(name, **outside), limits=replace(LIMITS, seconds=10.0))
    held = HELD[name][tier]
    got_out = "out" in outcome.output
    if held == "yes" or (held == "Landlock" and landlock.version()):
        assert not got_out, outcome
        assert outcome.ending is Ending.DONE, outcome  # it was refused, not lost on the way
    elif held == "no":
        assert got_out, f"{name} is held after all: say so in the docs. {outcome}"


def test_the_docs_have_every_way_out() -> None:
    assert sorted(HELD) == sorted(ESCAPES)


@pytest.mark.parametrize("tier", HERE)
async def test_what_runs_for_ever_is_ended(tier: SandboxTier) -> None:
    begun = time.monotonic()
    stubborn = "import signal\nfor n in set(range(1, 32)) - {9, 19}: signal.signal(n, signal.SIG_IGN)\n"
    outcome = await run(tier, stubborn + "print('on')\nwhile True: pass", limits=replace(LIMITS, seconds=2.0))
    assert (outcome.ending, outcome.output) == (Ending.TIMED_OUT, "on\n")
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("tier", HERE)
async def test_what_prints_for_ever_is_read_and_not_kept(tier: SandboxTier) -> None:
    code = "import sys\nfor _ in range(2000): sys.stdout.write('x' * 10000); sys.stderr.write('é' * 10000)\n"
    outcome = await run(tier, code, limits=replace(LIMITS, output=1001))
    assert outcome.ending is Ending.DONE
    assert outcome.cut
    assert (len(outcome.output), len(outcome.errors)) == (1001, 501)


def _open_to_all(folder: Path) -> str:
    folder.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize("tier", HERE)
async def test_nothing_is_left_of_it(
    tier: SandboxTier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither process nor folder, whether it ended, was ended, or nobody waits for it any more."""
    scratch = _open_to_all(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", scratch)  # other tests make folders at the same time
    for code, seconds in (("open('x', 'w')", 10.0), ("while True: pass", 1.0)):
        await run(tier, code, limits=replace(LIMITS, seconds=seconds))
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    follow = starting._follow  # pyright: ignore[reportPrivateUsage]

    async def noticed(process: Any, *args: Any) -> Outcome:
        started.set_result(process.pid)
        return await follow(process, *args)

    monkeypatch.setattr(starting, "_follow", noticed)
    waiting = asyncio.create_task(run(tier, "print(1)\nwhile True: pass"))
    process = await started
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert os.listdir(scratch) == []  # noqa: PTH208 - by name, as the sandbox makes it
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize("tier", HERE)
async def test_many_at_once_know_nothing_of_each_other(tier: SandboxTier) -> None:
    code = (
        "import json, os, sys\nn = json.load(sys.stdin)\nopen(f'f{n}', 'w').close()\nprint(n, os.listdir())"
    )
    outcomes = await asyncio.gather(*(run(tier, code, str(n)) for n in range(6)))
    assert [outcome.output for outcome in outcomes] == [f"{n} ['f{n}']\n" for n in range(6)]


@pytest.mark.parametrize("tier", [SandboxTier.WASM, SandboxTier.VM])
async def test_a_tier_that_is_not_there_refuses_and_says_what_is_missing(tier: SandboxTier) -> None:
    with pytest.raises(IsolationMissing) as refused:
        await run(tier, "print(1)")
    assert f"no sandbox of tier {tier}" in str(refused.value)
    assert "would be needed" in str(refused.value)


async def test_a_wall_that_does_not_stand_means_that_nothing_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A filter that lets everything pass: the trial finds out, and code is refused instead of run with less."""
    allow_all = bytes.fromhex("0600000000 00ff7f".replace(" ", ""))

    def no_filter(machine: str) -> bytes:
        return allow_all

    def no_program(machine: str) -> bytes:
        return b"\xff" * 8

    monkeypatch.setattr(starting, "call_filter", no_filter)
    sandbox = ProcessSandbox()
    with pytest.raises(IsolationMissing) as refused:
        await sandbox.run(f"open({str(tmp_path / 'ran')!r}, 'w')", "", LIMITS)
    for what in ("processes can be made", "sockets can be opened"):
        assert what in str(refused.value)
    assert not (tmp_path / "ran").exists()
    monkeypatch.setattr(starting, "call_filter", no_program)
    with pytest.raises(IsolationMissing, match="seccomp: Invalid argument"):
        await ProcessSandbox().run("", "", LIMITS)


_AS_NOBODY = """
import asyncio, sys
sys.path.insert(0, {source!r})
from remit.domain.action_errors import IsolationMissing
from remit.domain.tools import SandboxTier
from remit.tools.sandbox import SandboxLimits
from remit.tools.sandboxes.choosing import sandbox_of
async def main():
    for tier in ("process", "namespace"):
        try:
            outcome = await sandbox_of(SandboxTier(tier)).run({code!r}, "null", SandboxLimits(seconds=20.0))
            print(tier, outcome.ending, outcome.output.strip(), outcome.errors)
        except IsolationMissing as wrong:
            print(tier, "refused", wrong)
asyncio.run(main())
"""


def test_without_privileges_it_works_or_refuses() -> None:
    """The same as nobody: an ordinary user has the same walls, by a user namespace, or a refusal."""
    code = (
        escape("makes processes without end")
        + "\nout(socket.socket)\nout(lambda: open('/etc/passwd'))\nprint('ran')"
    )
    program = _AS_NOBODY.format(source=str(ROOT / "src"), code=code)
    python = next(
        p
        for p in ("/usr/bin/python3.13", "/usr/bin/python3.12", "/usr/bin/python3.11", sys.executable)
        if Path(p).exists()
    )
    root = os.geteuid() == 0  # anybody else is the other case already
    somebody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if root else []
    done = subprocess.run(
        [*somebody, python, "-B", "-c", program],
        capture_output=True, text=True, cwd="/", check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert re.match(r"(process|namespace) (done ran|refused this machine has no sandbox)", line), line


async def test_the_doctor_hears_of_every_tier() -> None:
    probed = await probe_all()
    assert [each.tier for each in probed] == list(TIERS)
    assert all(each.remedy for each in probed if not each.works)


async def test_python_run_gives_what_is_printed_and_tells_what_went_wrong() -> None:
    (tool,) = python_tools(PythonOptions(seconds=5.0))
    code = "import json, sys; print(json.load(sys.stdin)['n'] + 1)"
    assert (await perform(tool, code=code, data={"n": 1})).result == {"output": "2\n"}
    with pytest.raises(ToolFailed, match=r"(?s)status 1: .*line 2.*ZeroDivisionError"):
        await perform(tool, code="print('so far')\n1/0")
    with pytest.raises(ToolFailed, match="invalid syntax"):
        await perform(tool, code="if")
    with pytest.raises(ToolFailed, match="was not done after 1 s"):
        await perform(python_tools(PythonOptions(seconds=1.0))[0], code="while True: pass")
    with pytest.raises(BadArguments):
        await perform(tool, script="1")


def test_python_run_declares_what_it_is(tmp_path: Path) -> None:
    (tool,) = builtin_tools({"python": {}}, tmp_path)
    assert (tool.manifest.tier, tool.manifest.effect) == (SandboxTier.NAMESPACE, Effect.READ)
    assert tool.manifest.roles["code"] is ArgumentRole.CODE
    (weaker,) = builtin_tools({"python": {"tier": "process", "seconds": 3, "memory_mb": 64}}, tmp_path)
    assert (weaker.manifest.tier, weaker.manifest.effect) == (SandboxTier.PROCESS, Effect.WRITE)
    for wrong in ({"tier": "none"}, {"tier": "namespaces"}, {"memory": 5}, {"memory_mb": "5"}):
        with pytest.raises(InvalidSetting):
            builtin_tools({"python": wrong}, tmp_path)


async def test_python_run_runs_nothing_where_its_tier_is_missing() -> None:
    class Missing:
        tier = SandboxTier.NAMESPACE

        async def probe(self) -> Probed:
            return Probed(self.tier, "gone", "Get it.")

        async def run(
            self, code: str, data: str, limits: SandboxLimits, shown: Sequence[str] = ()
        ) -> Outcome:
            raise IsolationMissing("gone")

    missing: Sandbox = Missing()
    (tool,) = python_tools(PythonOptions(), missing)
    with pytest.raises(IsolationMissing):
        await perform(tool, code="print(1)")
