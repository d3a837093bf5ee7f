"""A cassette: real answers once, the same ones ever after without any network, and never a key."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from remit.domain.action_errors import InvalidDocument, ProviderDown, ProviderRefused
from remit.models.cassettes import Cassette
from remit.models.provider import Credential, ModelCall, trouble_of
from remit.testing.clock import ManualClock
from remit.wire.assembly import assemble
from remit.wire.messages import (
    Failed,
    Finished,
    Message,
    ModelRequest,
    Part,
    PartDone,
    Reasoning,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
)
from tests.models.asking import SAID, WORDS, call, every_wire, heard, provider
from tests.models.played import ASKED, CUT, STREAMED, Played, refused, says
from tests.models.upstream import streamed, whole
from tests.models.wires import KEY, Wire

WITH_KEY = Credential(KEY)


async def events(made: Any, wanted: ModelCall) -> list[StreamEvent]:
    return [event async for event in made.stream(wanted)]


@every_wire
async def test_what_was_recorded_is_played_back_without_the_provider(wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    replies = whole(wire.whole(SAID)), streamed([wire.stream(WORDS)], kind=wire.media_type)
    async with provider(wire, *replies) as (server, made):
        recorder = Cassette(path, made, "record")
        answer = await recorder.complete(call(wire))
        spoken = await heard(recorder, call(wire))
        assert not recorder.simulated
    assert KEY not in path.read_text()
    player = Cassette(path)
    assert await player.complete(call(wire)) == answer
    # another key, a fresh player: the same request
    assert (
        await heard(Cassette(path), replace(call(wire), credential=Credential("another-key-altogether")))
        == spoken
    )
    assert player.simulated
    assert len(server.seen) == 2


PARTS: st.SearchStrategy[Part] = st.one_of(
    st.text(max_size=20).map(Text),
    st.builds(
        Reasoning,
        st.text(max_size=9),
        st.just("anthropic"),
        st.dictionaries(st.text(max_size=3), st.integers()),
    ),
    st.builds(ToolCall, st.text(max_size=5), st.text(max_size=5), st.text(max_size=9)),
)


@settings(deadline=None)
@given(parts=st.lists(PARTS, max_size=4), words=st.lists(st.text(max_size=6), max_size=4))
def test_a_stream_comes_back_event_by_event(parts: list[Part], words: list[str]) -> None:
    said = [
        Started("i", "m"), *(TextDelta(0, word) for word in words),
        *(PartDone(at, part) for at, part in enumerate(parts)), Finished(),
    ]  # fmt: skip

    async def story(path: Path) -> None:
        recorded = await events(
            Cassette(path, Played("p", ManualClock(), said), "record"), ModelCall(STREAMED)
        )
        assert await events(Cassette(path), ModelCall(STREAMED)) == recorded == said

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder) / "c.jsonl"))


async def test_the_same_question_again_gets_the_next_answer_that_it_got_then(tmp_path: Path) -> None:
    path, clock = tmp_path / "c.jsonl", ManualClock()
    recorder = Cassette(path, Played("p", clock, says("one"), says("two")), "record")
    for _ in range(2):
        await recorder.complete(ModelCall(ASKED))
    player = Cassette(path)
    said = [(await player.complete(ModelCall(ASKED))).message.text for _ in range(2)]
    assert said == ["one", "two"]
    with pytest.raises(ProviderRefused, match="holds 2 answers to this request, and 3 were wanted"):
        await player.complete(ModelCall(ASKED))


async def test_a_request_that_was_never_recorded_is_told_apart_precisely(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    asked = ModelRequest("m", (Message("user", (Text("what is the refund for order 4812?"),)),))
    await Cassette(path, Played("p", ManualClock(), says("240")), "record").complete(ModelCall(asked))
    other = ModelRequest("m", (Message("user", (Text("what is the refund for order 4813?"),)),))
    with pytest.raises(ProviderRefused, match=r"c\.jsonl cannot answer") as caught:
        await Cassette(path).complete(ModelCall(other))
    assert "order 4812" in caught.value.message
    assert "order 4813" in caught.value.message
    assert (trouble_of(caught.value).retryable, trouble_of(caught.value).sent) == (False, False)
    with pytest.raises(ProviderRefused):
        await events(Cassette(path), ModelCall(other))


async def test_auto_records_what_is_missing_and_asks_for_nothing_else(tmp_path: Path) -> None:
    path, asked = tmp_path / "c.jsonl", list[int]()
    for _ in range(3):
        played = Played("p", ManualClock(), says("once"))
        made = Cassette(path, played, "auto")
        assert (await made.complete(ModelCall(ASKED))).message.text == "once"
        assert assemble(await events(made, ModelCall(STREAMED))).message.text == "once"
        asked.append(len(played.calls))
    assert asked == [2, 0, 0]
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize("turn", [[refused("server", 500)], [Started(), TextDelta(0, "a"), CUT], [Started()]])
async def test_what_failed_is_not_recorded(turn: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    made = Cassette(path, Played("p", ManualClock(), turn), "record")
    try:
        spoken = await events(made, ModelCall(STREAMED))
    except ProviderDown:
        spoken = []
    assert not spoken or isinstance(spoken[-1], Failed | Started)
    assert path.read_text() == ""


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_a_key_that_the_model_repeats_is_not_in_the_file_even_in_pieces(
    size: int, tmp_path: Path
) -> None:
    path = tmp_path / "c.jsonl"
    text = f"your key is {KEY}, is it not?"
    pieces = [TextDelta(0, text[at : at + size]) for at in range(0, len(text), size)]
    asked = ModelRequest("m", (Message("user", (Text(f"is {KEY} my key?"),)),), stream=True)
    turn = [Started("i", "m"), *pieces, Finished("stop")]
    wanted = ModelCall(asked, WITH_KEY, headers={"X-Other": KEY})
    spoken = await events(Cassette(path, Played("p", ManualClock(), turn), "record"), wanted)
    assert assemble(spoken).message.text == text
    assert KEY not in path.read_text()
    again = assemble(await events(Cassette(path), wanted))
    assert again.message.text == "your key is [secret], is it not?"


async def test_the_private_key_of_a_service_account_is_a_key_too(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    pem = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n"
    credential = Credential(json.dumps({"client_email": "a@b", "private_key": pem}), "google")
    made = Cassette(path, Played("p", ManualClock(), [TextDelta(0, pem), Finished()]), "record")
    await events(made, ModelCall(STREAMED, credential))
    assert "canary" not in path.read_text()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "damaged in line 1"),
        (b"[" * 100_000, "damaged in line 1"),
        (b"\xff\xff", "damaged in line 1"),
        (b"\n", "damaged in line 1"),
        (b'{"version": 99, "digest": "d", "request": {"model": "m"}}\n', "has version 99"),
    ],
)
def test_a_file_that_is_no_cassette_is_refused(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(content)
    with pytest.raises(InvalidDocument, match=sentence):
        Cassette(path)


def test_a_cassette_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="cannot be read"):
        Cassette(tmp_path / "none.jsonl")
    with pytest.raises(ValueError, match="needs a provider"):
        Cassette(tmp_path / "none.jsonl", mode="record")


def test_a_line_is_plain_json(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    asyncio.run(Cassette(path, Played("p", ManualClock(), says("x")), "record").complete(ModelCall(ASKED)))
    line = json.loads(path.read_text())
    assert line["request"]["model"] == "whatever"
    assert line["answer"]["message"] == {
        "role": "assistant",
        "parts": [{"type": "text", "text": "x"}],
    }
