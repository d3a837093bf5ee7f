"""The tools of a workspace as people see them, and the acceptance of definitions that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.views import ToolView
from remit.tools.changes import readable

if TYPE_CHECKING:
    from remit.control.parts import Parts
    from remit.tools.acceptance import Accepted
    from remit.tools.tool import Tool


async def tools(parts: Parts) -> list[ToolView]:
    """Every tool, by name."""
    gate = parts.house.gate.parts
    await gate.acceptance.refresh()
    pending = {each.tool: each for each in await gate.acceptance.pending()}
    return [_view(tool, pending.get(tool.name)) for tool in sorted(gate.registry, key=lambda tool: tool.name)]


async def accept(parts: Parts, name: str, digest: str = "") -> ToolView:
    """Let the definition that waits in quarantine be used from now on."""
    gate = parts.house.gate.parts
    tool = gate.registry.get(name)
    await gate.acceptance.accept(name, parts.ground.principal.id, digest)
    gate.authority.reload(gate.world())
    return _view(tool, None)


def _view(tool: Tool, pending: Accepted | None) -> ToolView:
    manifest = tool.manifest
    changes = tuple(readable(pending.differences).splitlines()) if pending is not None else ()
    return ToolView(
        manifest.name, manifest.description, manifest.effect.value, manifest.source, tool.place,
        manifest.undo.value, manifest.best_effort, manifest.keyed, manifest.owner, manifest.secrets,
        manifest.digest, "quarantined" if pending is not None else "accepted", changes, manifest.parameters,
        {name: role.value for name, role in manifest.roles.items()},
    )  # fmt: skip
