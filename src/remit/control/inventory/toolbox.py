"""The tools of a workspace as people see them, and the acceptance of definitions that changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.agents.belongings import guards_of
from remit.control.approving import proposals
from remit.control.authority.duties import governed, require
from remit.control.inventory.views import ToolView
from remit.domain.errors import WrongState
from remit.tools.changes import readable
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.gate.parts import GateParts
    from remit.tools.acceptance import Accepted
    from remit.tools.tool import Tool


async def tools(parts: Parts) -> list[ToolView]:
    """Every tool, by name."""
    gate = parts.house.gate.parts
    await gate.acceptance.refresh()
    pending = {each.tool: each for each in await gate.acceptance.pending()}
    return [
        _view(gate, tool, pending.get(tool.name))
        for tool in sorted(gate.registry, key=lambda tool: tool.name)
    ]


def secret_users(parts: Parts) -> dict[str, list[str]]:
    """Who names which secret."""
    found: dict[str, list[str]] = {}
    gate = parts.house.gate.parts
    for tool in gate.registry:
        for name in tool.manifest.secrets:
            found.setdefault(name, []).append(f"tool {tool.name}")
    for spec in gate.models.configuration.providers.values():
        if spec.secret:
            found.setdefault(spec.secret, []).append(f"provider {spec.name}")
    for guard in guards_of(gate.guards.guards, parts.house.agents.values()):
        if guard.secret:
            found.setdefault(guard.secret, []).append(f"guard {guard.name or guard.check}")
    return found


async def accept(parts: Parts, name: str, digest: str = "") -> ToolView:
    """Let the definition that waits in quarantine be used from now on."""
    gate = parts.house.gate.parts
    tool = gate.registry.get(name)
    await require(parts.ground, "admin", "tools", f"accept {name}")
    known = await gate.acceptance.get(name)
    if known is not None and known.pending and await _takes_two(parts, known):
        if digest and not known.pending.startswith(digest):
            raise WrongState(f"{name} changed again since you looked.", f"Look again: remit tools {name}.")
        action = {"digest": known.pending, "differences": canonical.plain(known.differences)}
        proposed = await proposals.propose(parts.ground, proposals.Change("tool", name, action))
        if proposed.status == "open":
            return replace(_view(gate, tool, known), proposal=proposed.id)
        await gate.acceptance.refresh()
    else:
        await gate.acceptance.accept(name, parts.ground.principal.id, digest)
    gate.authority.know(gate.world())
    return _view(gate, tool, None)


async def _takes_two(parts: Parts, known: Accepted) -> bool:
    """Whether one person alone may not accept it: what it does, or did, cannot be taken back."""
    effects = {known.manifest.get("effect"), known.pending_manifest.get("effect")}
    return "irreversible" in effects and await governed(parts.ground)


def _view(gate: GateParts, tool: Tool, pending: Accepted | None) -> ToolView:
    manifest = tool.manifest
    changes = tuple(readable(pending.differences).splitlines()) if pending is not None else ()
    return ToolView(
        manifest.name, manifest.description, manifest.effect.value, manifest.source, tool.place,
        manifest.undo.value, manifest.best_effort, manifest.keyed, manifest.owner, manifest.secrets,
        manifest.digest, "quarantined" if pending is not None else "accepted", changes, manifest.parameters,
        {name: role.value for name, role in manifest.roles.items()}, hold=gate.outbox.holds(manifest),
    )  # fmt: skip
