"""What was said leaves by OpenTelemetry only where somebody asked for it, in the words of the conventions, and never
what is not for everybody or belongs to a class of data."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from remit import Agent, tool
from remit.control.exposing.emission import emission_of
from remit.control.observing.wiring import projector_of
from remit.control.sections import OtelSettings
from remit.testing import stage
from remit.testing.pytest_plugin import script
from tests.insight.test_emission import Store, receiving, said

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from remit.testing import Script, Stage

__all__ = ["script"]
MAIL = "ana.silva@example.org"


@tool(effect="read")
def look(what: str) -> dict[str, str]:
    """Look it up."""
    return {"found": what, "from": MAIL}


@tool(effect="read", readers=["user:lea"])
def look_closely(what: str) -> str:
    """Only Lea may read what this gives."""
    return f"between Lea and {what}"


@tool(effect="read", data_class="health")
def diagnosis(what: str) -> str:
    """What it gives is of a class."""
    return f"{what} is well"


CLERK = Agent("clerk", prompt="You look things up.", tools=[look, look_closely, diagnosis])


@asynccontextmanager
async def told(
    store: Store, script: Script, place: Path, *, content: bool
) -> AsyncGenerator[tuple[Stage, Any]]:
    async with stage(agents=[CLERK], script=script, workspace=place) as made:
        ground = made.platform.ground
        emission = emission_of(ground, OtelSettings(endpoint=store.url, content=content))
        await emission.exporter.begin()

        async def tell() -> list[dict[str, Any]]:
            await projector_of(ground, (emission.tellings,)).catch_up()
            await emission.exporter.catch_up()
            return [said(span) for span in store.spans()]

        try:
            yield made, tell
        finally:
            await emission.exporter._receiver.close()


async def test_what_was_said_is_told_where_somebody_asked_for_it(script: Script, tmp_path: Path) -> None:
    script(CLERK).calls("look", what="a bill").replies(f"It is from {MAIL}.")
    async with receiving() as store, told(store, script, tmp_path, content=True) as (made, tell):
        await (await made.start("clerk", question="where is it?")).result()
        spans = await tell()
    first, second = (each for each in spans if each["remit.span.kind"] == "model")
    assert json.loads(first["gen_ai.system_instructions"]) == [
        {"type": "text", "content": "You look things up."}
    ]
    assert json.loads(first["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "where is it?"}]}
    ]
    (answer,) = json.loads(first["gen_ai.output.messages"])
    (call,) = answer["parts"]
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "tools")
    assert (call["type"], call["name"], json.loads(call["arguments"])) == (
        "tool_call", "look", {"what": "a bill"},
    )  # fmt: skip
    (given,) = json.loads(second["gen_ai.input.messages"])
    assert (given["role"], given["parts"][0]["type"]) == ("tool", "tool_call_response")
    assert "gen_ai.system_instructions" not in second, "each call says what was new in it"
    (used,) = (each for each in spans if each["remit.span.kind"] == "tool")
    assert json.loads(used["gen_ai.tool.call.arguments"]) == {"what": "a bill"}
    assert json.loads(used["gen_ai.tool.call.result"]) == {"found": "a bill", "from": "[personal]"}
    assert MAIL not in str(spans), "what a detector finds stays here"


async def test_what_is_not_for_everybody_stays_here(script: Script, tmp_path: Path) -> None:
    """A run into which something came that only some may read, or of a class, says nothing; without the setting none
    does.
    """
    script(CLERK).calls("look_closely", what="the wall").replies("I was told not to say.")
    script(CLERK).calls("diagnosis", what="Ana").replies("I was told not to say.")
    async with receiving() as store, told(store, script, tmp_path, content=True) as (made, tell):
        await (await made.start("clerk", question="where is it?")).result()
        await (await made.start("clerk", question="how is she?")).result()
        spans = await tell()
    assert len(spans) == 10
    assert not any("messages" in name or "tool.call" in name for each in spans for name in each)
    script(CLERK).replies("Here.")
    async with receiving() as store, told(store, script, tmp_path, content=False) as (made, tell):
        await (await made.start("clerk", question="where is it?")).result()
        spans = await tell()
    assert not any("messages" in name or "instructions" in name for each in spans for name in each)
