"""A client of one dialect in front of a provider of another: what both can say arrives, and what only the provider
understands comes back to it with the client's next request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from msgspec import structs

from remit.wire import anthropic, gemini, openai_chat, openai_responses
from remit.wire.assembly import assemble
from remit.wire.dialect import Dialect
from remit.wire.messages import (
    Finished,
    Message,
    ModelRequest,
    ModelResponse,
    Reasoning,
    StreamEvent,
    Text,
    ToolCall,
    ToolResult,
)
from tests.wire import strategies as draw
from tests.wire import streams
from tests.wire.strategies import Expressible

Json = Any

DIALECTS: dict[str, Dialect] = {
    module.DIALECT.name: module.DIALECT for module in (openai_chat, openai_responses, anthropic, gemini)
}
PAIRS = list(permutations(DIALECTS, 2))
PLAIN = Expressible(
    "nobody",
    arguments=draw.written_objects(),
    result_texts=1,
    parallel=False,
    settings=("max_tokens",),
    usage=("input", "cache_read", "output"),
)
"""What every dialect can say."""
STREAMS, ANSWERS, REQUESTS = draw.streams(PLAIN), draw.responses(PLAIN), draw.requests(PLAIN)


def through_json(body: Json) -> Json:
    return msgspec.json.decode(msgspec.json.encode(body))


def streamed(dialect: Dialect, events: list[StreamEvent]) -> list[StreamEvent]:
    return streams.read(dialect, streams.written(dialect, events, model="m", identity="resp_1"))


def told(response: ModelResponse) -> Json:
    """What an answer comes to, whoever words it."""
    calls = [(call.name, msgspec.json.decode(call.arguments)) for call in response.message.tool_calls]
    total = response.usage.total if response.usage is not None else 0  # one dialect has to name a number
    return response.message.text, calls, response.finish, total


@pytest.mark.parametrize(("client", "provider"), PAIRS)
@settings(max_examples=10)
@given(events=STREAMS)
def test_a_stream_says_the_same_in_another_dialect(
    client: str, provider: str, events: list[StreamEvent]
) -> None:
    upstream = streamed(DIALECTS[provider], events)
    downstream = streamed(DIALECTS[client], upstream)
    assert isinstance(downstream[-1], Finished)
    assert told(assemble(upstream)) == told(assemble(downstream))


@pytest.mark.parametrize(("client", "provider"), PAIRS)
@settings(max_examples=10)
@given(answer=ANSWERS)
def test_an_answer_says_the_same_in_another_dialect(
    client: str, provider: str, answer: ModelResponse
) -> None:
    body = through_json(DIALECTS[provider].encode_response(answer))
    upstream = DIALECTS[provider].decode_response(body)
    downstream = DIALECTS[client].decode_response(through_json(DIALECTS[client].encode_response(upstream)))
    assert told(upstream) == told(downstream)


@pytest.mark.parametrize(("client", "provider"), PAIRS)
@settings(max_examples=10)
@given(request_=REQUESTS)
def test_a_request_says_the_same_in_another_dialect(
    client: str, provider: str, request_: ModelRequest
) -> None:
    asked = DIALECTS[client].decode_request(through_json(DIALECTS[client].encode_request(request_)))
    asked = structs.replace(asked, model="m")  # one dialect names it in the address, not in the body
    sent = DIALECTS[provider].decode_request(through_json(DIALECTS[provider].encode_request(asked)))
    assert [(tool.name, tool.parameters) for tool in asked.tools] == [
        (t.name, t.parameters) for t in sent.tools
    ]
    assert asked.tool_choice == sent.tool_choice
    assert list(talk(asked)) == list(talk(sent))


def talk(request: ModelRequest) -> Iterator[Json]:
    """Who says what, in order; some dialects join what one side says in a row, and one refuses blanks."""
    turns = [turn for turn in request.messages if words(turn.parts) or turn.tool_calls or turn.role == "tool"]
    for role, together in groupby(turns, key=lambda turn: turn.role):
        parts = [part for turn in together for part in turn.parts]
        calls = [(c.name, msgspec.json.decode(c.arguments)) for c in parts if isinstance(c, ToolCall)]
        results = [(r.name, words(r.parts)) for r in parts if isinstance(r, ToolResult)]
        yield role, words(parts), calls, results


def words(parts: Iterable[object]) -> str:
    return "".join(part.text.strip() for part in parts if isinstance(part, Text))


def test_what_goes_unsaid_is_named() -> None:
    turns = (
        Message("user", (Text("q"),), "ada"),
        Message("assistant", (Reasoning("hm", "somebody"), ToolCall("a", "f"))),
        Message("tool", (ToolResult("a", "f", (Text("no"),), failed=True),)),
    )
    request = ModelRequest("m", turns, seed=1, dialect="somebody", extra={"x": 1})
    said = ("extra.x", "messages[1].reasoning", "messages[2].failed")
    assert openai_chat.DIALECT.dropped(request) == said
    assert openai_responses.DIALECT.dropped(request) == ("seed", "extra.x", "messages[0].name", *said[1:])
