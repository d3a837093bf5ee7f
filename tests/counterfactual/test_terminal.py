"""Runs made again at the terminal, with the exit codes that scripts go by."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from remit.cli.main import main
from remit.control.platform import Platform

AGENT = """from remit import Agent
clerk = Agent("clerk", prompt="You keep notes.")
"""
FLOW = """from agents.clerk import clerk
from remit import Run, flow
@flow
async def desk(run: Run, key: str) -> str:
    return await run.ask(clerk, {question})
"""


def _write(place: Path, question: str = "key") -> None:
    files = {
        "remit.toml": "", "agents/clerk.py": AGENT, "flows/desk.py": FLOW.format(question=question),
        "policies/all.cedar": '@id("all") permit (principal, action, resource);',
    }  # fmt: skip
    for name, text in files.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)


async def _worked(place: Path) -> str:
    async with Platform.open(place) as platform:
        handle = await platform.submit("desk", {"key": "hello?"}, release="here")
        await handle.result()
        return handle.id


@pytest.mark.usefixtures("own_modules")
def test_exit_codes_say_whether_it_would_do_that_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def remit(*words: str, code: int) -> Any:
        with pytest.raises(SystemExit) as ended:
            main(["-w", str(tmp_path), "replay", *words, "--json"])
        told = capsys.readouterr()
        assert ended.value.code == code, told
        return json.loads(told.out or told.err)

    _write(tmp_path)
    run = asyncio.run(_worked(tmp_path))
    lately = remit("--since", "7d", code=3)
    assert (lately["counts"]["same"], lately["verdict"]) == (1, "inconclusive")
    assert remit(run, "--again", code=0)["compared"][0]["recalled"] == 1
    (tmp_path / "golden.toml").write_text(f'runs = ["{run}"]')
    assert remit("--golden", code=0)["equal"] == [run]
    for wrong in ([], [run, "--since", "7d"], ["--again"], [run, "--max-cost", "1"]):
        remit(*wrong, code=2)
    assert "no run of nobody ended" in remit("--since", "7d", "--only", "nobody", code=2)["error"]["message"]
