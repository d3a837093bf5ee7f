"""The official client of OpenAI, 2 and 3: chat, responses and embeddings, streams and tools, and its own retries."""

# pyright: basic
# pyright: reportMissingImports=false
from __future__ import annotations

import json
from typing import Any

import openai
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
client = openai.AsyncOpenAI(base_url=f"{told.url}/v1", api_key=told.key)
TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA, "strict": True}}
FLAT: Any = {"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": True}


class Person(BaseModel):
    name: str
    age: int


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


async def plain(model: str) -> None:
    answer = await client.chat.completions.create(model=model, messages=user(HELLO), max_tokens=200)
    same(answer.choices[0].message.content, HELLO_BACK)
    same(answer.choices[0].finish_reason, "stop")
    assert answer._request_id, "no request id"
    assert answer.usage is not None


async def streaming(model: str) -> None:
    asked = await client.chat.completions.create(
        model=model, messages=user(HELLO), stream=True, stream_options={"include_usage": True}
    )
    words, usage = "", 0
    async for chunk in asked:
        words += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage += chunk.usage is not None
    same(words, HELLO_BACK)
    same(usage, 1)


async def tools(model: str) -> None:
    messages = user(WEATHER)
    first = (await client.chat.completions.create(model=model, messages=messages, tools=[TOOL])).choices[0]
    same(first.finish_reason, "tool_calls")
    await _go_on(model, messages, first.message, WEATHER_BACK)


async def parallel_tools(model: str) -> None:
    messages = user(BOTH)
    async with client.chat.completions.stream(model=model, messages=messages, tools=[TOOL]) as stream:
        first = (await stream.get_final_completion()).choices[0]
    calls = first.message.tool_calls or []
    same([json.loads(call.function.arguments)["city"] for call in calls], list(CITIES))
    await _go_on(model, messages, first.message, BOTH_BACK)


async def _go_on(model: str, messages: Any, said: Any, expected: str) -> None:
    calls = [
        {"id": call.id, "type": "function",
         "function": {"name": call.function.name, "arguments": call.function.arguments}}
        for call in said.tool_calls
    ]  # fmt: skip
    results = [
        {"role": "tool", "tool_call_id": call.id,
         "content": weather_of(json.loads(call.function.arguments)["city"])}
        for call in said.tool_calls
    ]  # fmt: skip
    talk = [*messages, {"role": "assistant", "content": said.content, "tool_calls": calls}, *results]
    answer = await client.chat.completions.create(model=model, messages=talk, tools=[TOOL])
    same(answer.choices[0].message.content, expected)


async def structured_output(model: str) -> None:
    answer = await client.chat.completions.parse(model=model, messages=user(PERSON), response_format=Person)
    found = answer.choices[0].message.parsed
    same(found and found.model_dump(), PERSON_BACK)


async def responses(model: str) -> None:
    answer = await client.responses.create(model=model, input=HELLO)
    same(answer.output_text, HELLO_BACK)
    assert answer.id.startswith("resp"), answer.id
    again = await client.responses.create(model=model, input=HELLO, previous_response_id=answer.id)
    same(again.output_text, HELLO_BACK)
    same((await client.responses.retrieve(answer.id)).output_text, HELLO_BACK)
    await client.responses.delete(answer.id)


async def responses_streaming(model: str) -> None:
    words = ""
    async with client.responses.stream(model=model, input=HELLO) as stream:
        async for event in stream:
            words += event.delta if event.type == "response.output_text.delta" else ""
        same((await stream.get_final_response()).output_text, HELLO_BACK)
    same(words, HELLO_BACK)


async def responses_tools(model: str) -> None:
    asked = await client.responses.create(model=model, input=WEATHER, tools=[FLAT])
    calls = [item for item in asked.output if item.type == "function_call"]
    same([json.loads(call.arguments) for call in calls], [{"city": "Oslo"}])
    result: Any = [
        {"type": "function_call_output", "call_id": calls[0].call_id, "output": weather_of("Oslo")}
    ]
    answer = await client.responses.create(
        model=model, input=result, previous_response_id=asked.id, tools=[FLAT]
    )
    same(answer.output_text, WEATHER_BACK)


async def models(model: str) -> None:
    assert model in {each.id async for each in client.models.list()}


async def errors(model: str) -> None:
    stranger = client.with_options(api_key=WRONG_KEY)
    await _raises(
        openai.AuthenticationError, stranger.chat.completions.create(model=model, messages=user(HELLO))
    )
    await _raises(openai.NotFoundError, client.chat.completions.create(model="nobody", messages=user(HELLO)))
    await _raises(openai.BadRequestError, client.chat.completions.create(model=model, messages=[]))


async def retries(model: str) -> None:
    """What is pointless is not tried again by the client: the upstream's journal says how often it was asked."""
    text = f"{BROKEN} {told.name} {model}"
    await _raises(
        openai.InternalServerError, client.chat.completions.create(model=model, messages=user(text))
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
        "structured output": structured_output, "responses": responses, "responses, streaming": responses_streaming,
        "responses, tools": responses_tools, "models": models, "errors": errors, "retries": retries,
    },
)  # fmt: skip
