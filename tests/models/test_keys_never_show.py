"""A canary key goes to every kind of provider, and every one of them is hostile: it repeats the key wherever it can.
Nothing that Remit says, logs, keeps or records may hold it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from remit.domain.action_errors import ModelFailed
from remit.domain.errors import RemitError
from remit.models.calling import Calls
from remit.models.cassettes import Cassette
from remit.models.opening import open_provider
from remit.models.plan import CallPlan, Candidate
from remit.models.provider import Credential, ModelCall, Provider
from remit.models.redaction import MARK, header_value, secrets_of, without
from remit.models.transport import Outgoing
from remit.testing.clock import ManualClock
from tests.models.asking import REQUEST, SOON, WAYS, WORDS, call, every_wire, heard, provider
from tests.models.played import Account
from tests.models.test_service_account import PEM
from tests.models.upstream import Answer, Upstream, hung_up, silence, streamed, upstream, whole
from tests.models.wires import KEY, QUICK, WIRES, Wire, aws_exception, sse


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Everything that any library logged meanwhile is searched too."""
    caplog.set_level(logging.DEBUG)
    for name in ("aiohttp.client", "aiohttp.internal", "asyncio", "remit"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield
    for record in caplog.records:
        assert KEY not in f"{record.getMessage()} {record.__dict__}"


def repeats(status: int, headers: dict[str, str] | None = None) -> Answer:
    """Says everything that it was sent, in the words of every dialect at once."""

    async def answer(server: Upstream, request: Any) -> Any:
        said = f"bad key {dict(request.headers)} for {request.path_qs}"
        body = {
            "type": "error", "message": said, "error": {"message": said, "type": said, "code": said, "status": said},
        }  # fmt: skip
        return await whole(body, status, headers)(server, request)

    return answer


def said_by(wrong: BaseException) -> str:
    """Everything that could be printed of an error, its causes and what hangs on it."""
    parts = ["".join(traceback.format_exception(wrong))]
    seen: BaseException | None = wrong
    while seen is not None:
        parts += [str(seen), repr(seen), repr(vars(seen)), repr(seen.args)]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(parts)


async def complaints(made: Provider, wanted: ModelCall) -> list[str]:
    """What each way of asking complains of; what a model answers is the model's, and screened where answers are."""
    found: list[str] = []
    for way in WAYS:
        try:
            await way(made, wanted)
        except RemitError as wrong:
            found.append(said_by(wrong))
    return found


@every_wire
@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500, 529])
async def test_a_provider_that_repeats_the_key(wire: Wire, status: int) -> None:
    async with provider(wire, repeats(status, {"location": f"https://elsewhere.example/{KEY}"})) as (_, made):
        for told in await complaints(made, call(wire)):
            assert KEY not in told
        assert KEY not in repr(made)


