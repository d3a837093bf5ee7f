"""tools.toml: every source of tools of a workspace, opened and put into the registry; one can be opened again.

A file that says something that means nothing is refused. A source that does not answer now is left out, and said.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidTool
from remit.tools.tables import FILE, read_table, table_in
from remit.tools.unreachable import SourceUnreachable
from remit.tools.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from remit.tools.registry import Registry
    from remit.tools.tool import Tool

    Secret = Callable[[str], Awaitable[str]]

Json = Any
KINDS = ("openapi", "sql", "mcp", "grpc", "a2a", "builtin")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Unopened:
    """A source that is not there."""

    source: str
    why: str


def read_tables(workspace: Path) -> dict[str, tuple[str, str, dict[str, Json]]]:
    """What tools.toml names: for each source its kind, name and table. The source of all built-ins is `builtin`."""
    file = workspace / FILE
    if not file.exists():
        return {}
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise InvalidTool(f"{FILE} cannot be read: {wrong}.", "Mend it; nothing was opened.") from None
    found: dict[str, tuple[str, str, dict[str, Json]]] = {}
    for kind, tables in content.items():
        if kind not in KINDS:
            raise InvalidTool(
                f"{FILE}: [{kind}] is no kind of source{nearest(kind, KINDS)}.",
                f"There are {', '.join(KINDS)}.",
            )
        named = table_in(tables, f"[{kind}]")
        if kind == "builtin":
            found["builtin"] = (kind, "", named)
            continue
        for name, table in named.items():
            place = f"[{kind}.{name}]"
            if _NAME.fullmatch(name) is None:
                raise InvalidTool(
                    f"{FILE}: {place} has a name that tools cannot be known by.",
                    "Use letters, digits, _ and -, 32 at most, and begin with a letter.",
                )
            found[f"{kind}:{name}"] = (kind, name, table_in(table, place))
    return found


async def open_sources(workspace: Path, registry: Registry, secret: Secret | None = None) -> list[Unopened]:
    """Put the tools of every source into the registry; gives the sources that do not answer.

    `secret` gives what a source wants to see before it says what it offers.
    """
    left: list[Unopened] = []
    opened: list[Tool] = []
    try:
        for source, (kind, name, table) in read_tables(workspace).items():
            try:
                tools = await _open(kind, name, table, workspace, secret)
            except SourceUnreachable as wrong:
                left.append(Unopened(source, wrong.message))
                continue
            opened += tools
            registry.add(*tools, source=source)
    except BaseException:
        await _close(opened)
        raise
    return left


async def refresh_source(
    workspace: Path, registry: Registry, source: str, secret: Secret | None = None
) -> None:
    """Open a source again, as it is now: what it no longer offers is gone, what it offers is there."""
    known = read_tables(workspace)
    if source not in known:
        raise InvalidTool(
            f'{FILE} has no source "{source}"{nearest(source, known)}.', f"It has {', '.join(known)}."
        )
    before = [tool for tool in registry if registry.source_of(tool.name) == source]
    tools = await _open(*known[source], workspace, secret)
    try:
        registry.replace(source, tools)
    except BaseException:
        await _close(tools)
        raise
    await _close(before)


async def _open(
    kind: str, name: str, table: dict[str, Json], workspace: Path, secret: Secret | None
) -> list[Tool]:
    match kind:
        case "openapi":
            from remit.tools.openapi.source import OpenApiSource, open_openapi

            source = read_table(OpenApiSource, table, f"[openapi.{name}]", name=name)
            return await asyncio.to_thread(open_openapi, source, workspace)
        case "sql":
            from remit.tools.sql.declared import read_source
            from remit.tools.sql.source import open_sql

            described = read_source(name, table)
            return await open_sql(described, workspace, await _given(described.secret, secret))
        case "grpc":
            from remit.tools.grpc.source import GrpcSource, open_grpc

            target = read_table(GrpcSource, table, f"[grpc.{name}]", name=name)
            return await open_grpc(target, workspace, await _given(target.secret, secret))
        case "mcp":
            from remit.tools.mcp.source import open_mcp

            return await open_mcp(name, table, workspace, secret)
        case "a2a":
            from remit.tools.a2a.source import open_a2a

            return await open_a2a(name, table, secret)
        case _:
            from remit.tools.builtin.configuration import builtin_tools

            return builtin_tools(table, workspace)


async def _given(name: str, secret: Secret | None) -> str:
    return await secret(name) if name and secret is not None else ""


async def _close(tools: list[Tool]) -> None:
    for tool in tools:
        await tool.binding.close()
