"""OpenAI chat, streams: the official client reads what goes out, and what comes in from servers that only look alike
is understood or called broken, never taken for whole.
"""

from __future__ import annotations

import base64
import time
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import APIError

from remit.wire.assembly import assemble
from remit.wire.messages import (
    Audio,
    Failed,
    Finished,
    Message,
    ModelResponse,
    PartDone,
    Reasoning,
    ReasoningDelta,
    Refusal,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
)
from remit.wire.openai_chat import DIALECT
from tests.wire import strategies as draw
from tests.wire import streams
from tests.wire.clients import frames_of, openai_that_hears
from tests.wire.openai_forms import CHAT_ANSWERS, CHAT_CHUNK

Json = Any


encoded = partial(streams.written, DIALECT, at=7)
decoded = partial(streams.read, DIALECT)


def sent(*chunks: Json, done: bool = True) -> list[StreamEvent]:
    """What a provider's chunks say; each is a delta, or a whole chunk if it has choices or an error."""
    frames: list[bytes] = []
    for chunk in chunks:
        whole = "choices" in chunk or "error" in chunk
        body = chunk if whole else {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": chunk}]}
        frames.append(b"data: " + msgspec.json.encode(body) + b"\r\n\r\n")
    return decoded(*frames, b"data: [DONE]\n\n" if done else b"")


def end(reason: str = "stop", **more: Json) -> Json:
    return {"choices": [{"index": 0, "finish_reason": reason}], **more}


def call(
    index: int | None, identity: str | None, name: str | None, arguments: Json = None, **more: Json
) -> Json:
    """A delta with one piece of a tool call; None stands for what the server leaves out."""
    inner = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    outer = {key: value for key, value in (("index", index), ("id", identity)) if value is not None}
    return {"tool_calls": [{**outer, "function": inner, **more}]}


def calls_of(events: list[StreamEvent]) -> tuple[ToolCall, ...]:
    return assemble(events).message.tool_calls


# --- there and back ------------------------------------------------------------------------------------------


@given(draw.streams(CHAT_ANSWERS), st.data())
def test_a_stream_comes_back_the_same_wherever_it_is_cut(
    events: list[StreamEvent], data: st.DataObject
) -> None:
    found = decoded(*data.draw(st.composite(draw.chunks)(encoded(events))))
    assert assemble(found, "openai_chat") == assemble(events, "openai_chat")
    assert isinstance(found[0], Started)
    assert [event for event in found if isinstance(event, Finished | Failed)] == found[-1:]
    done = [event.index for event in found if isinstance(event, PartDone)]
    assert done == sorted(set(done)), "every part is done once, one after the other"


@given(draw.streams(CHAT_ANSWERS), st.booleans())
def test_every_chunk_is_one_of_the_sdk(events: list[StreamEvent], usage: bool) -> None:
    *frames, last = frames_of(encoded(events, usage=usage))
    chunks = [CHAT_CHUNK.validate_json(frame, strict=True) for frame in frames]
    assert last == "[DONE]"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].delta.role for chunk in chunks[1:] if chunk.choices] == [None] * sum(
        bool(chunk.choices) for chunk in chunks[1:]
    )
    numbers = [c.index for chunk in chunks if chunk.choices for c in chunk.choices[0].delta.tool_calls or []]
    assert numbers == sorted(numbers)
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    counted = events[-1].usage if isinstance(events[-1], Finished) else None
    assert (chunks[-1].usage is not None) == (usage and counted is not None)
    assert bool(chunks[-1].choices) == (chunks[-1].usage is None)


@given(draw.responses(CHAT_ANSWERS))
def test_the_whole_and_the_stream_say_the_same(response: ModelResponse) -> None:
    events: list[StreamEvent] = [
        Started(response.id, response.model),
        *(PartDone(index, part) for index, part in enumerate(response.message.parts)),
        Finished(response.finish, response.usage, response.dialect, response.extra),
    ]
    whole = DIALECT.decode_response(DIALECT.encode_response(response))
    assert assemble(decoded(encoded(events)), "openai_chat") == whole


# --- the official client -------------------------------------------------------------------------------------

TALK: list[StreamEvent] = [
    Started("chatcmpl-1", "m"),
    ReasoningDelta(0, "hm"),
    TextDelta(1, "Zür"),
    TextDelta(1, "ich 🏔"),
    PartDone(1, Text("Zürich 🏔")),
    ToolCallStarted(2, "a", "f"),
    ToolCallDelta(2, '{"x":'),
    ToolCallDelta(2, "1}"),
    ToolCallStarted(3, "b", "g"),
    PartDone(3, ToolCall("b", "g")),
    Finished("tools", Usage(3, 2, output=5, reasoning=1)),
]


async def test_the_official_client_reads_a_stream() -> None:
    async with openai_that_hears(encoded(TALK)) as client:
        asked = client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "q"}])
        async with asked as stream:
            completion = await stream.get_final_completion()
    message = completion.choices[0].message
    assert message.content == "Zürich 🏔"
    assert [(c.id, c.function.name, c.function.arguments) for c in message.tool_calls or []] == [
        ("a", "f", '{"x":1}'),
        ("b", "g", ""),
    ]
    assert completion.choices[0].finish_reason == "tool_calls"
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (5, 6)


