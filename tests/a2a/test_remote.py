"""Agents of other platforms as delegates: asked through the gate, pinned by their card, shown nothing of ours."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from remit import Agent, Run, flow
from remit.domain.action_errors import InvalidTool
from remit.domain.fronting import Attribution, KeyScope
from remit.models.simulation.lines import Line, Wanted
from remit.testing.scripting import Script
from remit.testing.stage import Stage, stage
from remit.tools.a2a.binding import RemoteBinding
from remit.tools.a2a.card import card_of
from remit.tools.a2a.settings import read_settings
from tests.a2a.front import Served, served
from tests.gate.desk import ALL_ALLOWED, heard, write_policy

partner = Agent("partner", prompt="You answer.", description="Knows the weather.")


@asynccontextmanager
async def asking(on: Served, place: Path, script: Script, more: str = "") -> AsyncGenerator[Stage]:
    """Another workspace, whose agent may ask the one that is served."""
    write_policy(place, ALL_ALLOWED)
    section = (
        f'[a2a.partner]\nurl = "{on.url}/a2a/partner"\nsecret = "PARTNER_KEY"\nlook_again = 0.001\n{more}'
    )
    (place / "tools.toml").write_text(section)
    asker = Agent("asker", prompt="You ask.", delegates=["partner"])
    async with stage(workspace=place, agents=[asker], script=script) as made:
        yield made


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """There and here."""
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    return tmp_path / "there", tmp_path / "here"


async def steps_of(made: Stage, run: str) -> dict[str, Any]:
    view = await made.platform.show(run)
    return {step.name: step for each in view.steps for step in each.children}


async def test_a_remote_agent_is_asked_through_the_gate(
    places: tuple[Path, Path], script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(partner).says("rain")
    ours = Script()
    ours("asker").calls("partner", task="weather?").says("take an umbrella")
    async with served(places[0], agents=[partner], script=script, names=["partner"]) as on:
        key = on.local_key
        monkeypatch.setenv("PARTNER_KEY", key)
        async with asking(on, places[1], ours) as made:
            run = await made.start("asker", question="what now?")
            assert await run.result() == "take an umbrella"
            step = (await steps_of(made, run.id))["partner"]
            assert [step.kind, step.result["answer"], step.action.source] == ["write", "rain", "a2a:partner"]
            assert key not in repr(await run.show())
        assert (await on.platform.show(step.result["task"])).run.flow == "task.partner"


async def test_what_it_asks_back_is_answered_by_the_same_task(
    places: tuple[Path, Path], script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    @flow(name="partner")
    async def wants_more(run: Run, message: dict[str, Any]) -> str:
        more: Any = await run.signal("message")
        return f"{message['parts'][0]['text']}: {more['parts'][0]['text']}"

    def answered(scene: Any) -> Any:
        return Line(
            calls=(Wanted("partner", {"task": "Berlin", "of": json.loads(heard(scene)[-1])["task"]}),)
        )

    script("asker").calls("partner", task="weather").plays(answered).says("done")
    async with served(places[0], wants_more, names=["partner"]) as on:
        monkeypatch.setenv("PARTNER_KEY", on.local_key)
        async with asking(on, places[1], script) as made:
            run = await made.start("asker", question="what now?")
            assert await run.result() == "done"
            steps = await steps_of(made, run.id)
            assert "another message" in steps["partner"].result["asks"]
            assert steps["partner#2"].result["answer"] == "weather: Berlin"


async def test_a_card_that_changes_is_quarantined(
    places: tuple[Path, Path], script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script("asker").calls("partner", task="weather?").says("not now")
    async with served(places[0], agents=[partner], names=["partner"]) as on:
        monkeypatch.setenv("PARTNER_KEY", on.local_key)
        async with asking(on, places[1], script) as made:
            desk = on.platform.tasks
            monkeypatch.setattr(desk, "description", str.upper)
            run = await made.start("asker", question="what now?")
            assert await run.result() == "not now"
            assert (await steps_of(made, run.id))["partner"].state == "failed"
            assert await on.platform.runs(flow="task.partner") == []
        async with asking(on, places[1], Script()) as made:  # the next start sees it, and asks a person
            view = next(each for each in await made.platform.tools() if each.name == "partner")
            assert view.state == "quarantined"
            assert (await made.platform.accept_tool("partner")).state == "accepted"


async def test_a_card_may_not_lead_its_secret_elsewhere(places: tuple[Path, Path]) -> None:
    settings = read_settings("partner", {"url": "https://partner.example.com/a2a/x", "secret": "PARTNER_KEY"})
    offer = {"url": "https://evil.example.com/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    with pytest.raises(InvalidTool, match="evil"):
        card_of({"supportedInterfaces": [offer]}, settings)
    with pytest.raises(InvalidTool, match="others can read"):
        read_settings("partner", {"url": "http://partner.example.com", "secret": "PARTNER_KEY"})


async def test_an_agent_with_a_key_of_ours_is_shown_a_token_for_one_run(
    places: tuple[Path, Path], script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[str, str] = {}
    script(partner).says("rain")
    ours = Script()
    ours("asker").calls("partner", task="weather?").says("done")
    async with served(places[0], agents=[partner], script=script, names=["partner"]) as on:
        monkeypatch.setenv("PARTNER_KEY", on.local_key)
        kept = RemoteBinding._headers

        async def headers(self: RemoteBinding, context: Any) -> dict[str, str]:
            shown.update(await kept(self, context))
            return {name: value for name, value in shown.items() if name != "X-Remit-Run-Token"}

        monkeypatch.setattr(RemoteBinding, "_headers", headers)  # which it would take for one of its own
        async with stage(flow(nothing), workspace=places[1]) as made:
            theirs = await made.platform.new_agent_key(KeyScope("partner"))
        async with asking(on, places[1], ours, f'run_token = "{theirs.id}"\n') as made:
            run = await made.start("asker", question="what now?")
            assert await run.result() == "done"
            said = Attribution(run_token=shown["X-Remit-Run-Token"])
            caller = await made.platform.fronts.caller(theirs.key, said)
            assert (caller.run, caller.authority, caller.principal) == (run.id, "run", "owner")


async def nothing(run: Run) -> None:
    """Nothing."""
