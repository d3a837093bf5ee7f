"""Steps that touch a world outside which the test can see into, and doors behind which they wait."""

from __future__ import annotations

from typing import Any

from remit import step
from tests.engine.places import Outside

OUTSIDE = Outside()


@step(effect="read")
async def look(what: Any) -> Any:
    OUTSIDE.note(("look", what))
    return what


@step(effect="read")
async def look_behind(door: str) -> str:
    OUTSIDE.note(("at", door))
    await OUTSIDE.door(door).wait()
    return door


@step(effect="read")
async def fail(message: str = "no") -> None:
    OUTSIDE.note(("fail", message))
    raise ValueError(message)


@step
async def write(what: Any) -> Any:
    OUTSIDE.note(("write", what))
    return what


@step
async def write_behind(door: str) -> str:
    OUTSIDE.note(("at", door))
    await OUTSIDE.door(door).wait()
    OUTSIDE.note(("write", door))
    return door


@step
async def keyed(what: Any, *, idempotency_key: str) -> Any:
    OUTSIDE.note(("keyed", what, idempotency_key))
    return what
