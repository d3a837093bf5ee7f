"""What a pattern was given, looked at before anybody is asked: agents, in a list or by name. It asks nobody; a wrong
shape is one sentence to the author of the flow, not an error from somewhere inside of the pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from remit.agents.agent import Agent
from remit.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence


def listed(pattern: str, what: str, agents: object, *, least: int = 0) -> list[Agent]:
    """Agents in a list, at least so many."""
    found = [_agent(pattern, what, each) for each in counted(pattern, what, agents)]
    if len(found) < least:
        raise InvalidInput(
            f"{pattern} needs {what}, at least {least}, and was given {len(found)}.", "Give it more agents."
        )
    return found


def named(pattern: str, what: str, agents: object) -> dict[str, Agent]:
    """Agents by the names that a model or a function may say."""
    if not isinstance(agents, Mapping):
        raise InvalidInput(
            f"{pattern} takes its {what} by name, and got {_shown(agents)}.",
            f"Give a dictionary: {_as_mapping(agents)}.",
        )
    known = cast("Mapping[object, object]", agents)
    return {str(name): _agent(pattern, what, each) for name, each in known.items()}


def counted(pattern: str, what: str, pieces: object) -> Sequence[Any]:
    """Things of which one can say how many there are."""
    if not isinstance(pieces, Iterable) or isinstance(pieces, str | Mapping):
        raise InvalidInput(
            f"{pattern} takes its {what} as a list, and got {_shown(cast('object', pieces))}.", _LIST
        )
    return list(cast("Iterable[Any]", pieces))


_LIST = "Put them into a list: [first, second]."


def _agent(pattern: str, what: str, value: object) -> Agent:
    if not isinstance(value, Agent):
        raise InvalidInput(f"{pattern} asks agents, and among its {what} is {_shown(value)}.", _LIST)
    return value


def _shown(value: object) -> str:
    if isinstance(value, Agent):
        return f'the agent "{value.name}"'
    text = f' "{value[:60]}"' if isinstance(value, str) else ""
    return f"a {type(value).__name__}{text}"


def _as_mapping(agents: object) -> str:
    """How what was given would be written."""
    several = cast("Iterable[object]", agents) if isinstance(agents, list | tuple | set) else (agents,)
    names = [each.name for each in several if isinstance(each, Agent)]
    inside = ", ".join(f'"{name}": {name}' for name in names) or '"name": agent'
    return f"{{{inside}}}"
