"""Everything that one dialect can say, said in every other: a body that the provider's own types accept, or a sentence
that names what has no form there. And thoughts, which only their own model understands, come back to it unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, cast

import msgspec
import pytest
from google.genai import types as google
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.domain.action_errors import Unsupported
from remit.wire import anthropic, gemini, openai_chat, openai_responses
from remit.wire.assembly import assemble
from remit.wire.dialect import Dialect
from remit.wire.messages import (
    Finished,
    Message,
    ModelRequest,
    ModelResponse,
    PartDone,
    Reasoning,
    Started,
    StreamEvent,
    Text,
    ToolCall,
)
from remit.wire.sse import FrameReader
from tests.samples import samples
from tests.wire import anthropic_forms, gemini_forms, openai_forms, streams
from tests.wire import strategies as draw
from tests.wire.strategies import Expressible

Json = Any


@dataclass(frozen=True)
class Side:
    """A dialect, what it can say, and who judges what is said in it."""

    dialect: Dialect
    requests: Expressible
    answers: Expressible
    judge_request: Callable[[Json], object]
    judge_answer: Callable[[Json], object]
    judge_event: Callable[[Json], object]


def _anthropic_event(event: Json) -> None:
    if event["type"] not in {"ping", "error"}:
        anthropic_forms.judged(anthropic_forms.EVENT, event)


def _judge(adapter: Any) -> Callable[[Json], object]:
    return lambda body: anthropic_forms.judged(adapter, body)


SIDES = {
    "openai_chat": Side(
        openai_chat.DIALECT,
        openai_forms.CHAT_REQUESTS,
        openai_forms.CHAT_ANSWERS,
        _judge(openai_forms.ASK_CHAT),
        _judge(openai_forms.CHAT_COMPLETION),
        _judge(openai_forms.CHAT_CHUNK),
    ),
    "openai_responses": Side(
        openai_responses.DIALECT,
        openai_forms.RESPONSES_REQUESTS,
        openai_forms.RESPONSES_ANSWERS,
        _judge(openai_forms.ASK_RESPONSE),
        _judge(openai_forms.RESPONSE),
        _judge(openai_forms.RESPONSE_EVENT),
    ),
    "anthropic": Side(
        anthropic.DIALECT,
        anthropic_forms.REQUESTS,
        anthropic_forms.ANSWERS,
        _judge(anthropic_forms.ASK),
        _judge(anthropic_forms.ANSWER),
        _anthropic_event,
    ),
    "gemini": Side(
        gemini.DIALECT,
        gemini_forms.REQUESTS,
        gemini_forms.ANSWERS,
        gemini_forms.judged,
        google.GenerateContentResponse.model_validate,
        google.GenerateContentResponse.model_validate,
    ),
}
PAIRS = list(product(SIDES, SIDES))


def through_json(body: Json) -> Json:
    return msgspec.json.decode(msgspec.json.encode(body))


def plain(request: ModelRequest) -> ModelRequest:
    """One whole answer: what a stream asks for is another type of each SDK."""
    return msgspec.structs.replace(request, stream=False)


@pytest.mark.parametrize(("client", "provider"), PAIRS)
@settings(max_examples=samples(12))
@given(data=st.data())
def test_any_request_is_well_formed_or_refused(client: str, provider: str, data: st.DataObject) -> None:
    here, there = SIDES[client], SIDES[provider]
    drawn = plain(data.draw(draw.requests(here.requests)))
    asked = here.dialect.decode_request(through_json(here.dialect.encode_request(drawn)))
    try:
        body = there.dialect.encode_request(asked)
    except Unsupported:
        assert client != provider
        return
    there.judge_request(through_json(body))


@pytest.mark.parametrize(("client", "provider"), PAIRS)
@settings(max_examples=samples(12))
@given(data=st.data())
def test_any_answer_is_well_formed_or_refused(client: str, provider: str, data: st.DataObject) -> None:
    here, there = SIDES[client], SIDES[provider]
    drawn = data.draw(draw.responses(there.answers, texts_at_most=2))
    answered = there.dialect.decode_response(through_json(there.dialect.encode_response(drawn)))
    try:
        body = here.dialect.encode_response(answered)
    except Unsupported:
        assert client != provider
        return
    here.judge_answer(through_json(body))


@pytest.mark.parametrize(("client", "provider"), PAIRS)
@settings(max_examples=samples(10))
@given(data=st.data())
def test_any_stream_is_well_formed_or_refused(client: str, provider: str, data: st.DataObject) -> None:
    here, there = SIDES[client], SIDES[provider]
    events = data.draw(draw.streams(there.answers, deltas_of_carried=False))
    decoder = there.dialect.stream_decoder()
    arrived = decoder.feed(_written(there.dialect, events)) + decoder.close()
    try:
        stream = _written(here.dialect, arrived)
    except Unsupported:
        assert client != provider
        return
    for frame in FrameReader().feed(stream):
        if frame.data and frame.data != "[DONE]":
            here.judge_event(msgspec.json.decode(frame.data))


_written = partial(streams.written, model="m", identity="resp_1")


# --- thoughts ------------------------------------------------------------------------------------------------

THOUGHTS = {
    "anthropic": {"type": "thinking", "thinking": "hm", "signature": "EqQB+/=="},
    "gemini": {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
    "openai_responses": {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "Z0FBQUFB",
    },
}


def history(client: str, answer: Json) -> Json:
    """The body that a client sends next: what it was answered goes back as it came."""
    match client:
        case "anthropic":
            turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": answer["content"]}]
            return {"model": "m", "max_tokens": 9, "messages": turns}
        case "gemini":
            asked = {"role": "user", "parts": [{"text": "q"}]}
            return {"contents": [asked, answer["candidates"][0]["content"]]}
        case _:
            return {"model": "m", "input": [{"role": "user", "content": "q"}, *answer["output"]]}


@pytest.mark.parametrize("provider", THOUGHTS)
@pytest.mark.parametrize("client", THOUGHTS)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_thought_comes_back_to_its_model_through_any_client(
    provider: str, client: str, streamed: bool
) -> None:
    here, there = SIDES[client].dialect, SIDES[provider].dialect
    thought = Reasoning("hm", provider, THOUGHTS[provider])
    parts = (thought, Text("so"), ToolCall("call_1", "f", '{"a":1}'))
    answer = ModelResponse("m", Message("assistant", parts), "tools", id="resp_1", dialect=provider)
    if streamed:
        answer = _through_a_stream(here, answer)
    body = through_json(here.encode_response(answer))
    asked = here.decode_request(history(client, body))
    assert asked.messages[1].parts == parts or client == provider
    assert holds(there.encode_request(asked), THOUGHTS[provider])


def holds(body: Json, block: Json) -> bool:
    """Whether a block stands anywhere in a body."""
    if isinstance(body, dict):
        found = cast("dict[str, Json]", body)
        return found == block or any(holds(inner, block) for inner in found.values())
    return isinstance(body, list) and any(holds(inner, block) for inner in cast("list[Json]", body))


def _through_a_stream(client: Dialect, answer: ModelResponse) -> ModelResponse:
    events: list[StreamEvent] = [Started(answer.id, "m")]
    events += [PartDone(index, part) for index, part in enumerate(answer.message.parts)]
    decoder = client.stream_decoder()
    found = decoder.feed(_written(client, [*events, Finished(answer.finish)])) + decoder.close()
    return assemble(found, client.name)
