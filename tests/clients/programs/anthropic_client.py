"""The official client of Anthropic: messages, streams, tools, counting, and its own retries."""

# pyright: basic
# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

import anthropic
from asked import (
    BOTH,
    BOTH_BACK,
    BROKEN,
    CITIES,
    HELLO,
    HELLO_BACK,
    PERSON,
    PERSON_BACK,
    SCHEMA,
    WEATHER,
    WEATHER_BACK,
    WRONG_KEY,
    Told,
    has_id,
    run,
    same,
    weather_of,
)
from pydantic import BaseModel

told = Told()
client = anthropic.AsyncAnthropic(base_url=told.url, api_key=told.key)
TOOL: Any = {"name": "get_weather", "input_schema": SCHEMA}


class Person(BaseModel):
    name: str
    age: int


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


def words_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


async def plain(model: str) -> None:
    answer = await client.messages.create(model=model, max_tokens=200, messages=user(HELLO))
    same(words_of(answer), HELLO_BACK)
    same(answer.stop_reason, "end_turn")
    assert answer._request_id, "no request id"


async def streaming(model: str) -> None:
    async with client.messages.stream(model=model, max_tokens=200, messages=user(HELLO)) as stream:
        words = "".join([text async for text in stream.text_stream])
        same(words_of(await stream.get_final_message()), HELLO_BACK)
    same(words, HELLO_BACK)


async def tools(model: str) -> None:
    messages = user(WEATHER)
    first = await client.messages.create(model=model, max_tokens=200, messages=messages, tools=[TOOL])
    same(first.stop_reason, "tool_use")
    await _go_on(model, messages, first, WEATHER_BACK)


async def parallel_tools(model: str) -> None:
    messages = user(BOTH)
    async with client.messages.stream(model=model, max_tokens=200, messages=messages, tools=[TOOL]) as stream:
        first = await stream.get_final_message()
    same([block.input["city"] for block in first.content if block.type == "tool_use"], list(CITIES))
    await _go_on(model, messages, first, BOTH_BACK)


async def _go_on(model: str, messages: Any, said: Any, expected: str) -> None:
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": weather_of(block.input["city"])}
        for block in said.content
        if block.type == "tool_use"
    ]
    talk = [*messages, {"role": "assistant", "content": said.content}, {"role": "user", "content": results}]
    answer = await client.messages.create(model=model, max_tokens=200, messages=talk, tools=[TOOL])
    same(words_of(answer), expected)


async def structured_output(model: str) -> None:
    answer = await client.messages.parse(
        model=model, max_tokens=200, messages=user(PERSON), output_format=Person
    )
    found = answer.parsed_output
    same(found and found.model_dump(), PERSON_BACK)


async def counting(model: str) -> None:
    counted = await client.messages.count_tokens(model=model, messages=user(HELLO))
    assert counted.input_tokens > 0


async def models(model: str) -> None:
    assert model in {each.id async for each in client.models.list()}


async def errors(model: str) -> None:
    stranger = client.with_options(api_key=WRONG_KEY)
    asked: Any = {"max_tokens": 50, "messages": user(HELLO)}
    await _raises(anthropic.AuthenticationError, stranger.messages.create(model=model, **asked))
    await _raises(anthropic.NotFoundError, client.messages.create(model="nobody", **asked))
    await _raises(anthropic.BadRequestError, client.messages.create(model=model, max_tokens=50, messages=[]))


async def retries(model: str) -> None:
    """What is pointless is not tried again by the client: the upstream's journal says how often it was asked."""
    text = f"{BROKEN} {told.name} {model}"
    await _raises(
        anthropic.InternalServerError, client.messages.create(model=model, max_tokens=50, messages=user(text))
    )


async def _raises(kind: type[Exception], asked: Any) -> None:
    try:
        await asked
    except kind as wrong:
        has_id(wrong)
        return
    raise AssertionError(f"no {kind.__name__}")


run(
    told,
    {
        "plain": plain, "streaming": streaming, "tools": tools, "parallel tools": parallel_tools,
        "structured output": structured_output, "counting tokens": counting, "models": models, "errors": errors,
        "retries": retries,
    },
)  # fmt: skip
