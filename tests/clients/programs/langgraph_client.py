"""langchain and langgraph: an agent with tools, a person who approves a call, over chat completions and messages."""

# pyright: basic
# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

import anthropic
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
    WEATHER,
    WEATHER_BACK,
    WRONG_KEY,
    Told,
    run,
    same,
    weather_of,
)
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_anthropic import ChatAnthropic
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import BaseModel

told = Told()
asked_for: list[str] = []
library: Any = anthropic if told.name.endswith("messages") else openai


class Person(BaseModel):
    name: str
    age: int


@tool
async def get_weather(city: str) -> str:
    """The weather of a city."""
    asked_for.append(city)
    return weather_of(city)


def chat(model: str, key: str = told.key) -> Any:
    if told.name.endswith("messages"):
        return ChatAnthropic(model=model, base_url=told.url, api_key=key, max_tokens=200)
    return ChatOpenAI(
        model=model, base_url=f"{told.url}/v1", api_key=key, use_responses_api=told.name.endswith("responses")
    )


def user(text: str) -> Any:
    return {"messages": [{"role": "user", "content": text}]}


def last(state: Any) -> str:
    return state["messages"][-1].text


async def plain(model: str) -> None:
    same((await chat(model).ainvoke(HELLO)).text, HELLO_BACK)


async def streaming(model: str) -> None:
    same("".join([piece.text async for piece in chat(model).astream(HELLO)]), HELLO_BACK)


async def tools(model: str) -> None:
    await _called(model, WEATHER, WEATHER_BACK, ["Oslo"])


async def parallel_tools(model: str) -> None:
    await _called(model, BOTH, BOTH_BACK, list(CITIES))


async def _called(model: str, text: str, back: str, cities: list[str]) -> None:
    asked_for.clear()
    same(last(await create_agent(chat(model), [get_weather]).ainvoke(user(text))), back)
    same(sorted(asked_for), cities)


async def a_person_approves(model: str) -> None:
    asked_for.clear()
    pause = HumanInTheLoopMiddleware(interrupt_on={"get_weather": True})
    agent = create_agent(chat(model), [get_weather], middleware=[pause], checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": model}}
    held = await agent.ainvoke(user(WEATHER), thread)
    assert held["__interrupt__"], "nobody was asked"
    same(asked_for, [])
    resumed: Any = Command(resume={"decisions": [{"type": "approve"}]})
    same(last(await agent.ainvoke(resumed, thread)), WEATHER_BACK)
    same(asked_for, ["Oslo"])


async def structured_output(model: str) -> None:
    found = await chat(model).with_structured_output(Person, method="json_schema").ainvoke(PERSON)
    same(found.model_dump(), PERSON_BACK)


async def errors(model: str) -> None:
    await _raises(library.AuthenticationError, chat(model, WRONG_KEY), HELLO)
    await _raises(library.NotFoundError, chat("nobody"), HELLO)


async def retries(model: str) -> None:
    await _raises(library.InternalServerError, chat(model), f"{BROKEN} {told.name} {model}")


async def _raises(kind: type[Exception], who: Any, text: str) -> None:
    try:
        await who.ainvoke(text)
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


run(
    told,
    {
        "plain": plain, "streaming": streaming, "tools": tools, "parallel tools": parallel_tools,
        "a person approves": a_person_approves, "structured output": structured_output, "errors": errors,
        "retries": retries,
    },
)  # fmt: skip
