"""Asking a provider over its own wire: what every test of the suite does first."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from remit.domain.action_errors import ModelFailed
from remit.models.opening import open_provider
from remit.models.provider import Deadlines, ModelCall, Provider
from remit.wire.messages import Message, ModelRequest, ModelResponse, StreamEvent, Text, TextDelta
from tests.models.upstream import Answer, Upstream, upstream
from tests.models.wires import QUICK, WIRES, Wire

every_wire = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES.keys())

REQUEST = ModelRequest("m", (Message("user", (Text("say it"),)),), max_tokens=64)
WORDS = ("Grüße", " aus", " 東京", " 🎉", "!")
SAID = "".join(WORDS)
SOON = 0.1


@asynccontextmanager
async def provider(wire: Wire, *answers: Answer, **more: Any) -> AsyncGenerator[tuple[Upstream, Provider]]:
    async with upstream(*answers) as server:
        made = open_provider(wire.described(server.url, **more))
        try:
            yield server, made
        finally:
            await made.close()


def call(wire: Wire, **limits: float) -> ModelCall:
    deadlines = (
        Deadlines(**{"connect": 2, "first_byte": 5, "idle": 5, "total": 10, **limits}) if limits else QUICK
    )
    return ModelCall(REQUEST, wire.credential, deadlines)


async def heard(made: Provider, made_call: ModelCall) -> list[StreamEvent]:
    return [event async for event in made.stream(made_call)]


def words_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def heard_of(made: Provider, made_call: ModelCall) -> tuple[list[StreamEvent], ModelFailed | None]:
    events: list[StreamEvent] = []
    try:
        async for event in made.stream(made_call):
            events.append(event)  # noqa: PERF401 - what came before a failure counts
    except ModelFailed as wrong:
        return events, wrong
    return events, None


async def once(made: Provider, made_call: ModelCall) -> ModelResponse:
    return await made.complete(made_call)


WAYS: tuple[Callable[[Provider, ModelCall], Awaitable[object]], ...] = (once, heard)