@every_wire
@pytest.mark.usefixtures("logged")
async def test_a_provider_that_repeats_the_key_in_any_other_way(wire: Wire) -> None:
    stream = wire.stream(WORDS)
    error = wire.error("api_error", f"no such key: {KEY}")
    if wire.media_type == "text/event-stream":
        late = sse(error, {"type": "error", "error": {"message": KEY}}, named="type" in error)
    else:
        late = aws_exception("internalServerException", f"no such key: {KEY}")
    answers = [
        whole(f"<html>{KEY}</html>".encode(), 200, {"content-type": "text/html"}),
        whole(f'{{"{KEY}": '.encode()),
        whole({KEY: [KEY], "choices": KEY, "content": KEY, "candidates": KEY, "output": KEY}),
        whole({"choices": [{"message": KEY}], "content": [{"type": KEY}], "candidates": [{"content": KEY}]}),
        streamed([late], kind=wire.media_type),
        streamed([stream[: len(stream) // 2] + late], kind=wire.media_type),
        streamed([f"data: {KEY}\n\n".encode()], kind=wire.media_type),
        streamed([f"event: {KEY}\ndata: {{}}\n\n".encode()], kind=wire.media_type),
        hung_up(),
        silence(),
    ]
    for answer in answers:
        async with provider(wire, answer, deadlines=QUICK) as (_, made):
            for told in await complaints(made, call(wire, first_byte=SOON, total=SOON * 5)):
                assert KEY not in told


@every_wire
@pytest.mark.usefixtures("logged")
async def test_a_logical_call_and_its_records(wire: Wire) -> None:
    async def key(name: str) -> Credential:
        return wire.credential

    clock, account = ManualClock(), Account()
    async with provider(wire, repeats(401)) as (_, made):
        plan = CallPlan((Candidate("m", made), Candidate("n", made)))
        task = asyncio.create_task(
            Calls(key, clock=clock).perform(plan, ModelCall(REQUEST, deadlines=QUICK), witness=account)
        )
        await asyncio.wait([task])  # a refused key is not tried again: no time has to pass
        wrong = task.exception()
    assert isinstance(wrong, ModelFailed)
    assert KEY not in said_by(wrong)
    assert KEY not in f"{account}{wrong.attempts}"


@every_wire
async def test_a_cassette(wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    async with provider(wire, whole(wire.whole(f"your key is {KEY}")), streamed(
        [wire.stream([*KEY, " is your key"])], kind=wire.media_type
    )) as (_, made):  # fmt: skip
        recorder = Cassette(path, made, "record")
        await recorder.complete(replace(call(wire), headers={"X-Debug": KEY}))
        await heard(recorder, call(wire))
    assert len(path.read_text().splitlines()) == 2
    assert KEY not in path.read_text()


@pytest.mark.usefixtures("logged")
async def test_a_token_that_was_bought_and_the_account_that_bought_it() -> None:
    bought = "ya29.canary-token-0123456789"

    async def answer(server: Upstream, request: Any) -> Any:
        if request.path == "/token":
            return await whole({"access_token": bought, "expires_in": 3600})(server, request)
        return await repeats(403)(server, request)

    async with upstream(answer) as server:
        file = {"client_email": "a@b", "private_key": PEM, "token_uri": f"{server.url}/token"}
        made = open_provider(WIRES["vertex-gemini"].described(server.url), clock=ManualClock())
        told = "".join(
            await complaints(made, ModelCall(REQUEST, Credential(json.dumps(file), "google"), QUICK))
        )
        await made.close()
    assert bought not in told
    assert PEM[40:90] not in told
    async with upstream(repeats(400)) as server:
        file["token_uri"] = f"{server.url}/token"
        made = open_provider(WIRES["vertex-gemini"].described(server.url), clock=ManualClock())
        told = "".join(
            await complaints(made, ModelCall(REQUEST, Credential(json.dumps(file), "google"), QUICK))
        )
        await made.close()
    assert "assertion" not in told
    assert PEM[40:90] not in told


def test_what_holds_a_key_does_not_show_it() -> None:
    credential = Credential(KEY, fields={"a": KEY})
    holders = [
        credential,
        ModelCall(REQUEST, credential),
        Outgoing(f"https://h/?k={KEY}", {"a": KEY}, KEY.encode()),
    ]
    assert KEY not in repr(holders)


def test_a_secret_is_taken_out_wherever_it_stands() -> None:
    secrets = secrets_of(Credential(f" {KEY}\n", fields={"longer": f"{KEY}-and-more", "short": "ab"}))
    assert without(f"{KEY}-and-more, {KEY}! ab", secrets) == f"{MARK}, {MARK}! ab"


@pytest.mark.parametrize(
    "value", ["two\nlines-of-a-key", "tab\tin-a-key-0123", "kéy-with-an-accent", "nul\0-in-a-key"]
)
def test_a_key_that_cannot_stand_in_a_header_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(RemitError, match="cannot stand in a header") as caught:
        header_value(Credential(value), "p")
    assert value not in said_by(caught.value)


def test_a_key_with_a_line_end_behind_it_is_a_key() -> None:
    assert header_value(Credential(f"{KEY}\n"), "p") == KEY
