"""A provider's description is checked before anything is contacted, and what each kind sends is what its API wants."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import msgspec
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec.structs import replace

from remit.domain.action_errors import InvalidCatalog, MalformedAnswer, SecretUnavailable, Unsupported
from remit.models.checking import check
from remit.models.opening import open_provider
from remit.models.provider import Credential, ModelCall
from remit.models.providers.bedrock import aws_key
from remit.models.providers.vertex import Vertex
from remit.models.specs import KINDS, ProviderSpec
from remit.testing.clock import ManualClock
from remit.wire.messages import ModelRequest
from tests.models.asking import REQUEST, call, provider
from tests.models.test_service_account import PEM
from tests.models.upstream import Upstream, upstream, whole
from tests.models.wires import AWS, KEY, QUICK, WIRES, anthropic_whole, chat_whole, gemini_whole

GOOD: dict[str, dict[str, Any]] = {
    "openai": {}, "anthropic": {}, "gemini": {}, "simulated": {},
    "azure": {"base_url": "https://r.openai.azure.com"},
    "bedrock": {"region": "eu-central-1"},
    "vertex": {"region": "europe-west4", "project": "p"},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_opens_without_contacting_anybody(kind: str) -> None:
    made = open_provider(ProviderSpec("p", kind, **GOOD[kind]))
    assert (made.name, made.simulated) == ("p", kind == "simulated")
    await made.close()


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"kind": "antropic"}, 'Did you mean "anthropic"'),
        ({"kind": "azure"}, "lacks base_url"),
        ({"kind": "bedrock"}, "lacks region"),
        ({"kind": "vertex", "project": "p"}, "lacks region"),
        ({"kind": "openai", "dialect": "gemini"}, "openai does not speak"),
        ({"kind": "openai", "auth": "basic"}, '"key" or "bearer"'),
        ({"kind": "anthropic", "api_version": "2024-01-01"}, "2023-06-01 and 2026-10-21"),
        ({"kind": "openai", "base_url": "api.openai.com/v1"}, "no http address"),
        ({"kind": "openai", "base_url": "ftp://host"}, "no http address"),
        ({"kind": "openai", "base_url": "https://"}, "no http address"),
        ({"kind": "openai", "base_url": "https://host:none"}, "no address"),
        ({"kind": "openai", "base_url": "https://[half"}, "no address"),
        ({"kind": "openai", "base_url": "http://models.internal/v1"}, "clear text"),
        ({"kind": "openai", "base_url": f"https://u:{KEY}@host/v1"}, "more than host and path"),
        ({"kind": "openai", "base_url": f"https://host/v1?key={KEY}"}, "more than host and path"),
        ({"kind": "openai", "headers": {"Authorization": f"Bearer {KEY}"}}, "sets the header Authorization"),
        ({"kind": "gemini", "headers": {"X-Goog-Api-Key": KEY}}, "sets the header X-Goog-Api-Key"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidCatalog) as caught:
        check(ProviderSpec("p", **spec))
    assert sentence in str(caught.value)
    assert caught.value.message.startswith("models.toml: provider p ")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]:1/v1", "https://h"]
)
def test_loopback_needs_no_tls(url: str) -> None:
    check(ProviderSpec("p", "openai", url))
    check(ProviderSpec("p", "openai", "http://models.internal/v1", insecure=True))


# --- what each kind sends --------------------------------------------------------------------------------------


async def test_a_limit_stands_in_the_field_that_the_server_obeys() -> None:
    for more, field in (
        ({}, "max_tokens"),
        ({"limit_field": "max_completion_tokens"}, "max_completion_tokens"),
    ):
        async with provider(WIRES["openai"], whole(chat_whole("x")), **more) as (server, made):
            await made.complete(call(WIRES["openai"]))
        found = {name: value for name, value in server.seen[0].body.items() if name.startswith("max")}
        assert found == {field: 64}


async def test_fifty_megabytes_are_no_answer() -> None:
    wire = WIRES["openai"]
    async with provider(wire, whole(chat_whole("x" * (50 << 20)))) as (_, made):
        with pytest.raises(MalformedAnswer, match="larger than 33554432 bytes"):
            await made.complete(call(wire))


async def test_no_key_no_header() -> None:
    for name in ("openai", "azure", "anthropic", "gemini", "vertex-gemini", "bedrock-key"):
        wire = WIRES[name]
        async with provider(wire, whole(wire.whole("x"))) as (server, made):
            await made.complete(ModelCall(REQUEST, Credential(kind="none"), QUICK))
        sent = {header.lower() for header in server.seen[0].headers}
        assert not sent & {"authorization", "x-api-key", "api-key", "x-goog-api-key"}


async def test_openai_is_told_the_organisation_and_the_idempotency_key() -> None:
    more = {"organization": "org-1", "project": "proj-1"}
    async with provider(WIRES["openai"], whole(chat_whole("x")), **more) as (server, made):
        await made.complete(replace(call(WIRES["openai"]), key="run|path|1"))
    sent = server.seen[0].headers
    assert (sent["OpenAI-Organization"], sent["OpenAI-Project"], sent["Idempotency-Key"]) == (
        "org-1", "proj-1", "run|path|1",
    )  # fmt: skip


async def test_anthropic_in_both_versions() -> None:
    hot = msgspec.structs.replace(REQUEST, temperature=0.0)
    old, new = WIRES["anthropic"], WIRES["anthropic-2026"]
    async with provider(old, whole(anthropic_whole("x"))) as (server, made):
        await made.complete(replace(call(old), request=hot))
    assert server.seen[0].headers["anthropic-version"] == "2023-06-01"
    assert server.seen[0].body["temperature"] == 0.0
    async with provider(new, whole(anthropic_whole("x"))) as (server, made):
        with pytest.raises(Unsupported, match="temperature"):
            await made.complete(replace(call(new), request=hot))
        assert server.seen == []
    async with provider(new, whole(anthropic_whole("x")), drop=("temperature",)) as (server, made):
        await made.complete(replace(call(new), request=hot))
    assert server.seen[0].headers["anthropic-version"] == "2026-10-21"
    assert "temperature" not in server.seen[0].body
    async with provider(old, whole(anthropic_whole("x")), auth="bearer") as (server, made):
        await made.complete(call(old))
    assert (server.seen[0].headers["Authorization"], "x-api-key" in server.seen[0].headers) == (
        f"Bearer {KEY}",
        False,
    )


async def test_gemini_models_that_are_not_models() -> None:
    wire = WIRES["gemini"]
    for model, path in (
        ("m 1/é", "/m%201/%C3%A9:generateContent"),
        ("tunedModels/t", "/tunedModels/t:generateContent"),
    ):
        async with provider(wire, whole(gemini_whole("x"))) as (server, made):
            await made.complete(replace(call(wire), request=msgspec.structs.replace(REQUEST, model=model)))
        assert server.seen[0].path == path
        assert "model" not in server.seen[0].body


async def test_bedrock_signs_what_it_sends() -> None:
    wire, clock = WIRES["bedrock"], ManualClock()
    model = "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.anthropic.claude-x-v1:0"
    async with upstream(whole(anthropic_whole("x"))) as server:
        made = open_provider(wire.described(server.url, headers={"anthropic-beta": "a-1, b-2"}), clock=clock)
        await made.complete(replace(call(wire), request=msgspec.structs.replace(REQUEST, model=model)))
        await made.close()
    seen = server.seen[0]
    assert seen.path == f"/model/{quote(model, safe='')}/invoke"
    assert seen.body["anthropic_version"] == "bedrock-2023-05-31"
    assert seen.body["anthropic_beta"] == ["a-1", "b-2"]
    assert not {"model", "stream"} & seen.body.keys()
    theirs: Any = AWSRequest("POST", server.url + seen.path, {"Content-Type": "application/json"}, seen.raw)
    moment = dt.datetime.fromtimestamp(clock.now() / 1e6, dt.UTC).replace(tzinfo=None)
    key = Credentials(
        AWS.fields["access_key_id"], AWS.fields["secret_access_key"], AWS.fields["session_token"]
    )
    signer: Any = SigV4Auth(key, "bedrock", "eu-central-1")
    with patch("botocore.auth.get_current_datetime", return_value=moment):
        signer.add_auth(theirs)
    assert seen.headers["Authorization"] == theirs.headers["Authorization"]


@pytest.mark.parametrize(
    "credential",
    [
        Credential(fields={"access_key_id": "A", "secret_access_key": "S", "session_token": "T"}, kind="aws"),
        Credential(json.dumps({"access_key_id": "A", "secret_access_key": "S", "session_token": "T"})),
        Credential("A:S:T\n", "aws"),
        Credential("AKIAIOSFODNN7EXAMPLE:S:T"),
    ],
    ids=["fields", "json", "colons", "by its looks"],
)
def test_an_aws_key_in_each_of_its_forms(credential: Credential) -> None:
    key = aws_key(credential, "p")
    assert key is not None
    assert (key.access_key.removesuffix("KIAIOSFODNN7EXAMPLE"), key.secret_key, key.session_token) == (
        "A",
        "S",
        "T",
    )


@pytest.mark.parametrize("value", [KEY, "ABSKQmVkcm9ja0FQSUtleQ==", "bedrock-api-key-YmVk"])
def test_any_other_text_is_a_bedrock_key(value: str) -> None:
    assert aws_key(Credential(value), "p") is None


@pytest.mark.parametrize(
    "credential",
    [
        Credential(KEY, "aws"), Credential(f"{{{KEY}", "key"), Credential(fields={"access_key_id": KEY}, kind="aws"),
        Credential(f":{KEY}", "aws"),
    ],
)  # fmt: skip
def test_what_is_no_aws_key_is_refused_without_showing_it(credential: Credential) -> None:
    with pytest.raises(SecretUnavailable, match="no AWS key") as caught:
        aws_key(credential, "p")
    assert KEY not in str(caught.value)


async def test_vertex_buys_a_token_and_calls_with_it() -> None:
    async def answer(server: Upstream, request: Any) -> Any:
        if request.path == "/token":
            return await whole({"access_token": "ya29.bought", "expires_in": 3600})(server, request)
        return await whole(gemini_whole("x"))(server, request)

    async with upstream(answer) as server:
        file = {
            "type": "service_account",
            "client_email": "a@b",
            "private_key": PEM,
            "token_uri": f"{server.url}/token",
        }
        made = open_provider(WIRES["vertex-gemini"].described(server.url), clock=ManualClock())
        for _ in range(2):
            await made.complete(ModelCall(REQUEST, Credential(json.dumps(file), "google"), QUICK))
        await made.close()
    assert [seen.path.rpartition("/")[2] for seen in server.seen] == [
        "token",
        "m:generateContent",
        "m:generateContent",
    ]
    assert server.seen[1].headers["Authorization"] == "Bearer ya29.bought"


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
    ],
)
async def test_vertex_locations(location: str, host: str) -> None:
    from remit.models.transport import Transport
    from remit.wire.gemini import DIALECT

    made = Vertex(
        ProviderSpec("p", "vertex", region=location, project="p/1"), DIALECT, Transport(), ManualClock()
    )
    request = await made.outgoing(
        ModelCall(ModelRequest("gemini-x"), Credential("t", "bearer")), {"contents": []}
    )
    assert request.url == (
        f"https://{host}/v1/projects/p%2F1/locations/{location}/publishers/google/models/gemini-x:generateContent"
    )


async def test_vertex_and_anthropic_agree_on_the_body() -> None:
    wire = WIRES["vertex-anthropic"]
    async with provider(wire, whole(anthropic_whole("x"))) as (server, made):
        await made.complete(call(wire))
    assert server.seen[0].body["anthropic_version"] == "vertex-2023-10-16"
    assert "model" not in server.seen[0].body


def test_the_chunks_of_bedrock_are_what_its_api_sends() -> None:
    # the hand-written wire itself: base64 inside of JSON, as the documentation of the API shows it
    from tests.models.wires import aws_chunk

    data = aws_chunk({"type": "ping"})
    payload = json.loads(data[data.index(b"{") : data.rindex(b"}") + 1])
    assert json.loads(base64.b64decode(payload["bytes"])) == {"type": "ping"}
