"""What a caller is offered over a protocol for tools: each as plain data, in a fixed order, and only what policy lets
them use. A tool of another server is described in that server's own words, which are the ones that were accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Effect
from remit.domain.event import object_of
from remit.tools.mcp.binding import McpBinding
from remit.tools.mcp.channels import ChannelBinding
from remit.tools.mcp.naming import tool_name

if TYPE_CHECKING:
    from remit.control.fronting.fronts import Fronts
    from remit.control.inventory.views import ToolView
    from remit.control.running.parts import Parts
    from remit.domain.fronting import Caller
    from remit.tools.tool import Tool

Json = Any

_OF_A_SERVER = ("title", "description", "inputSchema", "outputSchema", "annotations", "icons", "_meta")


@dataclass(frozen=True, slots=True)
class Channel:
    """The resources or the prompts of a server."""

    tool: str
    """The tool by which they are reached."""
    kind: str
    server: str
    prefix: str
    """What stands before the names of its prompts."""

    def called(self, name: str) -> str:
        """What one of its prompts is called here."""
        return tool_name(self.prefix, name)


async def offered(parts: Parts, fronts: Fronts, caller: Caller) -> list[dict[str, Json]]:
    """The tools, as a protocol lists them."""
    found: list[dict[str, Json]] = []
    for view in await fronts.tools(caller):
        tool = parts.house.gate.parts.registry.find(view.name)
        if tool is not None and not isinstance(tool.binding, ChannelBinding):
            found.append(_entry(tool, view))
    return sorted(found, key=lambda entry: entry["name"])


async def channels(parts: Parts, fronts: Fronts, caller: Caller, kind: str) -> list[Channel]:
    """The servers whose resources or prompts the caller may reach."""
    found: list[Channel] = []
    for view in await fronts.tools(caller):
        tool = parts.house.gate.parts.registry.find(view.name)
        if tool is None or not isinstance(tool.binding, ChannelBinding) or tool.binding.kind != kind:
            continue
        settings = tool.binding.server.settings
        found.append(Channel(view.name, kind, settings.name, settings.name_prefix))
    return sorted(found, key=lambda channel: channel.server)


def schema_of(parts: Parts, name: str) -> dict[str, Json] | None:
    """What a tool takes, for whoever has to compare a request's headers with it."""
    tool = parts.house.gate.parts.registry.find(name)
    if tool is None:
        return None
    listed = tool.binding.listed if isinstance(tool.binding, McpBinding) else {}
    return object_of(listed.get("inputSchema")) or tool.manifest.parameters


def without_nulls(schema: dict[str, Json] | None, arguments: dict[str, Json]) -> dict[str, Json]:
    """Arguments without those that say null for something that may be left away and takes no null: they are left away.
    Many clients fill in every argument that a model did not think of.
    """
    known = object_of((schema or {}).get("properties"))
    required = (schema or {}).get("required") or ()

    def idle(name: str) -> bool:
        kind = object_of(known.get(name)).get("type")
        return name not in required and isinstance(kind, str) and kind != "null"

    return {name: value for name, value in arguments.items() if value is not None or not idle(name)}


def _entry(tool: Tool, view: ToolView) -> dict[str, Json]:
    if isinstance(tool.binding, McpBinding):
        listed = tool.binding.listed
        said = {key: listed[key] for key in _OF_A_SERVER if listed.get(key) is not None}
        return {"description": "", "inputSchema": view.parameters} | said | {"name": tool.name}
    manifest = tool.manifest
    entry: dict[str, Json] = {
        "name": tool.name, "description": view.description, "inputSchema": view.parameters,
        "annotations": {
            "readOnlyHint": not manifest.effect.acts, "destructiveHint": manifest.effect is Effect.IRREVERSIBLE,
            "idempotentHint": manifest.keyed, "openWorldHint": manifest.source != "python",
        },
    }  # fmt: skip
    result = manifest.result
    return entry | ({"outputSchema": result} if result and result.get("type") == "object" else {})
