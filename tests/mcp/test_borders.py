"""What keeps callers apart, and strangers out: keys, sessions, states, headers, hosts, and what policy says."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from remit.domain.fronting import KeyScope
from tests.conformance import fixture_server
from tests.mcp.stand import ALL, ERAS, LEGACY, MODERN, Stand, User, stand, upstream

ASKING = "far_test_input_required_result_elicitation"
BODY: dict[str, Any] = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}


async def post(here: Stand, method: str, params: dict[str, Any], **headers: str) -> httpx2.Response:
    said = {
        "authorization": f"Bearer {here.key}", "accept": "application/json, text/event-stream",
        "mcp-protocol-version": MODERN, "mcp-method": method,
    }  # fmt: skip
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": {**BODY, **params}}
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.post(f"{here.url}/mcp", headers={n: v for n, v in said.items() if v}, json=body)


async def test_a_stranger_learns_where_keys_come_from_and_nothing_else(tmp_path: Path) -> None:
    settings = '[mcp]\nauthorization_servers = ["https://id.example.com"]\n'
    async with stand(tmp_path, settings=settings) as here:
        for key in ("", "Bearer rk_nobody"):
            refused = await post(here, "tools/list", {}, authorization=key)
            assert refused.status_code == 401
            where = refused.headers["www-authenticate"].split('"')[1]
            assert where == f"{here.url}/.well-known/oauth-protected-resource/mcp"
            assert refused.json()["error"]["code"] == -32001
            assert refused.headers["x-request-id"]
        async with httpx2.AsyncClient(trust_env=False) as http:
            told = (await http.get(where)).json()
            assert told["resource"] == f"{here.url}/mcp"
            assert told["authorization_servers"] == ["https://id.example.com"]
        for host in ("evil.example.com", "127.0.0.1.evil.example.com"):
            assert (await post(here, "tools/list", {}, host=host)).status_code == 403
        assert (await post(here, "tools/list", {}, origin="https://evil.example.com")).status_code == 403
        assert (await post(here, "tools/list", {})).json()["result"]["cacheScope"] == "private"


async def test_headers_that_say_something_else_than_the_body_are_refused(tmp_path: Path) -> None:
    async with upstream(MODERN) as far, stand(tmp_path, {"far": far.url}) as here:
        name = "far_test_x_mcp_header"
        call = {"name": name, "arguments": {"region": "eu"}}
        good = {"mcp_name": name, "mcp_param_region": "eu"}
        for wrong in (
            {"mcp_name": "far_test_simple_text"}, {"mcp_param_region": "us"}, {"mcp_param_region": ""},
            {"mcp_method": "tools/list"}, {"mcp_protocol_version": "2025-11-25"},
        ):  # fmt: skip
            refused = await post(here, "tools/call", call, **{**good, **wrong})
            assert refused.status_code == 400, wrong
        mismatch = await post(here, "tools/call", call, **{**good, "mcp_param_region": "us"})
        assert mismatch.json()["error"]["code"] == -32020
        assert sum(request.get("mcp-method") == "tools/call" for request in far.requests) == 0
        done = await post(here, "tools/call", call, **good)
        assert done.json()["result"]["content"][0]["text"] == "The header fits."
        sent = next(request for request in far.requests if request.get("mcp-method") == "tools/call")
        assert sent["mcp-name"] == "test_x_mcp_header"  # under the name that it has there
        assert sent["mcp-param-region"] == "eu"
        assert all(here.key not in str(request) for request in far.requests)  # our key never goes on


@pytest.mark.parametrize("behind", ERAS)
async def test_callers_who_ask_at_once_get_their_own_questions_and_answers(
    behind: str, tmp_path: Path
) -> None:
    async with upstream(behind) as far, stand(tmp_path, {"far": far.url}, more=f'mode = "{behind}"') as here:

        async def one(number: int, era: str) -> None:
            user = User(f"user-{number}")
            key = await here.another(KeyScope(f"bot-{number}"))
            async with here.client(era, key, user=user) as client:
                for _ in range(2):
                    said = await client.call_tool("far_test_sampling", {"prompt": user.name})
                    assert f"said for {user.name}" in said.content[0].text
                    assert not said.is_error

        await asyncio.gather(*(one(number, ERAS[number % 2]) for number in range(6)))


async def test_a_session_belongs_to_the_key_that_opened_it(tmp_path: Path) -> None:
    async with stand(tmp_path) as here:
        opening = {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"},
        }  # fmt: skip
        begun = await post(here, "initialize", opening, mcp_protocol_version="", mcp_method="")
        session = begun.headers["mcp-session-id"]
        legacy = {"mcp_session_id": session, "mcp_protocol_version": "2025-11-25", "mcp_method": ""}
        thief = await here.another(KeyScope("thief"))
        stolen = await post(here, "ping", {}, **legacy, authorization=f"Bearer {thief}")
        assert stolen.status_code == 404
        assert (await post(here, "ping", {}, **legacy)).status_code == 200


async def test_lists_and_calls_ask_the_same_policy(tmp_path: Path) -> None:
    denied = ("far_test_simple_text", "far_resources", "far_prompts")
    policy = ALL + "".join(
        f'forbid (principal, action in [Action::"call", Action::"list"], resource == Tool::"{name}");\n'
        for name in denied
    )
    scope = KeyScope(
        "bot", tools=frozenset({"far_test_simple_text", "far_test_image_content", "far_resources"})
    )
    async with upstream(MODERN) as far, stand(tmp_path, {"far": far.url}, policy=policy, scope=scope) as here:
        for era in ERAS:
            async with here.client(era) as client:
                assert [tool.name for tool in (await client.list_tools()).tools] == ["far_test_image_content"]
                refused = await client.call_tool("far_test_simple_text", {})
                assert refused.is_error
                assert "policies/all.cedar" in refused.content[0].text
                for name in ("far_test_audio_content", "far_prompts"):
                    assert (await client.call_tool(name, {"operation": "list"})).is_error
                with pytest.raises(MCPError, match="no tool"):
                    await client.call_tool("far_nothing", {})
                assert (await client.list_resources()).resources == []
                with pytest.raises(MCPError, match="not found"):
                    await client.read_resource("test://static-text")
                with pytest.raises(MCPError, match="Unknown prompt"):
                    await client.get_prompt("far_test_simple_prompt")
        assert not any(
            request.get("mcp-method") in {"tools/call", "resources/read"} for request in far.requests
        )


async def test_a_tool_that_turns_is_not_offered_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        upstream(MODERN) as far,
        stand(tmp_path, {"far": far.url}, more="look_again = 0.000001") as here,
        here.client(MODERN) as client,
    ):
        assert not (await client.call_tool("far_test_simple_text", {})).is_error
        turned = {"type": "object", "properties": {"everything": {"type": "string"}}}
        monkeypatch.setitem(fixture_server.TOOLS, "test_simple_text", turned)
        refused = await client.call_tool("far_test_simple_text", {})
        assert refused.is_error
        assert "not what was accepted" in refused.content[0].text


async def test_nulls_for_what_may_be_left_away_are_left_away(tmp_path: Path) -> None:
    async with (
        upstream(MODERN) as far,
        stand(tmp_path, {"far": far.url}) as here,
        here.client(MODERN) as client,
    ):
        assert not (await client.call_tool("far_test_x_mcp_header", {"region": None, "query": "q"})).is_error
        assert (await client.call_tool("far_test_sampling", {"prompt": None})).is_error  # that one is needed


async def test_what_waits_for_its_user_is_taken_up_by_the_next_request_of_the_same_key(
    tmp_path: Path,
) -> None:
    async with upstream(LEGACY) as far, stand(tmp_path, {"far": far.url}, more='mode = "legacy"') as here:
        async with here.client(MODERN, user=User()) as client:
            asked = await client.session.call_tool(ASKING, {}, allow_input_required=True)
            assert isinstance(asked, types.InputRequiredResult)
        async with here.client(MODERN, user=User()) as client:  # another connection of the same key
            wrong = types.ElicitResult(action="accept", content={"name": "Ana"})
            again = await client.session.call_tool(
                ASKING, {}, request_state=asked.request_state, input_responses={"nobody": wrong},
                allow_input_required=True,
            )  # fmt: skip
            assert isinstance(again, types.InputRequiredResult)  # what is missing is asked again
            done = await client.session.call_tool(
                ASKING, {}, request_state=again.request_state, input_responses={"user_name": wrong},
                allow_input_required=True,
            )  # fmt: skip
            assert "everything is known" in json.dumps(done.model_dump(mode="json"))
        assert here.platform.fronts.under_way == 0
