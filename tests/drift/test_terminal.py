"""What changed under an agent, from its real runs to the terminal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from remit.cli.main import main
from remit.control.platform import Platform

AGENT = 'from remit import Agent\nclerk = Agent("clerk", prompt="{}")\n'


async def _asked(place: Path, prompt: str) -> str:
    (place / "agents" / "clerk.py").write_text(AGENT.format(prompt))
    async with Platform.open(place) as platform:
        handle = await platform.submit("clerk", {"question": "hello?"}, release="here")
        await handle.result()
        return handle.id


def test_another_prompt_is_named_with_the_run_that_met_it_first_and_nothing_else_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "all.cedar").write_text('@id("all") permit (principal, action, resource);')
    (tmp_path / "remit.toml").write_text("")
    asyncio.run(_asked(tmp_path, "You keep notes."))
    said = _said(tmp_path, capsys, code=0)
    assert said == {"found": [], "watched": [("clerk", 1, False)]}
    second = asyncio.run(_asked(tmp_path, "You keep secrets."))
    for _ in range(2):
        said = _said(tmp_path, capsys, code=1)
        assert said == {"found": [("prompt", second)], "watched": [("clerk", 2, False)]}
    with pytest.raises(SystemExit):
        main(["-w", str(tmp_path), "release", "drift", "--agent", "clerk"])
    assert "clerk: prompt" in capsys.readouterr().out


def _said(place: Path, capsys: pytest.CaptureFixture[str], *, code: int) -> dict[str, object]:
    with pytest.raises(SystemExit) as ended:
        main(["-w", str(place), "release", "drift", "--json"])
    told = capsys.readouterr()
    assert ended.value.code == code, told
    report = json.loads(told.out)
    return {
        "found": [(each["finding"]["what"], each["finding"]["run"]) for each in report["found"]],
        "watched": [(each["name"], each["runs"], each["enough"]) for each in report["watched"]],
    }
