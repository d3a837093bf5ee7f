"""A tool as the engine sees it: a step with an effect, a timeout and a policy for failures. What acts is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from remit.domain.effects import Effect
from remit.engine.step import Step

if TYPE_CHECKING:
    from remit.tools.tool import Tool


async def _unkeyed(arguments: dict[str, object]) -> object:
    raise AssertionError(arguments)  # the admission performs it


async def _keyed(arguments: dict[str, object], *, idempotency_key: str) -> object:
    raise AssertionError(arguments, idempotency_key)  # the admission performs it


READ_SECONDS = 60.0
"""How long a read may take that does not say otherwise."""
MODEL = Step(_unkeyed, effect=Effect.READ, name="model")
DELEGATE = Step(_unkeyed, effect=Effect.READ, name="delegate")
UNKNOWN = Step(_unkeyed, effect=Effect.READ, name="unknown_tool")


def step_of(tool: Tool, seconds: float) -> Step:
    """The step of a tool; the same one as long as its manifest is. One that names no timeout gets `seconds`."""
    manifest = tool.manifest
    known = _STEPS.get(tool)
    if known is not None and known[0] == (manifest.digest, seconds):
        return known[1]
    step = Step(
        _keyed if manifest.keyed else _unkeyed,
        effect=manifest.effect,
        name=tool.name,
        timeout=manifest.timeout or seconds,
        retry=manifest.retry,
        breaker=manifest.breaker,
        limit=manifest.limit,
        reconcile=_unkeyed if manifest.reconciles else None,
        key_ttl=manifest.key_ttl,
    )
    _STEPS[tool] = ((manifest.digest, seconds), step)
    return step


_STEPS: WeakKeyDictionary[Tool, tuple[tuple[str, float], Step]] = WeakKeyDictionary()