async def test_the_official_client_hears_of_an_error_in_the_middle() -> None:
    stream = encoded([*TALK[:3], Failed("the provider fell over", "server")])
    async with openai_that_hears(stream) as client:
        chunks = await client.chat.completions.create(model="m", messages=[], stream=True)
        with pytest.raises(APIError, match="the provider fell over"):
            _ = [chunk async for chunk in chunks]


async def test_the_official_client_reads_a_whole_answer() -> None:
    response = ModelResponse(
        "m", Message("assistant", (Text("x"), ToolCall("a", "f"))), "tools", Usage(1, output=2)
    )
    async with openai_that_hears(DIALECT.encode_response(response, at=5)) as client:
        completion = await client.chat.completions.create(model="m", messages=[])
    assert completion.choices[0].message.content == "x"
    assert completion.usage is not None
    assert completion.usage.total_tokens == 3


def test_nothing_goes_out_after_the_end() -> None:
    encoder = DIALECT.stream_encoder(model="mine", identity="r1")
    assert b'"model":"mine"' in encoder.feed(Started("theirs", "theirs"))
    assert encoder.feed(Finished()).endswith(b"data: [DONE]\n\n")
    assert encoder.feed(TextDelta(0, "late")) == b""
    assert encoded([Failed("no")]).count(b"data: ") == 1


# --- servers that only look alike ----------------------------------------------------------------------------


X = '{"x":1}'


@pytest.mark.parametrize(
    "deltas",
    [
        [call(0, "a", "f", '{"x"'), call(0, None, None, ":1}"), call(1, "b", "g", "{}")],
        [call(None, "a", "f", '{"x"'), call(None, None, None, ":1}"), call(None, "b", "g", "{}")],
        [call(0, "a", "f", X), call(0, "b", "g", "{}")],
        [call(0, None, "f"), call(0, None, None, X), call(0, "a", None), call(1, "b", "g")],
        [call(0, "a", "f"), call(1, "b", "g"), call(0, None, None, X)],
        [call(0, "a", "f", {"x": 1}), call(1, "b", "g")],
        [call(3, "a", "f", X), end("tool_calls"), call(9, "b", "g", "{}")],
        [call(None, "a", "f", X), call(None, "a", "f", ""), call(None, "b", "g", "{}")],
    ],
    ids=["proper", "no index", "always 0", "late id", "interleaved", "no text", "late", "id repeated"],
)
def test_calls_are_told_apart(deltas: list[Json]) -> None:
    events = sent(*deltas, end("stop"))
    assert calls_of(events) == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"))
    assert isinstance(events[-1], Finished)
    assert events[-1].finish == "tools"


def test_calls_without_any_id_get_one() -> None:
    events = sent(call(None, None, "f", "{}"), call(None, None, "g", "{}"), end())
    assert [(c.id, c.name) for c in calls_of(events)] == [("c1_0", "f"), ("c1_1", "g")]


def test_words_may_go_on_after_a_call() -> None:
    parts = assemble(sent({"content": "a"}, call(0, "i", "f"), {"content": "b"}, end())).message.parts
    assert parts == (Text("a"), ToolCall("i", "f"), Text("b"))


def test_chunks_without_choices_and_comments_are_no_answer_yet() -> None:
    first = {"id": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    events = decoded(b": ping\n\n", b"data:\n\n") and sent(first, {"content": "a"}, end(usage=None))
    assert events[0] == Started("c1", "m")
    assert isinstance(events[-1], Finished)
    assert events[-1].extra == {"prompt_filter_results": [{"prompt_index": 0}]}


@pytest.mark.parametrize("place", range(3))
def test_usage_is_found_wherever_it_stands(place: int) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "cost": 0.5}
    chunks: list[Json] = [{"choices": [{"index": 0, "delta": {"content": "a"}}]}, end(), {"choices": []}]
    chunks[place] = {**chunks[place], "usage": usage}
    *_, last = sent(*chunks)
    assert isinstance(last, Finished)
    assert (last.usage, last.extra) == (Usage(3, output=1), {"usage": {"cost": 0.5}})


def test_a_stream_without_done_is_whole_if_it_gave_its_reason() -> None:
    assert isinstance(sent({"content": "a"}, end("length"), done=False)[-1], Finished)
    assert decoded(b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}')[
        -1
    ] == Finished("stop", dialect="openai_chat")


@pytest.mark.parametrize("cut", [0, 9, 30, 57, 58, 60])
def test_a_cut_stream_is_never_taken_for_whole(cut: int) -> None:
    stream = b'data: {"choices":[{"index":0,"delta":{"content":"Z\xc3\xbcrich"}}]}\n\ndata: {"choi'
    events = decoded(stream[:cut], stream[cut:])
    assert isinstance(events[-1], Failed)
    assert events[-1].kind == "cut"
    assert assemble(events).finish == "error"


