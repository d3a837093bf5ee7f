"""What every client is asked for, in words that the mock behind the gateway knows, and how a program says what came
of it.

It runs in the environment of each client, so it imports the standard library only, and knows no client.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

HELLO = "say hello"
HELLO_BACK = "Grüße aus 東京 🎉, and good day to you all."
WEATHER = "what is the weather in Oslo"
WEATHER_BACK = "It rains in Oslo."
BOTH = "compare the weather of Oslo and Rome"
BOTH_BACK = "Oslo is wetter than Rome."
PERSON = "who is Ada, as a record"
PERSON_BACK = {"name": "Ada", "age": 36}
BROKEN = "be broken for"
"""With the name of the client behind it, so that its attempts can be told from others in the journal of the mock."""
CITIES = ("Oslo", "Rome")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WRONG_KEY = "rk_0000000000_not-a-key-of-this-workspace"

Case = Callable[[str], Awaitable[None]]


class Told:
    """What the program was told: where the gateway is, a key for it, and the models to ask."""

    def __init__(self) -> None:
        told = json.loads(sys.argv[1])
        self.url: str = told["url"]
        self.key: str = told["key"]
        self.name: str = told["name"]
        self.models: list[str] = told["models"]


def same(found: object, expected: object) -> None:
    """Say what was found where it is not what was expected."""
    if found != expected:
        raise AssertionError(f"{found!r} instead of {expected!r}")


def has_id(wrong: Exception) -> None:
    """Every error names the request it answers."""
    if not getattr(wrong, "request_id", None):
        raise AssertionError(f"no request id: {wrong}")


def weather_of(city: str) -> str:
    """What the tool of every client answers."""
    return f"{city}: 7 degrees, rain"


def run(told: Told, cases: Mapping[str, Case]) -> None:
    """Every case with every model; one line of JSON for each."""
    asyncio.run(_run(told, cases))


async def _run(told: Told, cases: Mapping[str, Case]) -> None:
    for model in told.models:
        for name, case in cases.items():
            said = ""
            try:
                await asyncio.wait_for(case(model), 60)
            except Exception as wrong:  # noqa: BLE001 - whatever went wrong is the result
                said = f"{type(wrong).__name__}: {wrong}"[:600]
            print(json.dumps({"case": name, "model": model, "ok": not said, "said": said}), flush=True)  # noqa: T201
