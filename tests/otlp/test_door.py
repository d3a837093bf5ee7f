"""The three paths before plain HTTP: what is taken is durable, sealed and spared; what is not is told as exporters
understand it."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import ClientSession
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from remit.control.fronting.fronts import Attribution
from remit.control.protecting import protection
from remit.control.sections import ServerSettings
from remit.control.telemetry import collector_of
from remit.domain.errors import Shredded
from remit.domain.front_errors import OverLimit
from remit.domain.fronting import KeyScope, Pace
from remit.domain.telemetry_events import PricesNoted, SpansTaken
from remit.engine.outside import team_stream
from remit.store.database import BlobRow
from remit.store.pen import open_blob
from tests.gateway.front import Front, front
from tests.otlp.sent import as_json, as_protobuf, request, span

PROTOBUF, JSON = "application/x-protobuf", "application/json"
BODY, UNPACKED, SHARE = 200_000, 400_000, 500


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    place = tmp_path_factory.mktemp("door")
    (place / "remit.toml").write_text(
        f"[collect]\nunpacked_bytes = {UNPACKED}\nentries_a_minute = {SHARE}\n"
        '[capture]\nclasses = ["personal=hash", "secret=drop"]\n'
    )
    async with front(place, http=True, server=ServerSettings(port=0, body_bytes=BODY)) as made:
        yield made


async def send(
    door: Front, body: bytes, path: str = "/v1/traces", *, method: str = "POST", key: str = "", **headers: str
) -> tuple[int, Mapping[str, str], bytes]:
    said = {"content-type": PROTOBUF, "authorization": f"Bearer {key or door.key}"}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        ClientSession() as http,
        http.request(method, door.url + path, data=body, headers=said) as reply,
    ):
        return reply.status, reply.headers, await reply.read()


async def taken(door: Front) -> list[Any]:
    """What the log holds of telemetry, with its key."""
    ground = door.platform.ground
    rows = await ground.database.fetch("log.read", team_stream("default"), 1, 1000)
    entries, _ = await ground.log.read(team_stream("default"))
    return [(entry.event, row[7]) for entry, row in zip(entries, rows, strict=True)]


async def kept(door: Front) -> ExportTraceServiceRequest:
    """The spans that were taken last, out of the log."""
    ground = door.platform.ground
    event, key_id = (await taken(door))[-1]
    rows = await ground.database.fetch("log.blob", bytes.fromhex(event.blob))
    return ExportTraceServiceRequest.FromString(open_blob(BlobRow(*rows[0]), await ground.keys.get(key_id)))


async def test_what_is_accepted_stands_in_the_log(door: Front) -> None:
    body = as_protobuf(span(1, name="root", text="hello"), span(2, 1))
    status, headers, reply = await send(door, gzip.compress(body), content_encoding="gzip")
    assert (status, headers["content-type"], reply) == (200, PROTOBUF, b"")
    event, key_id = (await taken(door))[-1]
    assert isinstance(event, SpansTaken)
    assert (event.source, event.key, event.taken, event.size) == ("bot", door.key_id, 2, len(body))
    assert key_id.startswith("s-"), "under the key of its source"
    assert (await kept(door)).SerializeToString() == body, "as it came, to the byte"
    books = [each for each, _ in await taken(door) if isinstance(each, PricesNoted)]
    assert [book.book for book in books] == [event.book], "prices stand there once, before what they are for"


async def test_json_is_answered_in_json(door: Front) -> None:
    said = request(span(1), span(2) | {"traceId": ""})
    status, headers, reply = await send(
        door, json.dumps(said).encode(), content_type="application/json; charset=utf-8"
    )
    assert (status, headers["content-type"]) == (200, JSON)
    partial = {"rejectedSpans": "1", "errorMessage": "1 left out: 1 without a valid trace id."}
    assert json.loads(reply) == {"partialSuccess": partial}
    assert len((await kept(door)).resource_spans[0].scope_spans[0].spans) == 1
    assert (await taken(door))[-1][0].rejected == 1


async def test_partial_success_in_protobuf(door: Front) -> None:
    body = as_protobuf(span(1), span(0))
    _, _, reply = await send(door, body)
    assert ExportTraceServiceResponse.FromString(reply).partial_success.rejected_spans == 1


async def test_logs_and_metrics_have_their_paths(door: Front) -> None:
    record = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]}
    points = [{"asInt": "3", "attributes": [{"key": "error.type", "value": {"stringValue": "queue_full"}}]}]
    metric = {"name": "otel.sdk.processor.span.processed", "sum": {"dataPoints": points}}
    measured = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    for path, said in (("/v1/logs", record), ("/v1/metrics", measured)):
        assert (await send(door, json.dumps(said).encode(), path, content_type=JSON))[0] == 200
    found = [event for event, _ in await taken(door)][-2:]
    assert [(event.KIND, event.taken) for event in found] == [("otlp.logs", 1), ("otlp.metrics", 1)]
    assert found[1].lost == 3


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (405, {"method": "GET"}),
        (415, {"content_type": "text/plain"}),
        (415, {"content_encoding": "br"}),
        (400, {"body": b"\xff\xff\xff"}),
        (400, {"body": b"{", "content_type": JSON}),
        (400, {"body": b"no gzip", "content_encoding": "gzip"}),
        (400, {"body": gzip.compress(as_protobuf(span(1)))[:-12], "content_encoding": "gzip"}),
        (413, {"body": b"x" * (BODY + 1)}),
        (413, {"body": gzip.compress(bytes(50_000_000)), "content_encoding": "gzip"}),
        (
            413,
            {
                "body": gzip.compress(bytes(UNPACKED - 9)) + gzip.compress(b"0123456789"),
                "content_encoding": "gzip",
            },
        ),
        (401, {"key": "rk_0000000000_wrong"}),
    ],
)
async def test_what_cannot_be_taken_is_refused(door: Front, status: int, said: dict[str, Any]) -> None:
    before = len(await taken(door))
    found, headers, reply = await send(door, said.pop("body", b""), **said)
    assert found == status
    assert headers["x-request-id"]
    assert reply
    assert len(await taken(door)) == before, "nothing of it was written"


async def test_nothing_is_a_request_too(door: Front) -> None:
    before = len(await taken(door))
    assert (await send(door, b""))[0] == 200
    assert (await send(door, b"{}", content_type=JSON))[::2] == (200, b"{}")
    assert len(await taken(door)) == before


async def test_s07_what_must_not_be_kept_is_never_written(door: Front) -> None:
    secret, person = "Bearer sk-123", "lea@example.com"
    said = {"user.id": person, "http.request.header.authorization": secret, "text": "stays"}
    await send(door, as_protobuf(span(1, **said), span(2, **{"user.id": person}), resource=said))
    kept_now = await kept(door)
    attributes = {
        each.key: each.value.string_value
        for each in kept_now.resource_spans[0].scope_spans[0].spans[0].attributes
    }
    assert attributes.keys() == {"user.id", "text"}
    assert attributes["user.id"].startswith("[personal ")
    assert {each.key for each in kept_now.resource_spans[0].resource.attributes} == {"user.id", "text"}
    second = kept_now.resource_spans[0].scope_spans[0].spans[1].attributes[0].value.string_value
    assert second == attributes["user.id"], "equal values stay equal"
    assert person.encode() not in kept_now.SerializeToString()
    assert secret.encode() not in kept_now.SerializeToString()


async def test_a_key_that_has_sent_its_share_is_told_when_there_is_room(door: Front) -> None:
    key = await door.another(KeyScope("busy"))
    body = as_protobuf(*[span(n + 1) for n in range(SHARE)])
    assert (await send(door, body, key=key))[0] == 200
    status, headers, _ = await send(door, body, key=key)
    assert (status, 1 <= int(headers["retry-after"]) <= 60) == (429, True)
    assert (await send(door, as_protobuf(span(1))))[0] == 200, "others are not held back"
    slow = await door.another(KeyScope("slow", pace=Pace(requests=1)))
    statuses = [(await send(door, as_protobuf(span(1)), key=slow))[0] for _ in range(2)]
    assert statuses == [200, 429]


async def test_what_waits_to_be_written_has_a_bound(door: Front) -> None:
    """Beyond it nothing is read: memory stays what it is however fast senders are."""
    chosen = door.platform.chosen
    collector = collector_of(door.platform)
    caller = await door.platform.fronts.caller(door.key, Attribution())
    collector.admit(caller, chosen.collect.waiting_bytes + 1)
    collector.waiting = chosen.collect.waiting_bytes
    with pytest.raises(OverLimit):
        collector.admit(caller, 1)


async def test_s07_a_source_can_be_erased(door: Front) -> None:
    key = await door.another(KeyScope("gone"))
    await send(door, as_json(span(1, text="private")), content_type=JSON, key=key)
    event, key_id = (await taken(door))[-1]
    assert event.source == "gone"
    assert await protection.delete(door.platform.ground, "source:gone")
    with pytest.raises(Shredded):
        await door.platform.ground.keys.get(key_id)
    assert not await door.platform.ground.database.fetch("log.blob", bytes.fromhex(event.blob))


async def test_no_bytes_are_an_error_of_ours(door: Front) -> None:
    """Whatever comes is taken, or refused as what cannot be read; nothing of it is a failure of the server."""
    dice, good = random.Random(11), as_protobuf(span(1, text="x" * 50), span(2, 1))
    key = await door.another(KeyScope("odd"))
    for n in range(60):
        body = bytearray(good if n % 2 else as_json(span(1, a=1)))
        for _ in range(dice.randrange(1, 20)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        path = f"/v1/{dice.choice(['traces', 'logs', 'metrics'])}"
        status, _, _ = await send(door, bytes(body), path, key=key, content_type=PROTOBUF if n % 2 else JSON)
        assert status in {200, 400}, bytes(body)
