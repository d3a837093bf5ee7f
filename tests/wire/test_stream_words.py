"""Frames that are nothing but more words are read on a short way; whatever a stream says, both ways hear the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer
from remit.wire.messages import Finished, PartDone, Started, StreamEvent, Text, TextDelta
from remit.wire.pieces import Pieces
from remit.wire.whole_frames import WholeFrames
from tests.wire import streams
from tests.wire.strategies import texts
from tests.wire.test_across_dialects import DIALECTS, STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.wire.dialect import StreamDecoder

Json = Any

RAW = ("openai_chat", "openai_responses", "anthropic")
WORDS = ["All ", 'is "well"\n', "東京 ", "\\u0000 🎉"]
SPOKEN: list[StreamEvent] = [
    Started("a1", "m"), *(TextDelta(0, word) for word in WORDS), PartDone(0, Text("".join(WORDS))), Finished(),
]  # fmt: skip
CALL = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
MORE: list[tuple[str, Json]] = [
    ("finish_reason", "stop"), ("logprobs", {"content": [{"token": "x"}]}), ("logprobs", None), ("index", 1),
    ("index", -1), ("index", "0"), ("content", ""), ("content", None), ("content", [{"type": "text", "text": "a"}]),
    ("refusal", "no"), ("refusal", None), ("tool_calls", [CALL]), ("tool_calls", None), ("reasoning_content", "hm"),
    ("role", "assistant"), ("usage", {"prompt_tokens": 1, "completion_tokens": 2}), ("usage", None), ("choices", []),
    ("error", {"message": "out", "type": "server_error"}), ("service_tier", "x"), ("system_fingerprint", "fp"),
    ("obfuscation", "xyz"), ("own", [1]), ("type", "error"), ("type", "ping"), ("text", 7), ("text", ""), ("delta", ""),
    ("delta", None), ("output_index", 1), ("output_index", None), ("content_index", "x"), ("sequence_number", 3),
]  # fmt: skip


def heard(decoder: StreamDecoder, frames: list[bytes], *, short: bool) -> list[StreamEvent | str]:
    """What frames say, on the short way where there is one."""
    found: list[StreamEvent | str] = []
    try:
        for frame in frames:
            words = decoder.words(frame) if short else None
            found += decoder.feed(frame) if words is None else [words]
        found += decoder.close()
    except MalformedAnswer as wrong:
        found.append(str(wrong))
    return found


def spoilt(frame: bytes) -> Iterator[bytes]:
    """The same frame, if it said something else as well, or came in another form."""
    head, data = frame.split(b"data: ")
    count = len(_places(msgspec.json.decode(data)))
    for place in range(count):
        for name, value in MORE:
            body = msgspec.json.decode(data)
            _places(body)[place][name] = value
            yield head + b"data: " + msgspec.json.encode(body) + b"\n\n"
    yield from (
        b"event: error\n" + frame, b": alive\n" + frame, b"id: 7\n" + frame, b"\xef\xbb\xbf" + frame,
        frame[:-1], frame[:-9] + b"\n\n", frame + frame, frame.replace(b"\n", b"\r\n"), frame + b"event: error\n",
        frame.replace(b", ", b",\r "), frame.replace(b"data: ", b"data:"), frame.replace(b"a", b"\xff"),
        frame.replace(b",", b",\ndata: ", 1), frame.replace(b",", b",\r", 1), frame.replace(b",", b",\r\n\r\n", 1),
    )  # fmt: skip


def _places(body: Json) -> list[dict[str, Json]]:
    """The objects that a frame is made of."""
    inner: list[Json] = [body, *(body.get("choices") or ())]
    inner += [each.get("delta") for each in inner]
    return [each for each in inner if isinstance(each, dict)]


@pytest.mark.parametrize("name", RAW)
def test_c50_what_is_not_just_words_is_heard_the_same_on_the_short_way(name: str) -> None:
    dialect = DIALECTS[name]
    frames = WholeFrames().feed(streams.written(dialect, SPOKEN, model="m", identity="resp_1"))
    at = next(place for place, frame in enumerate(frames) if b"well" in frame)
    for other in spoilt(frames[at]):
        for rest in (frames[at + 1 :], []):
            told = [*frames[:at], other, *rest]
            long = heard(dialect.stream_decoder(), told, short=False)
            assert heard(dialect.stream_decoder(), told, short=True) == long, other


@pytest.mark.parametrize("name", RAW)
@given(STREAMS)
def test_c50_every_stream_is_heard_the_same_on_the_short_way(name: str, said: list[StreamEvent]) -> None:
    dialect = DIALECTS[name]
    frames = WholeFrames().feed(streams.written(dialect, said, model="m", identity="resp_1"))
    long = heard(dialect.stream_decoder(), frames, short=False)
    assert heard(dialect.stream_decoder(), frames, short=True) == long


@pytest.mark.parametrize("name", RAW)
def test_c50_nearly_every_frame_of_a_talk_goes_the_short_way(name: str) -> None:
    decoder = DIALECTS[name].stream_decoder()
    frames = WholeFrames().feed(streams.written(DIALECTS[name], SPOKEN, model="m", identity="resp_1"))
    short: list[str] = []
    for frame in frames:
        if (words := decoder.words(frame)) is not None:
            short.append(words.text)
        else:
            decoder.feed(frame)
    assert short == WORDS[-len(short) :]
    assert len(short) >= len(WORDS) - 1, "the first may open the text"


@given(st.lists(texts(), max_size=600), st.integers(1, 5000))
def test_pieces_are_the_text_in_few_strings(words: list[str], longest: int) -> None:
    words = [word * longest if at % 50 == 0 else word for at, word in enumerate(words)]
    pieces = Pieces()
    for word in words:
        pieces.append(word)
    assert str(pieces) == "".join(words)
    assert bool(pieces) == bool(words)
    loose = pieces._loose  # pyright: ignore[reportPrivateUsage]
    assert len(loose) < 256
    assert sum(map(len, loose)) < 2**15, "what is long is packed"
