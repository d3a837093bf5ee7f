"""What somebody sends to get around a limit, a border or a patience: over the real server, with a provider behind."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from remit.agents.agent import Agent
from remit.control.platform import Platform
from remit.control.sections import ServerSettings
from remit.domain.budgets import Budget
from remit.domain.fronting import KeyScope
from remit.server.protocol import Protocol
from remit.server.serving import serving
from remit.store.database import Commit, Op
from tests.gateway.doors import Doors, raw
from tests.gateway.front import front
from tests.gateway.relays import BODIES, CHAT, MESSAGES, RESPONSES, described, route
from tests.models.upstream import streamed, upstream, whole
from tests.models.wires import WIRES

PATHS = {
    "/v1/chat/completions": CHAT,
    "/v1/messages": MESSAGES,
    "/v1/responses": BODIES["openai_responses"],
}
PAGE = "https://app.example"
TOML = '[a2a]\nagents = ["clerk"]\n[agui]\nagents = ["clerk"]\n'


@pytest.fixture(scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    place = tmp_path_factory.mktemp("evasions")
    (place / "remit.toml").write_text(TOML)
    server = ServerSettings(port=0, origins=(PAGE,))
    async with upstream() as behind, ClientSession() as http:
        (place / "models.toml").write_text(
            described("up", behind.url) + route("up") + route("up", route="mine")
        )
        async with front(
            place, [Agent("clerk", route="fast", prompt="Answer.")], http=True, server=server
        ) as made:
            yield Doors(made, behind, http)


@pytest.fixture(autouse=True)
def sound(doors: Doors) -> None:
    doors.upstream.says(whole(WIRES["openai"].whole("fine")))
    doors.upstream.seen.clear()


# --- limits --------------------------------------------------------------------------------------------------

SLY: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", {**CHAT, "max_tokens": -1000}),
    ("/v1/chat/completions", {**CHAT, "max_completion_tokens": 1, "max_tokens": 8000}),
    ("/v1/chat/completions", {**CHAT, "max_completion_tokens": 8000, "max_tokens": 1}),
    ("/v1/chat/completions", {**CHAT, "n": -5}),
    ("/v1/messages", {**MESSAGES, "max_tokens": -1000}),
    ("/v1/messages", {**MESSAGES, "max_tokens": -1e30}),
    ("/v1/responses", {**RESPONSES, "max_output_tokens": -1000}),
]


@pytest.mark.parametrize(("path", "body"), SLY)
async def test_s25_no_form_of_a_limit_reserves_less_than_a_provider_would_heed(
    doors: Doors, path: str, body: dict[str, Any]
) -> None:
    spent = await doors.front.another(KeyScope("bot", budget=Budget(tokens=10)))
    status, _, told = await doors.ask(path, body, key=spent)
    assert (status, told["error"]["type"]) == (400, "invalid_request_error")
    assert doors.upstream.seen == []


async def test_s25_two_names_of_one_limit_may_say_the_same(doors: Doors) -> None:
    both = {**CHAT, "max_completion_tokens": 7, "max_tokens": 7}
    assert (await doors.ask("/v1/chat/completions", both))[0] == 200
    sent = json.loads(doors.upstream.seen[0].raw)
    assert {sent.get("max_tokens", 7), sent.get("max_completion_tokens", 7)} == {7}


@pytest.mark.parametrize("said", [10**30, 2**63, 10**12 + 1])
async def test_s25_a_provider_that_counts_what_nobody_can_count_is_not_believed(
    doors: Doors, said: int
) -> None:
    """It failed, and is charged as what might have been used at most; the budget is not gone."""
    lying = WIRES["openai"].whole("fine")
    lying["usage"] = {"prompt_tokens": 5, "completion_tokens": said, "total_tokens": said}
    key = await doors.front.another(KeyScope("bot", budget=Budget(tokens=100_000)))
    doors.upstream.says(whole(lying), whole(WIRES["openai"].whole("fine")))
    status, headers, _ = await doors.ask("/v1/chat/completions", {**CHAT, "max_tokens": 9}, key=key)
    spent = (await doors.front.platform.show(headers["x-remit-run"])).spent
    assert (status, spent.tokens < 10_000) == (200, True)
    assert (await doors.ask("/v1/chat/completions", CHAT, key=key))[0] == 200


# --- headers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["x-api-key", "api-key", "x-goog-api-key", "idempotency-key", "x-remit-run-token", "origin", "mcp-name"],
)
async def test_c03_a_header_that_decides_stands_there_once(doors: Doors, name: str) -> None:
    twice = f"{name}: {doors.front.key}\r\n{name}: other\r\n".encode()
    for path in (b"/v1/models", b"/mcp"):
        said = await raw(doors, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + twice + b"\r\n")
        assert said.startswith(b"HTTP/1.1 400 "), said


async def test_c03_a_name_is_a_name_and_a_port_and_nothing_more(doors: Doors) -> None:
    for host in (
        "localhost:evil.example",
        "[::1].evil.example",
        "localhost:80@evil.example",
        "[::1",
        "localhost:8a",
    ):
        assert (await doors.ask("/healthz", method="GET", key="", host=host))[0] == 403
    for origin in ("http://localhost:80@evil.example", "http://[::1].evil.example"):
        assert (await doors.ask("/healthz", method="GET", key="", origin=origin))[0] == 403


async def test_a_page_that_may_call_is_let_by_its_browser_too(doors: Doors) -> None:
    wish = {"access_control_request_method": "POST", "access_control_request_headers": "authorization,x-new"}
    for path in ("/v1/chat/completions", "/mcp", "/agui/clerk", "/a2a/clerk", "/v1/openapi.json"):
        status, headers, _ = await doors.ask(path, method="OPTIONS", key="", origin=PAGE, **wish)
        assert (status, headers["access-control-allow-origin"]) == (204, PAGE), path
        assert "POST" in headers["access-control-allow-methods"]
        assert headers["access-control-allow-headers"] == "authorization,x-new"
        status, headers, _ = await doors.ask(
            path, method="OPTIONS", key="", origin="https://evil.example", **wish
        )
        assert status == 403
        assert not [name for name in headers if name.lower().startswith("access-control")]
    for key, path in (
        (None, "/v1/models"),
        ("wrong", "/v1/models"),
        ("wrong", "/mcp"),
        ("wrong", "/agui/clerk"),
    ):
        _, headers, _ = await doors.ask(path, method="GET", key=key, origin=PAGE)
        assert (headers["access-control-allow-origin"], headers["vary"]) == (PAGE, "origin"), path
    _, headers, _ = await doors.ask("/v1/models", method="GET")
    assert not [name for name in headers if name.lower().startswith(("access-control", "vary"))]


async def test_a_reply_names_the_run_that_it_is(doors: Doors) -> None:
    platform = doors.front.platform
    for path, body in PATHS.items():
        _, headers, _ = await doors.ask(path, body)
        assert (await platform.show(headers["x-remit-run"])).run.status == "succeeded"
    spent = await doors.front.another(KeyScope("bot", budget=Budget(tokens=1)))
    status, headers, _ = await doors.ask("/v1/chat/completions", CHAT, key=spent)
    assert (status, (await platform.show(headers["x-remit-run"])).run.status) == (429, "failed")
    doors.upstream.says(streamed([WIRES["openai"].stream(["fine"])]))
    async with doors.http.post(
        f"{doors.front.url}/v1/chat/completions", json={**CHAT, "stream": True},
        headers={"authorization": f"Bearer {doors.front.key}"},
    ) as reply:  # fmt: skip
        assert len(reply.headers.getall("x-remit-run")) == 1
        await reply.read()


async def test_s29_an_answer_is_given_again_to_the_same_user_action_only(doors: Doors) -> None:
    """An application names its requests as it likes; what a run token says tells them apart."""
    platform, key = doors.front.platform, doors.front.key_id
    cases = [await platform.run_token(key, case) for case in ("case-1", "case-2", "case-1")]
    for token in (*cases, ""):
        said = {"x_remit_run_token": token} if token else {}
        assert (await doors.ask("/v1/chat/completions", CHAT, idempotency_key="1", **said))[0] == 200
    assert len(doors.upstream.seen) == 3


async def test_what_a_key_is_not_for_is_not_named(doors: Doors) -> None:
    narrow = await doors.front.another(KeyScope("bot", routes=frozenset({"mine"})))
    status, _, told = await doors.ask(
        "/v1/chat/completions", {**CHAT, "model": "min" + "x" * 90_000}, key=narrow
    )
    said = told["error"]["message"]
    assert status == 404
    assert "mine" in said
    assert "fast" not in said
    assert len(said) < 400


async def test_what_is_no_address_is_refused_and_nothing_breaks(
    doors: Doors, caplog: pytest.LogCaptureFixture
) -> None:
    """A whole head whose target cannot be read; what breaks below HTTP is told to the loop."""
    for target in (b"CONNECT evil:80", b"GET /\xc3\xa9", b"GET http://[::1", b"OPTIONS ?"):
        said = await raw(doors, target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 401 ", b"HTTP/1.1 404 ")), said
    await asyncio.sleep(0)
    assert caplog.text == ""


# --- who is slow ---------------------------------------------------------------------------------------------


async def test_a_request_that_does_not_come_is_not_waited_for(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head that is not whole, a body that stops, and nothing at all; a body that goes on coming may take its time."""
    monkeypatch.setattr(Protocol, "patience", 0.4)
    key = f"Host: localhost\r\nAuthorization: Bearer {doors.front.key}\r\n".encode()
    start = b"POST /v1/chat/completions HTTP/1.1\r\n" + key
    for begun in (b"", start, start + b"Content-Length: 500\r\n\r\n{"):
        said = await raw(doors, begun)
        assert said.startswith(b"HTTP/1.1 408 "), said
        assert b"x-request-id: req_" in said
    body = json.dumps(CHAT).encode()
    host, port = doors.front.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(start + b"Content-Length: %d\r\n\r\n" % len(body))
    for place in range(0, len(body), 12):
        writer.write(body[place : place + 12])
        await asyncio.sleep(0.06)  # slower than the patience in all, and faster each time
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()


