"""What every path has in common: keys, hosts, headers, ids, sizes and errors, by the official clients and by bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import openai
import pytest
from aiohttp import ClientSession

from remit.control.sections import ServerSettings
from remit.domain.budgets import Budget
from remit.domain.fronting import KeyScope, Pace
from tests.gateway.doors import Doors, raw
from tests.gateway.front import front
from tests.gateway.relays import CHAT, MESSAGES, described, route
from tests.models.upstream import streamed, upstream, whole
from tests.models.wires import WIRES

BODY_LIMIT = 100_000
SECRET = "sk-upstream-secret"


@pytest.fixture(scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    place = tmp_path_factory.mktemp("doors")
    server = ServerSettings(
        port=0, body_bytes=BODY_LIMIT, hosts=("gate.example",), origins=("https://app.example",)
    )
    async with upstream() as behind, ClientSession() as http:
        unpriced = described("free", behind.url).replace("price =", "# price =")
        (place / "models.toml").write_text(
            described("up", behind.url)
            + described("bad", behind.url)
            + route("bad", route="bad")
            + unpriced
            + route("up")
            + route("free", route="free")
            + route("up", "free", route="two")
        )
        async with front(place, http=True, server=server) as made:
            yield Doors(made, behind, http)


@pytest.fixture(autouse=True)
async def sound(doors: Doors) -> AsyncIterator[None]:
    doors.upstream.says(whole(WIRES["openai"].whole("fine")))
    doors.upstream.seen.clear()
    yield
    while doors.clients:
        await doors.clients.pop().close()


async def test_c01_every_way_to_show_a_key_is_the_same_caller_on_every_path(doors: Doors) -> None:
    key = doors.front.key
    ways = [{"authorization": f"Bearer {key}"}, {"x_api_key": key}, {"x_goog_api_key": key}, {"api_key": key}]
    for path, body in (("/v1/chat/completions", CHAT), ("/v1/messages", MESSAGES), ("/v1/models", None)):
        for way in ways:
            status, _, _ = await doors.ask(path, body, method="POST" if body else "GET", key="", **way)
            assert status == 200
    both = await doors.ask("/v1/models", method="GET", x_api_key=key)
    assert both[0] == 200
    two = await doors.ask("/v1/models", method="GET", x_api_key="rk_0123456789_" + "a" * 43)
    assert two[0] == 401
    assert {run.flow for run in await doors.front.platform.runs()} == {"remit.exchange"}


async def test_c02_a_clients_own_keys_go_no_further(doors: Doors) -> None:
    await doors.ask(
        "/v1/chat/completions", CHAT, cookie="session=1", x_remit_session="s", openai_organization="org-1"
    )
    (seen,) = doors.upstream.seen
    said = " ".join(f"{name}={value}" for name, value in seen.headers.items())
    assert doors.front.key not in said + seen.raw.decode()
    assert not {"cookie", "x-remit-session"} & {name.lower() for name in seen.headers}
    assert seen.headers["openai-organization"] == "org-1"


async def test_c03_the_path_decides_and_no_header_says_otherwise(doors: Doors) -> None:
    for header in ("x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-http-method-override"):
        status, _, _ = await doors.ask(
            "/v1/chat/completions", CHAT, key="", **{header.replace("-", "_"): "/healthz"}
        )
        assert status == 401
    assert (await doors.ask("/healthz", method="GET", key=""))[0] == 200
    for odd in ("/healthz/../v1/models", "//v1/models", "/v1/models%2f..", "/V1/MODELS", "/v1/models;x=1"):
        async with doors.http.get(doors.front.url + odd) as reply:
            assert reply.status in {401, 404}


HOSTS = {
    "127.0.0.1:9": 200, "localhost": 200, "gate.example": 200, "[::1]:80": 200, "evil.example": 403, "": 403,
    "127.0.0.1.evil.example": 403, "gate.example.evil": 403,
}  # fmt: skip


@pytest.mark.parametrize(("host", "status"), HOSTS.items())
async def test_c03_only_our_own_names_are_answered(doors: Doors, host: str, status: int) -> None:
    assert (await doors.ask("/healthz", method="GET", key="", host=host))[0] == status


async def test_c03_a_page_of_a_stranger_may_not_call(doors: Doors) -> None:
    for origin, status in (
        ("https://app.example", 200),
        ("http://localhost:3000", 200),
        ("https://evil.example", 403),
    ):
        assert (await doors.ask("/v1/models", method="GET", origin=origin))[0] == status


async def test_c03_what_two_servers_could_read_differently_is_refused(doors: Doors) -> None:
    key = f"Authorization: Bearer {doors.front.key}\r\n".encode()
    start = b"POST /v1/chat/completions HTTP/1.1\r\n"
    for headers in (
        b"Host: localhost\r\nHost: evil.example\r\n" + key + b"Content-Length: 2\r\n\r\n{}",
        b"Host: localhost\r\n" + key + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Host: localhost\r\n" + key + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Host: localhost\r\n" + key + key + b"Content-Length: 2\r\n\r\n{}",
    ):
        said = await raw(doors, start + headers)
        assert b" 400 " in said.partition(b"\r\n")[0]
        assert b"x-request-id: req_" in said
    assert doors.upstream.seen == []


async def test_c05_what_is_no_http_is_refused_with_an_id_and_endless_heads_are_not_read(doors: Doors) -> None:
    many = b"".join(b"x-%d: 1\r\n" % number for number in range(5000))
    for text, status in (
        (b"\x00\x01\x02\r\n\r\n", b"400"), (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nx: " + b"y" * 70_000, b"431"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n", b"431"),
        (b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n\r\nhello", b"400"),
    ):  # fmt: skip
        said = await raw(doors, text)
        assert said.split(b" ", 2)[1] == status
        assert b"x-request-id: req_" in said
        assert b"content-type: application/json" in said


async def test_c04_a_key_is_looked_up_by_its_parts_and_compared_by_digest(doors: Doors) -> None:
    for guess in (
        "' OR 1=1 --",
        "rk_' OR '1'='1_" + "a" * 43,
        "rk_%_" + "a" * 43,
        doors.front.key + "'",
        "é" * 40,
    ):
        with pytest.raises(Exception, match=r"401|Authentication|ascii|opens nothing") as refused:
            await doors.openai(guess).models.list()
        assert guess not in str(refused.value)
    rows = await doors.front.platform.ground.database.fetch("people.key", doors.front.key_id)
    assert doors.front.key.rpartition("_")[2] not in str(rows)


async def test_c05_every_reply_has_an_id_errors_and_streams_too(doors: Doors) -> None:
    seen = set[str]()
    for path, body in (
        ("/v1/chat/completions", CHAT),
        ("/v1/chat/completions", {"model": 1}),
        ("/nothing", {}),
    ):
        _, headers, _ = await doors.ask(path, body)
        seen.add(headers["x-request-id"])
    doors.upstream.says(streamed([WIRES["openai"].stream(["a b c"])]))
    async with doors.openai().chat.completions.with_streaming_response.create(
        model="fast", messages=[{"role": "user", "content": "x"}], stream=True
    ) as reply:
        seen.add(reply.headers["x-request-id"])
        async for _ in reply.iter_lines():
            pass
    assert len(seen) == 4
    with pytest.raises(anthropic.NotFoundError) as missing:
        await doors.anthropic().messages.create(
            model="nope", max_tokens=9, messages=[{"role": "user", "content": "x"}]
        )
    assert missing.value.body["request_id"] == missing.value.request_id  # type: ignore[index]


async def test_c06_what_nobody_here_knows_passes_through(doors: Doors) -> None:
    body = {**CHAT, "my_new_field": {"deep": [1, 2.50, "é"]}, "seed": 7}
    await doors.ask("/v1/chat/completions", body, anthropic_beta="new-thing", openai_project="p-1")
    sent = json.loads(doors.upstream.seen[0].raw)
    assert sent["my_new_field"] == body["my_new_field"]
    assert sent["model"] == "m"
    assert doors.upstream.seen[0].headers["openai-project"] == "p-1"


async def test_c07_limits_of_the_provider_are_told_and_its_connection_is_not(doors: Doors) -> None:
    said = {
        "x-ratelimit-remaining-requests": "41",
        "connection": "close",
        "set-cookie": "a=b",
        "server": "theirs",
        "x-secret": "1",
    }
    doors.upstream.says(whole(WIRES["openai"].whole("fine"), headers=said))
    _, headers, _ = await doors.ask("/v1/chat/completions", CHAT)
    assert headers["x-ratelimit-remaining-requests"] == "41"
    assert not {"set-cookie", "server", "x-secret"} & {name.lower() for name in headers}
    assert headers.get("connection", "") != "close"
    timing = dict(part.strip().split(";dur=") for part in headers["server-timing"].split(","))
    assert set(timing) == {"queue", "overhead", "upstream"}
    assert float(timing["upstream"]) > 0


async def test_c08_models_are_listed_in_the_shape_of_whoever_asks(doors: Doors) -> None:
    names = [each.id async for each in doors.openai().models.list()]
    assert {"fast", "free", "two"} <= set(names)
    assert (await doors.openai().models.retrieve("fast")).id == "fast"
    page = await doors.anthropic().models.list(limit=1)
    assert page.has_more
    assert page.first_id == page.last_id == page.data[0].id == page.data[0].display_name
    assert [each.id async for each in doors.anthropic().models.list(limit=1)] == names
    narrow = await doors.front.another(KeyScope("bot", routes=frozenset({"two"})))
    assert {each.id async for each in doors.openai(narrow).models.list()} == {"two"}
    with pytest.raises(openai.NotFoundError):
        await doors.openai(narrow).models.retrieve("fast")


# --- errors --------------------------------------------------------------------------------------------------

HELLO: Any = [{"role": "user", "content": "x"}]


async def test_c37_each_error_is_the_class_that_both_clients_have_for_it(doors: Doors) -> None:
    narrow = await doors.front.another(KeyScope("bot", routes=frozenset({"two"})))
    cases: list[tuple[dict[str, Any], str, int]] = [
        ({"model": "fast", "messages": "no list"}, "", 400),
        ({"model": "fast", "messages": HELLO}, "rk_0123456789_" + "a" * 43, 401),
        ({"model": "fast", "messages": HELLO}, narrow, 403),
        ({"model": "nope", "messages": HELLO}, "", 404),
        ({"model": "fast", "messages": [{"role": "user", "content": "x" * BODY_LIMIT}]}, "", 413),
    ]
    for body, key, status in cases:
        with pytest.raises(openai.APIStatusError) as ours:
            await doors.openai(key).chat.completions.create(**body)
        with pytest.raises(anthropic.APIStatusError) as theirs:
            await doors.anthropic(key).messages.create(max_tokens=5, **body)
        assert ours.value.status_code == theirs.value.status_code == status
        assert type(ours.value).__name__ == type(theirs.value).__name__ or status == 413
        assert ours.value.response.headers["x-should-retry"] == "false"
        assert theirs.value.body["type"] == "error"  # type: ignore[index]
    assert doors.upstream.seen == []


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
async def test_c37_what_is_no_request_is_refused_in_the_shape_of_its_path(doors: Doors, path: str) -> None:
    for body, status, more in (
        (b"{", 400, {}), (b"[]", 400, {}), (b'"x"', 400, {}), (b"\xff\xfe", 400, {}), (b"", 400, {}),
        (b'{"model":"fast","model":"two"}', 400, {}), (b"{}", 400, {}), (b"[" * 50_000, 400, {}),
        (b"{}", 415, {"content_encoding": "gzip"}),
        (b"{}", 415, {"content_type": "text/plain"}), (b"x" * (BODY_LIMIT + 1), 413, {}),
    ):  # fmt: skip
        got, _, told = await doors.ask(path, body, **more)
        assert got == status, (body[:40], told)
        assert told["error"]["message"]
        assert (told.get("type") == "error") == (path == "/v1/messages")
    assert (await doors.ask(path, method="PUT"))[0] == 405
    assert (await doors.ask("/v1/nothing", {}))[0] == 404
    assert doors.upstream.seen == []


async def test_c38_a_spent_budget_is_told_in_words_at_which_no_client_tries_again(doors: Doors) -> None:
    spent = await doors.front.another(KeyScope("bot", budget=Budget(tokens=1)))
    before = len(await doors.front.platform.runs(limit=500))
    with pytest.raises(openai.RateLimitError) as ours:
        await doors.openai(spent).chat.completions.create(model="fast", messages=HELLO)
    assert ours.value.code == "insufficient_quota"
    with pytest.raises(anthropic.APIStatusError) as theirs:
        await doors.anthropic(spent).messages.create(model="fast", max_tokens=5, messages=HELLO)
    assert (theirs.value.status_code, theirs.value.body["error"]["type"]) == (402, "billing_error")  # type: ignore[index]
    assert len(await doors.front.platform.runs(limit=500)) == before + 2  # one attempt of each client
    assert doors.upstream.seen == []


async def test_c39_after_our_own_attempts_no_client_starts_over(doors: Doors) -> None:
    doors.upstream.says(whole({"error": {"message": "down"}}, status=500))
    before = len(await doors.front.platform.runs(limit=500))
    with pytest.raises(openai.InternalServerError):
        await doors.openai().chat.completions.create(model="bad", messages=HELLO)
    assert len(await doors.front.platform.runs(limit=500)) == before + 1
    doors.upstream.says(
        whole({"error": {"message": "slow down"}}, status=429, headers={"retry-after": "3000"})
    )
    _, headers, _ = await doors.ask("/v1/chat/completions", {**CHAT, "model": "bad"})
    assert (headers["retry-after"], headers["x-should-retry"]) == ("3000", "false")


async def test_c39_a_key_used_too_often_is_told_when_there_is_room(doors: Doors) -> None:
    busy = await doors.front.another(KeyScope("bot", pace=Pace(requests=1)))
    status, headers, _ = await doors.ask("/v1/chat/completions", CHAT, key=busy)
    assert (status, headers["x-ratelimit-limit-requests"], headers["x-ratelimit-remaining-requests"]) == (
        200,
        "1",
        "0",
    )
    for path, body in (("/v1/chat/completions", CHAT), ("/v1/messages", MESSAGES)):
        status, headers, told = await doors.ask(path, body, key=busy)
        assert status == 429
        assert 0 < int(headers["retry-after"]) <= 60
        assert told["error"]["type"] == "rate_limit_error"


async def test_c07_what_a_key_may_still_do_is_told_in_place_of_what_our_own_may(doors: Doors) -> None:
    said = {"x-ratelimit-remaining-tokens": "41", "x-ratelimit-remaining-requests": "7"}
    paced = await doors.front.another(KeyScope("bot", pace=Pace(requests=9, tokens=1000)))
    doors.upstream.says(whole(WIRES["openai"].whole("fine"), headers=said))
    _, headers, _ = await doors.ask("/v1/chat/completions", CHAT, key=paced)
    assert headers["x-ratelimit-remaining-requests"] == "8"
    assert headers["x-ratelimit-remaining-tokens"] == headers["x-ratelimit-limit-tokens"] == "1000"
    _, headers, _ = await doors.ask("/v1/messages", MESSAGES, key=paced)
    assert headers["anthropic-ratelimit-requests-remaining"] == "7"
    assert 0 < int(headers["anthropic-ratelimit-tokens-remaining"]) < 1000
    assert headers["anthropic-ratelimit-tokens-limit"] == "1000"


async def test_c40_nothing_of_the_inside_is_told(doors: Doors) -> None:
    place = doors.front.platform.ground.workspace
    for answer in (
        whole(
            {"error": {"message": f"key {SECRET} of org-9 is wrong", "code": "invalid_api_key"}}, status=401
        ),
        whole(b"<html><title>nginx at 10.0.0.7</title></html>", status=502),
        whole(b"not json"),
    ):
        doors.upstream.says(answer)
        status, headers, told = await doors.ask("/v1/chat/completions", {**CHAT, "model": "bad"})
        assert status in {500, 502, 503}
        said = json.dumps([told, dict(headers)])
        for inner in (SECRET, "10.0.0.7", doors.upstream.url, str(place), "Traceback", doors.front.key):
            assert inner not in said


async def test_c46_a_model_without_a_price_is_never_free(doors: Doors) -> None:
    limited = await doors.front.another(KeyScope("bot", budget=Budget(usd=100)))
    for key in ("", limited):
        status, _, told = await doors.ask("/v1/chat/completions", {**CHAT, "model": "free"}, key=key or None)
        assert status == 400
        assert "price" in told["error"]["message"]
    assert doors.upstream.seen == []


# --- the same request again ----------------------------------------------------------------------------------


async def test_c48_the_same_key_is_one_call_and_one_charge(doors: Doors) -> None:
    spending = await doors.front.another(KeyScope("bot", budget=Budget(tokens=100_000)))
    ask: Any = {"key": spending, "idempotency_key": "one"}
    many = await asyncio.gather(*(doors.ask("/v1/chat/completions", CHAT, **ask) for _ in range(8)))
    assert [status for status, _, _ in many] == [200] * 8
    assert len({json.dumps(body) for _, _, body in many}) == 1
    assert sum("idempotent-replayed" in headers for _, headers, _ in many) == 7
    assert len(doors.upstream.seen) == 1
    responses = [
        await doors.ask("/v1/responses", {"model": "fast", "input": "x"}, idempotency_key="r")
        for _ in range(2)
    ]
    assert [status for status, _, _ in responses] == [200, 200]
    assert responses[0][2] == responses[1][2]
    assert len(doors.upstream.seen) == 2
    doors.upstream.seen.pop()
    other = await doors.ask("/v1/chat/completions", {**CHAT, "seed": 1}, **ask)
    assert (other[0], other[2]["error"]["code"]) == (409, "idempotency_conflict")
    stranger = await doors.ask("/v1/chat/completions", CHAT, idempotency_key="one")
    assert "idempotent-replayed" not in stranger[1]
    assert len(doors.upstream.seen) == 2


async def test_c48_a_stream_is_given_again_whole_and_what_failed_is_made_again(doors: Doors) -> None:
    doors.upstream.says(streamed([WIRES["openai"].stream(["to be repeated"])]))
    bodies = list[bytes]()
    for _ in range(2):
        async with doors.http.post(
            f"{doors.front.url}/v1/chat/completions", json={**CHAT, "stream": True},
            headers={"authorization": f"Bearer {doors.front.key}", "idempotency-key": "flow"},
        ) as reply:  # fmt: skip
            assert reply.content_type == "text/event-stream"
            bodies.append(await reply.read())
    assert bodies[0] == bodies[1]
    assert bodies[0].endswith(b"data: [DONE]\n\n")
    assert len(doors.upstream.seen) == 1
    doors.upstream.says(whole({"error": {"message": "no"}}, status=400))
    assert (await doors.ask("/v1/chat/completions", CHAT, idempotency_key="fails"))[0] == 400
    doors.upstream.says(whole(WIRES["openai"].whole("fine")))
    assert (await doors.ask("/v1/chat/completions", CHAT, idempotency_key="fails"))[0] == 200


async def test_c48_who_waits_for_the_same_request_is_told_how_it_failed(doors: Doors) -> None:
    """Nobody of them makes it once more; whoever sends it later does."""
    doors.upstream.says(whole({"error": {"message": "no"}}, status=400))
    ask: Any = {"idempotency_key": "all fail"}
    many = await asyncio.gather(*(doors.ask("/v1/chat/completions", CHAT, **ask) for _ in range(8)))
    assert [status for status, _, _ in many] == [400] * 8
    assert len(doors.upstream.seen) == 1
    assert (await doors.ask("/v1/chat/completions", CHAT, **ask))[0] == 400
    assert len(doors.upstream.seen) == 2
