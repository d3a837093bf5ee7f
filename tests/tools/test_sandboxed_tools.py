"""A Python tool that asks for a tier runs behind its walls, by its import path, or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remit import Run, flow
from remit.control.workspace.code import load_code
from remit.domain.action_errors import InvalidTool, IsolationMissing
from remit.domain.errors import StepFailed, ToolFailed
from remit.testing import stage
from remit.tools.tool import PythonTool, tool
from tests.tools.calling import perform

CODE = """
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from lib.sums import double
from remit import ToolFailed, tool


@dataclass
class Sum:
    total: int


@tool(effect="read", tier="TIER", timeout="20s")
def add(numbers: list[int], times: int = 1) -> Sum:
    '''Add numbers up.'''
    print("this is no answer")
    return Sum(double(sum(numbers)) * times)


@tool(effect="read", tier="TIER", timeout="20s")
async def look_around(secret: str) -> dict[str, bool]:
    '''What can be reached from in here.'''
    def reached(attempt) -> bool:
        try:
            attempt()
        except OSError:
            return False
        return True
    return {
        "key": reached(lambda: Path(secret).read_bytes()),
        "network": reached(socket.socket),
        "environment": "CANARY" in os.environ,
        "home": reached(lambda: Path("/etc/passwd").read_bytes()),
    }


@tool(effect="read", tier="TIER", timeout="20s")
def refuses(loud: bool) -> int:
    '''Fail.'''
    if loud:
        raise KeyError("gone")
    raise ToolFailed("there is no such thing")


@tool(effect="read", tier="TIER", timeout="2s")
def hangs() -> int:
    '''Never.'''
    while True:
        pass


@tool(effect="read", tier="TIER", timeout="20s")
def lies() -> int:
    '''Gives something else than it says.'''
    return "seven"
"""


@pytest.fixture(params=["process", "namespace"])
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, PythonTool]]:
    (tmp_path / "remit.toml").write_text("")
    for name, text in {
        "lib/sums.py": "def double(n: int) -> int:\n    return 2 * n\n",
        "tools/boxed.py": CODE.replace("TIER", request.param),
        ".remit/keys/root.key": "the key of everything",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    path, modules = list(sys.path), set(sys.modules)
    yield {each.name: each for each in load_code(tmp_path, ["tools"]).tools}
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.split(".")[0] in {"tools", "lib"}:
            del sys.modules[name]


async def test_it_computes_with_the_code_of_its_workspace(tools: dict[str, PythonTool]) -> None:
    done = await perform(tools["add"], numbers=[1, 2], times=7)
    assert done.result == {"total": 42}
    assert tools["add"].result(done.result).total == 42


async def test_it_reaches_neither_keys_nor_network_nor_environment(
    tools: dict[str, PythonTool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "x")
    seen = await perform(tools["look_around"], secret=str(tmp_path / ".remit" / "keys" / "root.key"))
    landlock = tools["add"].manifest.tier == "process" and seen.result["home"]
    assert not any(
        reached for what, reached in seen.result.items() if not (landlock and what in {"key", "home"})
    )


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("refuses", {"loud": False}, "^there is no such thing$"),
        ("refuses", {"loud": True}, "^KeyError: 'gone'$"),
        ("hangs", {}, "hangs was not done after 2 s, and was ended"),
        ("lies", {}, "lies returned something else than int"),
    ],
)
async def test_what_goes_wrong_in_there_is_told(
    tools: dict[str, PythonTool], name: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ToolFailed, match=said):
        await perform(tools[name], **given)


async def test_a_flow_calls_it_through_the_gate(tools: dict[str, PythonTool], tmp_path: Path) -> None:
    @flow
    async def compute(run: Run) -> int:
        with pytest.raises(StepFailed, match="no such thing"):
            await run.call(tools["refuses"], loud=False)
        return (await run.call(tools["add"], [1, 2])).total

    async with stage(compute) as platform:
        assert await (await platform.start(compute)).result() == 6


@tool(effect="read", tier="vm")
def far_away() -> int:
    """Nowhere."""
    return 1


async def test_where_the_tier_is_missing_nothing_runs() -> None:
    with pytest.raises(IsolationMissing, match="no sandbox of tier vm"):
        await perform(far_away)


def _compute(number: int) -> int:
    return number


def _keyed(number: int, *, idempotency_key: str) -> int:
    return number + len(idempotency_key)


def test_what_a_sandbox_cannot_keep_is_refused_where_it_is_declared() -> None:
    def inner(number: int) -> int:
        return number

    cases: tuple[tuple[Any, dict[str, Any], str], ...] = (
        (inner, {"effect": "read"}, "it has no import path"),
        (_compute, {"effect": "write"}, "behind its walls nothing can be changed"),
        (_compute, {"effect": "read", "secrets": ["token"]}, "neither secrets nor its context"),
        (_keyed, {"effect": "read"}, "neither secrets nor its context"),
        (
            _compute,
            {"effect": "read", "reconcile": _compute},
            "what stands beside a tool would run without it",
        ),
    )
    for fn, more, why in cases:
        with pytest.raises(InvalidTool, match=why):
            tool(tier="namespace", **more)(fn)