# --- another team --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def blue(doors: Doors, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    """Another team in the same database, with a server of its own."""
    place = tmp_path_factory.mktemp("blue")
    ours = doors.front.platform.ground
    secret = "rk-blue-0123456789-blue-0123456789"
    digest = hashlib.sha256(secret.encode()).digest()
    theirs = Op("workspace.add_principal", ("blue", "blue", "user", digest, ours.clock.now()))
    await ours.database.submit(Commit(ops=[theirs]))
    for folder in ("policies", ".remit/keys"):
        shutil.copytree(ours.workspace / folder, place / folder)
    shutil.copy(ours.workspace / "models.toml", place)
    (place / "remit.toml").write_text(f'{TOML}[workspace]\nteam = "blue"\n')
    (place / ".remit" / "keys" / "local.key").write_text(secret)
    url = f"sqlite:///{ours.workspace / '.remit' / 'remit.db'}"
    platform = await Platform.assemble(
        place, agents=[Agent("clerk", route="fast", prompt="Answer.")], database=url
    )
    try:
        await platform.start_front()
        made = await platform.new_agent_key(KeyScope("bot"))
        async with serving(platform, ServerSettings(port=0)) as address:
            front_ = type(doors.front)(platform, made.key, made.id, address)
            yield Doors(front_, doors.upstream, doors.http)
    finally:
        await platform.close()


