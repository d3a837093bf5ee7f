"""`${…}` in a script: a piece of the conversation put where it stands. A text that is one placeholder becomes the value
itself, so that a number stays a number.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import InvalidInput
from remit.models.simulation.scene import value_of

if TYPE_CHECKING:
    from remit.models.simulation.scene import Scene

Json = Any

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
ROOTS = ("user", "result", "results", "arguments", "agent", "route", "turn", "attempt")
"""What a placeholder may begin with."""


def filled(value: Json, scene: Scene, groups: dict[str, str], place: str) -> Json:
    """The value with every placeholder in it replaced."""
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        if whole is not None:
            return _found(whole[1], scene, groups, place)
        return _PLACEHOLDER.sub(lambda each: _shown(_found(each[1], scene, groups, place)), value)
    if isinstance(value, dict):
        table = cast("dict[str, Json]", value)
        return {name: filled(item, scene, groups, place) for name, item in table.items()}
    if isinstance(value, list):
        return [filled(item, scene, groups, place) for item in cast("list[Json]", value)]
    return value


def _found(path: str, scene: Scene, groups: dict[str, str], place: str) -> Json:
    root, *steps = path.strip().split(".")
    try:
        return _walk(_root(root, scene, groups, steps), steps)
    except (KeyError, IndexError, ValueError, TypeError):
        raise InvalidInput(
            f"{place}: ${{{path}}} is nowhere in the conversation.",
            f"A placeholder begins with {', '.join(ROOTS)}, and goes on with names of fields.",
        ) from None


def _root(root: str, scene: Scene, groups: dict[str, str], steps: list[str]) -> Json:
    match root:
        case "user":
            return groups if steps else scene.user
        case "result":
            return scene.result
        case "results":
            return {each.name: value_of(each) for each in scene.results}
        case "arguments":
            return {call.name: json.loads(call.arguments) for call in scene.calls}
        case "agent" | "route" | "turn" | "attempt":
            return getattr(scene, root)
        case _:
            raise KeyError(root)


def _walk(value: Json, steps: list[str]) -> Json:
    for step in steps:
        value = cast("list[Json]", value)[int(step)] if isinstance(value, list) else value[step]
    return value


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
