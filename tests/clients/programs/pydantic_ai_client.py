"""pydantic-ai, the strictest of all: over chat completions, responses and messages."""

# pyright: basic
# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

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
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

told = Told()
asked_for: list[str] = []


class Person(BaseModel):
    name: str
    age: int


async def get_weather(city: str) -> str:
    """The weather of a city."""
    asked_for.append(city)
    return weather_of(city)


def agent(model: str, key: str = told.key, **more: Any) -> Agent[None, Any]:
    if told.name.endswith("messages"):
        known: Any = AnthropicModel(model, provider=AnthropicProvider(base_url=told.url, api_key=key))
    else:
        kind = OpenAIChatModel if told.name.endswith("chat") else OpenAIResponsesModel
        known = kind(model, provider=OpenAIProvider(base_url=f"{told.url}/v1", api_key=key))
    return Agent(known, **more)


async def plain(model: str) -> None:
    same((await agent(model).run(HELLO)).output, HELLO_BACK)


async def streaming(model: str) -> None:
    async with agent(model).run_stream(HELLO) as found:
        same("".join([piece async for piece in found.stream_text(delta=True, debounce_by=None)]), HELLO_BACK)


async def tools(model: str) -> None:
    await _called(model, WEATHER, WEATHER_BACK, ["Oslo"])


async def parallel_tools(model: str) -> None:
    await _called(model, BOTH, BOTH_BACK, list(CITIES))


async def _called(model: str, text: str, back: str, cities: list[str]) -> None:
    asked_for.clear()
    same((await agent(model, tools=[get_weather]).run(text)).output, back)
    same(sorted(asked_for), cities)


async def structured_output(model: str) -> None:
    # by the names of Anthropic's own models it knows which take a schema, and these are names of routes
    kind = PromptedOutput if told.name.endswith("messages") else NativeOutput
    found = (await agent(model, output_type=kind(Person)).run(PERSON)).output
    same(found.model_dump(), PERSON_BACK)


async def errors(model: str) -> None:
    await _refused(401, agent(model, WRONG_KEY), HELLO)
    await _refused(404, agent("nobody"), HELLO)


async def retries(model: str) -> None:
    await _refused(500, agent(model), f"{BROKEN} {told.name} {model}")


async def _refused(status: int, who: Agent[None, Any], text: str) -> None:
    try:
        await who.run(text)
    except ModelHTTPError as wrong:
        same(wrong.status_code // 100 if status == 500 else wrong.status_code, 5 if status == 500 else status)
        return
    raise AssertionError(f"no {status}")


run(
    told,
    {
        "plain": plain, "streaming": streaming, "tools": tools, "parallel tools": parallel_tools,
        "structured output": structured_output, "errors": errors, "retries": retries,
    },
)  # fmt: skip
