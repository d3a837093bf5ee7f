"""Flows and tools of the workspace itself, served as tools: durable, under the rules, waited for a while."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from remit import Run, flow, tool
from remit.domain.errors import InvalidSetting
from remit.domain.fronting import KeyScope
from tests.mcp.stand import ALL, ERAS, LEGACY, MODERN, stand

SETTINGS = '[mcp]\nflows = ["settle", "waits"]\nflow_seconds = {seconds}\n'


@tool(effect="read")
async def rate(currency: str) -> dict[str, int]:
    """What a currency is worth."""
    return {currency: 3}


@flow
async def settle(run: Run, order: int, note: str = "") -> str:
    """Settles an order."""
    found = await run.call(rate, "eur")
    return f"{order} settled at {found['eur']}{note}"


@flow
async def waits(run: Run) -> str:
    """Waits for somebody."""
    return str(await run.signal("go"))


def said(result: Any) -> Any:
    return json.loads(result.content[0].text)


async def test_s30_a_flow_is_called_as_a_tool_and_runs_durably_for_the_caller(tmp_path: Path) -> None:
    settings = SETTINGS.format(seconds=20)
    async with stand(tmp_path, settings=settings, flows=(settle, waits)) as here:
        for era in ERAS:
            async with here.client(era) as client:
                tools = {each.name: each for each in (await client.list_tools()).tools}
                assert set(tools) >= {"settle", "waits", "run_outcome"}
                assert tools["settle"].description == "Settles an order."
                assert set(tools["settle"].input_schema["properties"]) == {"order", "note"}
                done = said(await client.call_tool("settle", {"order": 7}))
                assert done["result"] == "7 settled at 3"
                view = await here.platform.show(done["run"])
                assert view.run.flow == "mcp.settle"
                assert view.by == here.platform.ground.principal.id
                wrong = await client.call_tool("settle", {"ordr": 7})
                assert wrong.is_error
                assert "ordr" in wrong.content[0].text


async def test_a_flow_that_takes_longer_is_asked_for_later_by_whoever_started_it(tmp_path: Path) -> None:
    async with (
        stand(tmp_path, settings=SETTINGS.format(seconds=0), flows=(settle, waits)) as here,
        here.client(MODERN) as client,
    ):
        begun = said(await client.call_tool("waits", {}))
        assert begun["ask"] == f"run_outcome(run='{begun['run']}')"
        await here.platform.signal(begun["run"], "go", "gone")
        came = said(await client.call_tool("run_outcome", {"run": begun["run"], "wait_seconds": 20}))
        assert came == {"run": begun["run"], "status": "succeeded", "result": "gone"}
        own = await here.platform.start(settle, order=1)
        assert (await own.result()) == "1 settled at 3"
        refused = await client.call_tool("run_outcome", {"run": own.id})
        assert refused.is_error
        assert "of yours" in refused.content[0].text


async def test_rules_and_keys_hold_for_flows_as_for_tools(tmp_path: Path) -> None:
    policy = ALL + '@ask("owners") forbid (principal, action == Action::"call", resource == Tool::"settle") '
    policy += "when { context.order > 5 };\n"
    settings = SETTINGS.format(seconds=20) + "[server]\napproval_seconds = 1\n"
    scope = KeyScope("bot", tools=frozenset({"settle"}))
    async with (
        stand(tmp_path, settings=settings, flows=(settle, waits), policy=policy, scope=scope) as here,
        here.client(LEGACY) as client,
    ):
        assert [each.name for each in (await client.list_tools()).tools] == ["settle"]
        assert said(await client.call_tool("settle", {"order": 5}))["result"] == "5 settled at 3"
        held = await client.call_tool("settle", {"order": 6})
        assert held.is_error
        assert "owners" in held.content[0].text
        assert (await client.call_tool("waits", {})).is_error


async def test_a_name_that_is_no_flow_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match='"setle" is to be served') as wrong:
        async with stand(tmp_path, settings='[mcp]\nflows = ["setle"]\n', flows=(settle,)):
            pass
    assert "settle" in str(wrong.value.hint)
