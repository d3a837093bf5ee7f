"""The tools of a workspace by name, wherever they come from. It knows neither who may call them nor how."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from remit.domain.action_errors import InvalidTool, UnknownTool
from remit.tools.tool import PythonTool, Tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

WORKSPACE = "workspace"
"""The source of tools that are written in the workspace's own Python."""


class Registry:
    """One name, one tool."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}
        self._source_of: dict[str, str] = {}

    def __iter__(self) -> Iterator[Tool]:
        return iter(list(self._tools.values()))

    def __len__(self) -> int:
        return len(self._tools)

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, sorted."""
        return tuple(sorted(self._tools))

    def add(self, *tools: Tool, source: str = WORKSPACE) -> None:
        """Take tools in: all of them, or none if one of them cannot be used or has the name of another."""
        self._put(source, tools, self._tools)

    def replace(self, source: str, tools: Iterable[Tool]) -> None:
        """What a source offers now, in place of all that it offered before."""
        others = {name: tool for name, tool in self._tools.items() if self._source_of[name] != source}
        self._put(source, list(tools), others)

    def find(self, name: str) -> Tool | None:
        """The tool of this name, if there is one."""
        return self._tools.get(name)

    def get(self, name: str) -> Tool:
        """The tool of this name, or `UnknownTool` with the nearest one."""
        found = self._tools.get(name)
        if found is None:
            raise UnknownTool(f'there is no tool "{name}"{self._suggestion(name)}.')
        return found

    def source_of(self, name: str) -> str:
        """Where a tool came from."""
        return self._source_of[self.get(name).name]

    async def close(self) -> None:
        """Let go of what the tools hold open."""
        for tool in self:
            await tool.binding.close()

    def _put(self, source: str, tools: Iterable[Tool], others: Mapping[str, Tool]) -> None:
        known = dict(others)
        for tool in tools:
            tool.check()
            there = known.get(tool.name)
            if there is tool:
                continue
            if there is not None:
                raise InvalidTool(
                    f'two tools are called "{tool.name}": one at {there.place}, one at {tool.place}.',
                    "Rename one of them; a model, a policy and the log know a tool by its name.",
                )
            known[tool.name] = tool
        self._source_of = {name: self._source_of.get(name, source) for name in known}
        self._source_of |= {tool.name: source for tool in tools if tool.name not in others}
        self._tools = known

    def _suggestion(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._tools, n=1, cutoff=0.5)
        if near:
            return f' (nearest: "{near[0]}")'
        return f"; there are {', '.join(self.names)}" if self._tools else "; the workspace has none"


def tools_of(namespace: Mapping[str, object]) -> list[PythonTool]:
    """The tools that stand in a module, each once, however many names it has there."""
    found = {id(value): value for value in namespace.values() if isinstance(value, PythonTool)}
    return list(found.values())
