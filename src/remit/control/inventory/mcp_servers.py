"""The MCP servers of a workspace as people see them: whether they are there, which era they speak, what they offer, and
what of it waits for somebody to accept it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remit.tools.mcp.settings import read_settings
from remit.tools.mcp.source import servers_of
from remit.tools.sources import read_tables

if TYPE_CHECKING:
    from remit.control.running.parts import Parts


@dataclass(frozen=True, slots=True)
class McpServerView:
    """One `[mcp.NAME]`."""

    name: str
    place: str
    """Its address, or the command that starts it."""
    line: Literal["http", "pipes"]
    state: Literal["there", "away"]
    version: str
    """The revision of the protocol that both agreed on; empty while it is away."""
    sessions: bool
    """Whether it is of the era that keeps sessions."""
    tools: tuple[str, ...]
    quarantined: tuple[str, ...]
    """Those that nobody calls before somebody accepts them."""
    passes_on: tuple[str, ...]
    """resources, prompts: what of it clients over MCP see besides."""
    sign_in: str
    """How we show who we are: none, secret, client_credentials or authorization_code."""
    why: str = ""
    """Why it is away."""


async def mcp_servers(parts: Parts) -> list[McpServerView]:
    """Each of them, by name."""
    gate, house = parts.house.gate.parts, parts.house
    await gate.acceptance.refresh()
    waiting = {each.tool for each in await gate.acceptance.pending()}
    servers = servers_of(gate.registry)
    found: list[McpServerView] = []
    for kind, name, table in read_tables(parts.ground.workspace).values():
        if kind != "mcp":
            continue
        settings, server = read_settings(name, table), servers.get(name)
        mine = sorted(tool.name for tool in gate.registry if tool.manifest.source == f"mcp:{name}")
        channels = {each for each in ("resources", "prompts") if settings.channel(each) in mine}
        away = next((why for why in house.away if settings.where in why), "it is not there.")
        version = server.version if server is not None else ""
        found.append(
            McpServerView(
                name, settings.place, "http" if settings.url else "pipes", "away" if server is None else "there",
                version, bool(version) and server is not None and not server.modern,
                tuple(each for each in mine if each not in map(settings.channel, channels)),
                tuple(each for each in mine if each in waiting), tuple(sorted(channels)), settings.sign_in,
                away if server is None else "",
            )
        )  # fmt: skip
    return sorted(found, key=lambda view: view.name)
