"""Paths on which a secret could get out that are easily forgotten: what undo keeps, what stands in a traceback, what a
command prints, and values that are too short to be kept out of sight.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from remit import Run, flow
from remit.agents.agent import Agent
from remit.cli.output import as_json, as_json_line
from remit.domain.action_errors import SecretUnavailable
from remit.domain.errors import RemitError
from remit.gate.secrets.redactor import SHORTEST
from remit.gate.secrets.secrets_file import parse_secrets
from remit.gate.secrets.vault import Vault
from remit.testing import ManualClock
from remit.testing.scripting import Script
from remit.tools.binding import ToolContext
from remit.tools.tool import tool
from tests.engine.places import journal
from tests.gate.desk import desk

CANARY = "canary/Zq7+x 9f3a=9b2c"
FORMS = {
    "plain": CANARY,
    "base64": base64.b64encode(CANARY.encode()).decode().rstrip("="),
    "base64 within": base64.b64encode(f"user:{CANARY}".encode()).decode(),
    "url": quote(CANARY, safe=""),
    "hex": CANARY.encode().hex(),
}
WORLD: dict[str, Any] = {}


@tool(effect="write", name="set_note", undo="restore", secrets=["CRM_TOKEN"])
async def set_note(note: str, context: ToolContext) -> str:
    """Write a note; the world holds a secret in some form."""
    assert context.secret is not None
    await context.secret("CRM_TOKEN")
    WORLD["note"] = note
    return "noted"


@set_note.before
async def _before(note: str, **_: Any) -> Any:
    del note
    return {"header": f"Authorization: {WORLD['was']}"}


@set_note.restore
async def _restore(image: Any, **_: Any) -> None:
    WORLD["note"] = image


@tool(effect="read", name="breaks", secrets=["CRM_TOKEN"])
async def breaks(way: str, context: ToolContext) -> None:
    """Fail with the secret somewhere in the traceback."""
    assert context.secret is not None
    secret = await context.secret("CRM_TOKEN")
    wrong = ValueError(f"401 for {FORMS[way] if secret == CANARY else secret}")
    wrong.add_note(f"while using {FORMS[way]}")
    raise RuntimeError("could not log in") from wrong


@flow
async def write(run: Run) -> str:
    """One write."""
    return await run.call(set_note, note="hello")


@flow
async def fail(run: Run, way: str) -> None:
    """One failure."""
    await run.call(breaks, way=way)


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", CANARY)


@pytest.mark.parametrize("form", FORMS)
async def test_what_undo_keeps_holds_no_secret_in_any_form(form: str, script: Script, tmp_path: Path) -> None:
    WORLD["was"] = FORMS[form]
    async with desk(tmp_path, script, write) as stage:
        run = await stage.start(write)
        assert await run.result() == "noted"
        said = as_json_line([entry.event for entry in await journal(stage, run.id)])
        shown = as_json(await run.show())
        for each in FORMS.values():
            assert each not in said
            assert each not in shown
        assert "holds a secret" in said  # it says that there is no undo, and why


@pytest.mark.parametrize("form", FORMS)
async def test_a_failure_shows_no_secret_in_its_traceback_nor_in_json(
    form: str, script: Script, tmp_path: Path
) -> None:
    import traceback

    async with desk(tmp_path, script, fail) as stage:
        run = await stage.start(fail, way=form)
        with pytest.raises(RemitError) as failed:
            await run.result()
        told = "".join(traceback.format_exception(failed.value))
        said = as_json_line([entry.event for entry in await journal(stage, run.id)])
        for text in (told, said, as_json(await run.show())):
            assert not any(each in text for each in FORMS.values())


async def test_an_agent_is_told_of_no_secret_by_a_failing_tool(script: Script, tmp_path: Path) -> None:
    clerk, seen = Agent("clerk", prompt="You call.", tools=[breaks]), list[str]()
    script(clerk).calls("breaks", way="base64")
    script(clerk).plays(lambda scene: seen.append(as_json_line(scene.request)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="call it")
        assert await run.result() == "done"
    assert seen
    assert not any(each in text for each in FORMS.values() for text in seen)


@pytest.mark.parametrize("value", ["a", "12345", "x" * (SHORTEST - 1)])
async def test_a_value_too_short_to_hide_is_refused_and_not_repeated(value: str) -> None:
    table = {"secrets": {"pin": {"backend": "env", "name": "PIN"}}}
    opened = Vault(parse_secrets(table), Path.cwd(), ManualClock(), environment={"PIN": value})
    with pytest.raises(SecretUnavailable, match=f"fewer than {SHORTEST} characters") as refused:
        await opened.probe("pin")
    assert len(value) < 2 or value not in str(refused.value)


def test_an_environment_has_back_ends_of_its_own() -> None:
    table = {
        "backends": {"folder": {"kind": "file", "root": "secrets"}},
        "secrets": {"crm": {"backend": "env", "name": "CRM"}, "db": {"backend": "folder"}},
        "environments": {
            "prod": {
                "backends": {"folder": {"kind": "aws", "region": "eu-central-1"}},
                "secrets": {"crm": {"backend": "folder", "name": "prod/crm"}},
            }
        },
    }
    at_home, prod = parse_secrets(table, "dev"), parse_secrets(table, "prod")
    assert (at_home.backends["folder"].kind, prod.backends["folder"].kind) == ("file", "aws")
    assert [getattr(each.secrets["crm"], "backend", "") for each in (at_home, prod)] == ["env", "folder"]
    assert prod.secrets["db"] == at_home.secrets["db"]
    mistakes: list[Any] = [{"prod": {"secrets": {"crm": {"backend": "none"}}}}, {"prod": {"secret": {}}}]
    for wrong in mistakes:
        with pytest.raises(RemitError):
            parse_secrets({**table, "environments": wrong}, "dev")
