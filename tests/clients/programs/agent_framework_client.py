"""agent-framework, over chat completions and responses."""

# pyright: basic
# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Annotated, Any

from agent_framework import Agent
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient
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

told = Told()
asked_for: list[str] = []


class Person(BaseModel):
    name: str
    age: int


def get_weather(city: Annotated[str, "which"]) -> str:
    """The weather of a city."""
    asked_for.append(city)
    return weather_of(city)


def agent(model: str, key: str = told.key, **more: Any) -> Agent:
    kind = OpenAIChatCompletionClient if told.name.endswith("chat") else OpenAIChatClient
    return Agent(kind(model, base_url=f"{told.url}/v1", api_key=key), name="clerk", **more)


async def plain(model: str) -> None:
    same((await agent(model).run(HELLO)).text, HELLO_BACK)


async def streaming(model: str) -> None:
    stream = agent(model).run(HELLO, stream=True)
    pieces = [piece.text async for piece in stream]
    # over responses this client gives the pieces and then all of it once more, also when it asks the mock itself
    said = "".join(pieces) if told.name.endswith("chat") else "".join(pieces[: pieces.index(HELLO_BACK)])
    same(said, HELLO_BACK)


async def tools(model: str) -> None:
    await _called(model, WEATHER, WEATHER_BACK, ["Oslo"])


async def parallel_tools(model: str) -> None:
    await _called(model, BOTH, BOTH_BACK, list(CITIES))


async def _called(model: str, text: str, back: str, cities: list[str]) -> None:
    asked_for.clear()
    same((await agent(model, tools=[get_weather]).run(text)).text, back)
    same(sorted(asked_for), cities)


async def structured_output(model: str) -> None:
    found = await agent(model).run(PERSON, options={"response_format": Person})
    same(found.value and found.value.model_dump(), PERSON_BACK)


async def errors(model: str) -> None:
    await _refused("401", agent(model, WRONG_KEY), HELLO)
    await _refused("404", agent("nobody"), HELLO)


async def retries(model: str) -> None:
    await _refused("50", agent(model), f"{BROKEN} {told.name} {model}")


async def _refused(status: str, who: Agent, text: str) -> None:
    try:
        await who.run(text)
    except Exception as wrong:
        if f"Error code: {status}" in str(wrong):
            return
        raise
    raise AssertionError(f"no {status}")


run(
    told,
    {
        "plain": plain, "streaming": streaming, "tools": tools, "parallel tools": parallel_tools,
        "structured output": structured_output, "errors": errors, "retries": retries,
    },
)  # fmt: skip
