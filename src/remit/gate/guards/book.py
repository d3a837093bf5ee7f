"""Which guards look at what: those of the workspace and those of whoever acts, by agent, environment and tool."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from remit.gate.guards.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.guards import Guard
    from remit.domain.tools import ToolManifest
    from remit.store.keys import KeyRing


class Guarded(Protocol):
    """Whoever acts, as far as guards are concerned with it."""

    @property
    def agent(self) -> str:
        """The agent; empty for a flow."""
        ...

    @property
    def chain(self) -> tuple[str, ...]:
        """The agents that let it act."""
        ...

    @property
    def guards(self) -> tuple[Guard, ...]:
        """Its own guards, and those of the chain."""
        ...


class GuardBook:
    """The guards of a workspace in one environment."""

    def __init__(self, guards: Iterable[Guard] = (), environment: str = "dev") -> None:
        self.environment = environment
        self.guards = tuple(guard for guard in guards if _here(guard, environment))
        self._found: dict[Any, tuple[Guard, ...]] = {}
        self._tokens: dict[str, Tokens] = {}

    def watches(self, actor: Guarded) -> bool:
        """Whether any guard looks at what this actor does; nothing else is asked of an action without one."""
        return bool(actor.guards or self.guards)

    def at(self, actor: Guarded, place: str, tool: ToolManifest | None = None) -> tuple[Guard, ...]:
        """The guards that look there, those of the workspace first; each once."""
        key = (actor.guards, actor.agent, actor.chain, place, tool and (tool.name, tool.effect, tool.source))
        try:
            return self._found[key]
        except (KeyError, TypeError):  # a schema or an answer in a guard cannot be a key
            found = self._look(actor, place, tool)
        with suppress(TypeError):
            self._found[key] = found
        return found

    def _look(self, actor: Guarded, place: str, tool: ToolManifest | None) -> tuple[Guard, ...]:
        line = {*actor.chain, actor.agent}
        every = [*self.guards, *(each for each in actor.guards if _here(each, self.environment))]
        found: list[Guard] = []
        for guard in every:
            fits = place in guard.at and (not guard.agents or not line.isdisjoint(guard.agents))
            if fits and _of_tool(guard, tool) and guard not in found:
                found.append(guard)
        return tuple(found)

    def tokens(self, run: str, keys: KeyRing) -> Tokens:
        """The tokens of a run."""
        found = self._tokens.get(run)
        if found is None:
            found = self._tokens[run] = Tokens(run, keys.tag)
        return found

    def forget(self, run: str) -> None:
        """A run has left this process; its tokens are in the log."""
        self._tokens.pop(run, None)


def _here(guard: Guard, environment: str) -> bool:
    return not guard.environments or environment in guard.environments


def _of_tool(guard: Guard, tool: ToolManifest | None) -> bool:
    if tool is None or not guard.tools:
        return True
    names = {tool.name, tool.effect.value, tool.source, tool.label.source}
    return not names.isdisjoint(guard.tools)
