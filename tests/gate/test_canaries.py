"""A canary for every path on which a secret could get out: the log's own bytes and everything in it, errors, what
models are told, answers as they come, log lines, and what the terminal prints.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from remit import Run, flow
from remit.agents.agent import Agent
from remit.cli.output import as_json_line
from remit.testing import Stage
from remit.testing.scripting import Script
from remit.tools.binding import ToolContext
from remit.tools.tool import tool
from tests.engine.places import journal
from tests.gate.desk import desk, heard

CANARY = "canary-Zq7/x+9f3a9b2c=="
FORMS = [
    CANARY, base64.b64encode(CANARY.encode()).decode().rstrip("="), CANARY.encode().hex(),
    base64.b64encode(f"user:{CANARY}".encode()).decode()[8:24],
]  # fmt: skip
_log = logging.getLogger("somebody.elses.library")


@tool(effect="read", name="leaky", secrets=["CRM_TOKEN"], timeout=5)
async def leaky(way: str, context: ToolContext) -> Any:
    """Give the secret away in some way."""
    assert context.secret is not None
    secret = await context.secret("CRM_TOKEN")
    assert secret == CANARY
    logging.getLogger().warning("the token is %s", secret)
    _log.error("calling with Authorization: Bearer %s", secret)
    match way:
        case "answers it":
            return secret
        case "answers it within":
            return {"headers": [{"Authorization": f"Bearer {secret}"}], secret: 1}
        case "answers it encoded":
            return [base64.b64encode(f"user:{secret}".encode()).decode(), secret.encode().hex()]
        case "raises it":
            raise ValueError(f"401 for {secret}")
        case "raises it, chained":
            raise RuntimeError("could not log in") from KeyError(secret)
        case _:
            raise ExceptionGroup("several", [ValueError(secret), OSError(5, "no", secret)])


@tool(effect="read", name="echo")
async def echo(text: str) -> str:
    """Say it again."""
    return text


WAYS = [
    "answers it", "answers it within", "answers it encoded", "raises it", "raises it, chained", "raises several",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", CANARY)


@pytest.mark.parametrize("way", WAYS)
async def test_a_secret_leaves_a_tool_in_no_way(
    way: str, script: Script, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clerk, seen = Agent("clerk", prompt="You call.", tools=[leaky]), list[str]()
    script(clerk).calls("leaky", way=way)
    script(clerk).plays(lambda scene: seen.append(_all(scene.request)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        caplog.handler.addFilter(_the_filter(stage))
        run = await stage.start("clerk", question="call it")
        assert await run.result() == "done"
        await _nowhere(stage, run.id, tmp_path, caplog, *seen)
        assert "[secret CRM_TOKEN]" in seen[0] or "could not log in" in seen[0] or "several" in seen[0]


async def test_a_secret_in_the_question_the_prompt_or_an_argument_goes_nowhere(
    script: Script, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody pasted it."""
    (tmp_path / "prompt.md").write_text(f"You call with {CANARY}.")
    clerk, seen = Agent("clerk", prompt="prompt.md", tools=[echo, leaky]), list[str]()

    def decide(scene: Any) -> Any:
        seen.append(_all(scene.request))
        if not heard(scene):
            from remit.models.simulation.lines import Line, Wanted

            return Line(calls=(Wanted("echo", {"text": f"it is {CANARY}"}),))
        return f"the key is {CANARY}"

    script(clerk).plays(decide).forever()

    @flow
    async def pasted(run: Run) -> str:
        """Knows the secret from elsewhere."""
        with pytest.raises(Exception, match="secret") as refused:
            await run.call(echo, text=f"say {CANARY}")
        assert CANARY not in str(refused.value)
        return await run.ask(clerk, f"use {CANARY}", "please")

    async with desk(tmp_path, script, pasted) as stage:
        caplog.handler.addFilter(_the_filter(stage))
        await stage.platform._parts.house.gate.parts.vault.learn(["CRM_TOKEN"])
        run = await stage.start(pasted)
        assert await run.result() == "the key is [secret CRM_TOKEN]"
        await _nowhere(stage, run.id, tmp_path, caplog, *seen)
        assert (await stage.platform.replay(run.id)).verdict == "equal"


