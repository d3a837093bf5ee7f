"""Talks with the simulated model, as tests hold them: a provider, a request, a loop that answers every tool call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from remit.models.provider import ModelCall
from remit.models.providers.simulated import Simulated
from remit.models.simulation.lines import Script
from remit.models.simulation.scripts import read_script
from remit.wire.messages import (
    Message,
    ModelRequest,
    ModelResponse,
    OutputSchema,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)

Json = Any


def tool(name: str, description: str = "", **properties: Json) -> ToolSpec:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return ToolSpec(name, description, schema)


def asked(
    user: str, *tools: ToolSpec, output: dict[str, Json] | None = None, system: str = "", **rest: Json
) -> ModelRequest:
    opening = (Message("system", (Text(system),)),) if system else ()
    return ModelRequest(
        "sim-fast",
        (*opening, Message("user", (Text(user),))),
        tools,
        output=None if output is None else OutputSchema(schema=output),
        **rest,
    )


def answered(request: ModelRequest, said: ModelResponse, give: Callable[[ToolCall], Json]) -> ModelRequest:
    """The request that follows: what the model said, and what each of its tools gave."""
    results = tuple(
        ToolResult(
            call.id, call.name, (Text(given if isinstance(given := give(call), str) else json.dumps(given)),)
        )
        for call in said.message.tool_calls
    )
    tail = (Message("tool", results),) if results else ()
    return replace(request, messages=(*request.messages, said.message, *tail))


def playing(text: str) -> Script:
    return read_script(text, "t.yaml")


async def ask(
    provider: Simulated,
    request: ModelRequest,
    *,
    agent: str = "",
    run: str = "",
    path: str = "",
    route: str = "",
) -> ModelResponse:
    return await provider.complete(ModelCall(request, agent=agent, run=run, path=path, route=route))


async def talk(
    provider: Simulated,
    request: ModelRequest,
    give: Callable[[ToolCall], Json],
    most: int = 12,
    agent: str = "",
) -> list[ModelResponse]:
    """Every answer of a loop that ends with the first one that calls no tool."""
    said: list[ModelResponse] = []
    for _ in range(most):
        said.append(await ask(provider, request, agent=agent))
        if not said[-1].message.tool_calls:
            break
        request = answered(request, said[-1], give)
    return said


def calls_of(said: ModelResponse) -> list[tuple[str, Json]]:
    return [(call.name, json.loads(call.arguments)) for call in said.message.tool_calls]
