"""openai-agents, over the Responses API, which is its default, and over chat completions."""

# pyright: basic
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
from __future__ import annotations

from typing import Any

import openai
from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from asked import (
    BOTH,
    BOTH_BACK,
    BROKEN,
    CITIES,
    HELLO,
    HELLO_BACK,
    PERSON,
    PERSON_BACK,
    WEATHER,
    WEATHER_BACK,
    WRONG_KEY,
    Told,
    run,
    same,
    weather_of,
)
from openai.types.responses import ResponseTextDeltaEvent
from pydantic import BaseModel

set_tracing_disabled(disabled=True)
told = Told()
client = openai.AsyncOpenAI(base_url=f"{told.url}/v1", api_key=told.key)
asked_for: list[str] = []


class Person(BaseModel):
    name: str
    age: int


@function_tool
async def get_weather(city: str) -> str:
    """The weather of a city."""
    asked_for.append(city)
    return weather_of(city)


def agent(model: str, through: openai.AsyncOpenAI = client, **more: Any) -> Agent[Any]:
    kind = OpenAIChatCompletionsModel if told.name.endswith("chat") else OpenAIResponsesModel
    return Agent(name="clerk", model=kind(model, openai_client=through), **more)


async def plain(model: str) -> None:
    same((await Runner.run(agent(model), HELLO)).final_output, HELLO_BACK)


async def streaming(model: str) -> None:
    words = ""
    found = Runner.run_streamed(agent(model), HELLO)
    async for event in found.stream_events():
        if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
            words += event.data.delta
    same(words, HELLO_BACK)
    same(found.final_output, HELLO_BACK)


async def tools(model: str) -> None:
    await _called(model, WEATHER, WEATHER_BACK, ["Oslo"])


async def parallel_tools(model: str) -> None:
    await _called(model, BOTH, BOTH_BACK, list(CITIES))


async def _called(model: str, text: str, back: str, cities: list[str]) -> None:
    asked_for.clear()
    same((await Runner.run(agent(model, tools=[get_weather]), text)).final_output, back)
    same(asked_for, cities)


async def structured_output(model: str) -> None:
    found = (await Runner.run(agent(model, output_type=Person), PERSON)).final_output
    same(found.model_dump(), PERSON_BACK)


async def errors(model: str) -> None:
    stranger = client.with_options(api_key=WRONG_KEY)
    await _raises(openai.AuthenticationError, agent(model, stranger), HELLO)
    await _raises(openai.NotFoundError, agent("nobody"), HELLO)


async def retries(model: str) -> None:
    await _raises(openai.InternalServerError, agent(model), f"{BROKEN} {told.name} {model}")


async def _raises(kind: type[Exception], who: Agent[Any], text: str) -> None:
    try:
        await Runner.run(who, text)
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


run(
    told,
    {
        "plain": plain, "streaming": streaming, "tools": tools, "parallel tools": parallel_tools,
        "structured output": structured_output, "errors": errors, "retries": retries,
    },
)  # fmt: skip