async def test_a_secret_that_a_model_says_is_heard_by_nobody(script: Script, tmp_path: Path) -> None:
    clerk = Agent("clerk", prompt="You answer.", tools=[leaky])
    script(clerk).says(f"Surely. The key is {CANARY}, use it well.")

    @flow
    async def waits(run: Run) -> str:
        """Lets the test listen first."""
        await run.signal("go")
        return await run.ask(clerk, "which key?")

    async with desk(tmp_path, script, waits) as stage:
        await stage.platform._parts.house.gate.parts.vault.learn(["CRM_TOKEN"])
        run = await stage.start(waits)
        frames, ready = list[str](), asyncio.Event()

        async def listen() -> None:
            async for frame in stage.platform.stream(run.id, ready):
                frames.append(frame.text)

        listening = asyncio.ensure_future(listen())
        await ready.wait()
        await run.signal("go")
        assert CANARY not in await run.result()
        await listening
        assert "".join(frames) == "Surely. The key is [secret CRM_TOKEN], use it well."
        assert len(frames) > 2


async def test_a_nested_tool_has_its_own_secrets_and_no_others(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_TOKEN", "another-canary-8842")
    given: list[str] = []

    @tool(effect="read", name="inner", secrets=["OTHER_TOKEN"])
    async def inner(name: str, context: ToolContext) -> str:
        """Ask for a secret; known to nobody but the tool that calls it."""
        assert context.secret is not None
        given.append(await context.secret(name))
        return "had it"

    @tool(effect="read", name="outer", secrets=["CRM_TOKEN"])
    async def outer(name: str, context: ToolContext) -> str:
        """Let the other one ask."""
        return await inner(name=name)

    clerk = Agent("clerk", prompt="You call.", tools=[outer])
    script(clerk).calls("outer", name="OTHER_TOKEN").calls("outer", name="CRM_TOKEN")
    script(clerk).plays(lambda scene: "; ".join(heard(scene)))
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="try")
        told = await run.result()
        assert given == ["another-canary-8842"]
        assert told.startswith("had it; ")
        assert "which it does not name" in told
        assert [view.name for view in await stage.platform.tools()] == ["inner", "outer"]


async def test_secrets_of_a_task_are_gone_when_its_run_leaves(script: Script, tmp_path: Path) -> None:
    clerk = Agent("clerk", prompt="You call.", tools=[leaky])
    script(clerk).calls("leaky", way="answers it").says("done")

    @flow
    async def parks(run: Run) -> str:
        """Has something minted, and waits for long."""
        answer = await run.ask(clerk, "call")
        await run.signal("go")
        return answer

    async with desk(tmp_path, script, parks) as stage:
        vault = stage.platform._parts.house.gate.parts.vault
        run = await stage.start(parks)
        await run.waits_for()
        assert run.id not in vault._tasks
        await run.signal("go")
        assert await run.result() == "done"
        assert run.id not in vault._tasks


# --- where to look ----------------------------------------------------------------------------------------------


async def _nowhere(
    stage: Stage, run: str, folder: Path, caplog: pytest.LogCaptureFixture, *more: str
) -> None:
    """Nothing that anybody keeps, says or prints has it."""
    entries = await journal(stage, run)
    view, shown = await stage.platform.show(run), [repr(entry) for entry in entries]
    printed = as_json_line(view)
    records = [record.getMessage() + str(record.exc_text) for record in caplog.records]
    tools = [as_json_line(each) for each in await stage.platform.tools()]
    places = {
        "the log": "\n".join(shown), "the run's page": repr(view), "--json": printed, "log lines": "\n".join(records),
        "what models were told": "\n".join(more), "remit tools": "\n".join(tools), "captured": caplog.text,
    }  # fmt: skip
    for place, text in places.items():
        for form in FORMS:
            assert form not in text, f"{form} stands in {place}"
    assert _files_with_it(folder) == []


def _files_with_it(folder: Path) -> list[str]:
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "prompt.md"]
    return [file.name for file in files if any(form.encode() in file.read_bytes() for form in FORMS)]


def _the_filter(stage: Stage) -> logging.Filter:
    """The one that every handler gets; the handler that captures here came before the workspace was open."""
    from remit.gate.secrets.redactor import RedactingFilter

    return RedactingFilter(stage.platform._parts.house.gate.parts.vault.redactor)


def _all(request: Any) -> str:
    return re.sub(r"\s+", " ", msgspec.json.encode(request).decode())