@pytest.mark.parametrize(
    "frame",
    [
        b"data: <html>502</html>\n\n",
        b"data: [1]\n\n",
        b'data: {"choices":7}\n\n',
        b'data: {"choices":[{"delta":{"content":7}}]}\n\n',
        b'data: {"choices":[{"delta":{"tool_calls":[7]}}]}\n\n',
        b'data: {"choices":[{"index":"a"}]}\n\n',
        b"data: [DONE]\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
    ],
)  # fmt: skip
def test_nonsense_fails_and_ends_the_stream(frame: bytes) -> None:
    events = decoded(frame, b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n')
    assert [type(event) for event in events[-1:]] == [Failed]
    assert isinstance(events[-1], Failed)
    assert events[-1].kind == "malformed"


@pytest.mark.parametrize(
    ("frame", "failed"),
    [
        (
            b'data: {"error":{"message":"slow down","type":"rate_limit_error"}}',
            Failed("slow down", "rate_limit"),
        ),
        (b'data: {"error":{"message":"bad","code":400}}', Failed("bad", "invalid_request", 400)),
        (b'data: {"error":"gone"}', Failed("gone", "server")),
        (b'event: error\ndata: {"message":"gone"}', Failed("gone", "server")),
    ],
)
def test_an_error_in_the_stream_is_one(frame: bytes, failed: Failed) -> None:
    assert decoded(frame + b"\n\ndata: [DONE]\n\n") == [failed]


def test_thoughts_in_pieces_are_one_block_again() -> None:
    pieces = [
        {"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "a"}]},
        {"reasoning": "b", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "b", "sig": "s"}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "index": 1, "data": "x"}]},
        {"content": "c"},
    ]  # fmt: skip
    details = [
        {"type": "reasoning.text", "index": 0, "text": "ab", "sig": "s"},
        {"type": "reasoning.encrypted", "index": 1, "data": "x"},
    ]
    turn = assemble(sent(*pieces, end())).message
    assert turn.parts == (
        Reasoning("ab", "openai_chat", {"reasoning": "ab", "reasoning_details": details}),
        Text("c"),
    )


def test_sound_and_refusals_in_pieces() -> None:
    sound = [base64.b64encode(piece).decode() for piece in (b"a", b"bc", b"def")]
    deltas = [{"audio": {"id": "s", "transcript": "x"}}, *({"audio": {"data": data}} for data in sound)]
    turn = assemble(sent(*deltas, {"refusal": "I "}, {"refusal": "won't"}, end())).message
    whole = base64.b64encode(b"abcdef").decode()
    assert turn.parts == (
        Audio(whole, "", {"openai_chat": {"id": "s", "transcript": "x"}}),
        Refusal("I won't"),
    )


def test_a_signature_on_a_call_is_kept() -> None:
    extra = {"google": {"thought_signature": "s"}}
    events = sent(call(0, "a", "f", extra_content=extra), end())
    assert calls_of(events)[0].opaque == {"openai_chat": {"extra_content": extra}}
    assert calls_of(decoded(encoded(events))) == calls_of(events)


def test_further_choices_are_gathered_and_said_at_the_end() -> None:
    def both(index: int, delta: Json, reason: str | None = None) -> Json:
        return {
            "id": "c1",
            "model": "m",
            "choices": [{"index": index, "delta": delta, "finish_reason": reason}],
        }

    events = sent(both(1, {"content": "b"}), both(0, {"content": "a"}), both(1, call(0, "i", "f")),
                  both(1, {}, "tool_calls"), both(0, {}, "stop"))  # fmt: skip
    assert assemble(events).message.text == "a"
    [other] = assemble(events).extra["choices"]
    assert (other["message"]["content"], other["finish_reason"]) == ("b", "tool_calls")
    assert assemble(decoded(encoded(events))).extra == assemble(events).extra


def test_logprobs_and_unknown_keys_survive() -> None:
    logprob: Json = {"token": "a", "logprob": -1.0, "bytes": None, "top_logprobs": []}
    with_logprobs: Json = {
        "choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [logprob]}}]
    }
    events = sent(with_logprobs, with_logprobs, {"annotations": [{"type": "url_citation"}]}, end())
    extra: Json = {
        "logprobs": {"content": [logprob, logprob]},
        "message": {"annotations": [{"type": "url_citation"}]},
    }
    assert assemble(events).extra == extra
    assert assemble(decoded(encoded(events))).extra == extra


def test_long_streams_take_time_that_grows_with_them() -> None:
    began = time.thread_time()
    many = encoded([Started(), *(TextDelta(0, f"word{number} ") for number in range(100_000)), Finished()])
    assert (
        len(assemble(decoded(*(many[at : at + 4096] for at in range(0, len(many), 4096)))).message.text)
        > 800_000
    )
    large = encoded([Started(), TextDelta(0, "é" * 1_000_000), Finished()])
    assert (
        len(assemble(decoded(*(large[at : at + 64] for at in range(0, len(large), 64)))).message.text)
        == 1_000_000
    )
    assert time.thread_time() - began < 20
