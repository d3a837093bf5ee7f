"""A definition that somebody accepts in another process is what a running worker offers and calls from then on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from remit.agents.agent import Agent
from remit.control.platform import Platform
from remit.testing import stage
from remit.testing.clock import ManualClock
from remit.testing.scripting import Script
from tests.agents.conftest import script

__all__ = ["script"]

_SOURCE = '[openapi.crm]\ndocument = "crm.json"\nbase_url = "http://127.0.0.1:9"\n'


def _document(about: str) -> dict[str, Any]:
    look = {"operationId": "look", "summary": about, "responses": {"200": {"description": "it"}}}
    return {"openapi": "3.1.0", "info": {"title": "CRM", "version": "1"}, "paths": {"/it": {"get": look}}}


def _publish(folder: Path, about: str) -> None:
    (folder / "crm.json").write_text(json.dumps(_document(about)))


async def _accepted_elsewhere(folder: Path) -> None:
    async with Platform.open(folder, worker=False) as office:
        (view,) = [each for each in await office.tools() if each.name == "look"]
        assert view.state == "quarantined"
        await office.accept_tool("look")


@pytest.mark.parametrize("seen", ["before the worker started", "while the worker runs"])
async def test_a_running_worker_follows_what_is_accepted_elsewhere(
    seen: str, tmp_path: Path, script: Script
) -> None:
    (tmp_path / "tools.toml").write_text(_SOURCE)
    _publish(tmp_path, "Looks.")
    async with Platform.open(tmp_path, worker=False):
        pass  # the first start accepts what is there
    looker = Agent("looker", prompt="Look.", tools=["look"])
    offered: list[str] = []

    def note(scene: Any) -> str:
        offered.extend(tool.description for tool in scene.request.tools)
        return "looked"

    if seen == "before the worker started":
        _publish(tmp_path, "Looks, with a lens.")
    clock = ManualClock()
    script(looker).plays(note).forever()
    async with stage(workspace=tmp_path, agents=[looker], script=script, clock=clock) as platform:
        assert await (await platform.start("looker", question="now")).result() == "looked"
        before, offered[:] = list(offered), []
        _publish(tmp_path, "Looks, with a lens.")
        await _accepted_elsewhere(tmp_path)
        await clock.advance(2)
        assert await (await platform.start("looker", question="and now")).result() == "looked"
    assert before == ([] if seen == "before the worker started" else ["Looks."])
    assert offered == ["Looks, with a lens."]