TASK: dict[str, Any] = {
    "jsonrpc": "2.0", "id": 1, "method": "SendMessage",
    "params": {"message": {"messageId": "1", "role": "ROLE_USER", "parts": [{"text": "hello"}]}},
}  # fmt: skip


async def test_c37_a_key_of_another_team_opens_no_door(doors: Doors, blue: Doors) -> None:
    """Each of both keys, an agent's and the first one's, at each door; where it belongs it opens all of them."""
    owner = (blue.front.platform.ground.workspace / ".remit" / "keys" / "local.key").read_text()
    _, _, kept = await blue.ask("/v1/responses", {**RESPONSES, "store": True})
    response = f"/v1/responses/{kept['id']}"
    for key in (blue.front.key, owner):
        for path, body in PATHS.items():
            assert (await blue.ask(path, body, key=key))[0] == 200
            assert (await doors.ask(path, body, key=key))[0] == 401
        for method, path in (
            ("GET", "/v1/models"), ("GET", response), ("DELETE", response), ("POST", f"{response}/cancel"),
            ("POST", "/mcp"), ("POST", "/agui/clerk"), ("POST", "/a2a/clerk"), ("GET", "/a2a/clerk/tasks"),
        ):  # fmt: skip
            assert (await doors.ask(path, TASK if method == "POST" else None, method=method, key=key))[
                0
            ] == 401
    assert (await blue.ask(response, method="GET"))[0] == 200
    assert {run.flow for run in await blue.front.platform.runs()} == {"remit.exchange"}


async def test_c32_a_response_of_another_team_is_not_there(doors: Doors, blue: Doors) -> None:
    """The same agent, the same name of a person, the same database; and it is not spent on a guess."""
    _, _, kept = await blue.ask("/v1/responses", {**RESPONSES, "store": True})
    doors.upstream.seen.clear()
    at = f"/v1/responses/{kept['id']}"
    for method, path in (("GET", at), ("GET", f"{at}/input_items"), ("DELETE", at), ("POST", f"{at}/cancel")):
        assert (await doors.ask(path, {} if method == "POST" else None, method=method))[0] == 404
    more = {**RESPONSES, "store": True, "previous_response_id": kept["id"]}
    assert (await doors.ask("/v1/responses", more))[0] == 404
    assert doors.upstream.seen == []
    assert (await blue.ask(at, method="GET"))[2]["id"] == kept["id"]
