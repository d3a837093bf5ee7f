"""What changes is told to those who want to know, in the way of their era, and to nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.client.subscriptions import SubscriptionLost
from mcp.server.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPError

from tests.conformance import fixture_server
from tests.mcp.stand import ALL, ERAS, LEGACY, MODERN, Stand, stand, upstream

WATCHED = "test://watched-resource"
UNSEEN = (
    'forbid (principal, action in [Action::"call", Action::"list"], resource == Tool::"far_resources");\n'
)


@pytest.mark.parametrize("behind", ERAS)
async def test_a_list_that_changes_is_told_to_whoever_listens(behind: str, tmp_path: Path) -> None:
    async with (
        upstream(behind) as far,
        stand(tmp_path, {"far": far.url}, more=f'mode = "{behind}"') as here,
        here.client(MODERN) as client,
        client.listen(tools_list_changed=True) as tools,
        client.listen(prompts_list_changed=True) as own,
    ):
        await client.call_tool("far_test_trigger_prompt_change", {})
        assert type(await anext(aiter(own))).__name__ == "PromptsListChanged"
        await client.call_tool("far_test_trigger_tool_change", {})
        assert type(await anext(aiter(tools))).__name__ == "ToolsListChanged"


async def test_a_resource_is_followed_by_those_who_may_read_it(tmp_path: Path) -> None:
    async with upstream(MODERN) as far, stand(tmp_path, {"far": far.url}) as here:
        async with (
            here.client(MODERN) as client,
            client.listen(resource_subscriptions=[WATCHED, "test://static-text"]) as events,
        ):
            await fixture_server.bus.publish(ResourceUpdated(WATCHED))
            event: Any = await anext(aiter(events))
            assert event.uri == WATCHED
        session_heard: list[str] = []
        told = asyncio.Event()

        async def hear(message: Any) -> None:
            if isinstance(message, types.ResourceUpdatedNotification):
                session_heard.append(str(message.params.uri))
                told.set()

        async with here.client(LEGACY, heard=hear) as client, here.client(LEGACY, heard=hear) as other:
            await other.list_tools()
            await client.session.send_request(_subscribe(WATCHED), types.EmptyResult)
            await fixture_server.bus.publish(ResourceUpdated(WATCHED))
            await told.wait()
            assert session_heard == [WATCHED]  # and not a second time, to whoever did not ask


async def test_what_may_not_be_read_may_not_be_followed(tmp_path: Path) -> None:
    async with upstream(MODERN) as far, stand(tmp_path, {"far": far.url}, policy=ALL + UNSEEN) as here:
        async with here.client(LEGACY) as client:
            with pytest.raises(MCPError, match="not found"):
                await client.session.send_request(_subscribe(WATCHED), types.EmptyResult)
        async with here.client(MODERN) as client, client.listen(resource_subscriptions=[WATCHED]) as events:
            assert not events.honored.resource_subscriptions


async def test_a_stream_ends_with_the_key_that_opened_it(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, here.client(MODERN) as client:
        with pytest.raises(SubscriptionLost):
            await _until_it_ends(here, client)


async def _until_it_ends(here: Stand, client: Any) -> None:
    async with client.listen(tools_list_changed=True) as events:
        keys = await here.platform.keys()
        await here.platform.revoke_key(keys[-1].id)
        async for _ in events:
            pass


def _subscribe(uri: str) -> types.SubscribeRequest:
    return types.SubscribeRequest(params=types.SubscribeRequestParams(uri=uri))
