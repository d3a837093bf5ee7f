"""The things around one request: team, user, agent and what is acted on, each with attributes and place.

Tools are described by the registry, never by the request; a request can only say which version it means.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from remit.domain.decisions import AccessRequest
from remit.domain.tools import ToolManifest, Undo
from remit.policy.cedar import Entity, Node
from remit.policy.world import World

Json = Any

FACTS: dict[str, tuple[str, ...]] = {
    "call": ("digest",),
    "list": ("digest",),
    "undo": ("digest", "kind"),
    "model": ("provider", "region", "retention", "simulated"),
    "approve": ("kind", "group", "rule", "agent", "mine"),
}
"""What of a request's facts is looked at, by action."""

_NAMED = {"advise": "LocalTool", "egress": "Host", "change_policy": "Policy", "admin": "Area"}
"""What is known by its name alone, by action."""


class Unknown(Exception):
    """The request is about something that this workspace does not have, or not in this version."""


class Scene(NamedTuple):
    """One request without its context: who asks, and on what."""

    team: Node
    user: Node
    agent: Node | None
    resource: Node

    @property
    def askers(self) -> tuple[Node, ...]:
        """Everybody whose authority is needed; the first one, the team, is a guardrail only."""
        return (self.team, self.user) if self.agent is None else (self.team, self.user, self.agent)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Everything in it, once."""
        found = {node.entity: node for node in (*self.askers, self.resource)}
        return tuple(found.values())


def scene_of(request: AccessRequest, world: World) -> Scene:
    """The scene of a request; raises `Unknown` for a tool or a version that nobody accepted."""
    team = Entity("Team", request.team)
    roles = tuple(Entity("Role", name) for name in sorted(request.groups))
    return Scene(
        Node(team, {"name": request.team}),
        Node(Entity("User", request.user), {"name": request.user}, (team, *roles)),
        _agent(request.agent, team) if request.agent else None,
        _resource(request, world, team),
    )


def tool_node(manifest: ToolManifest, team: str) -> Node:
    """A tool as rules see it."""
    owner = Entity("Team", team)
    attributes = {
        "name": manifest.name, "team": owner.uid, "digest": manifest.digest, "effect": str(manifest.effect),
        "source": manifest.source, "owner": manifest.owner, "tier": str(manifest.tier),
        "undoable": manifest.undo is not Undo.NONE,
    }  # fmt: skip
    return Node(Entity("Tool", manifest.name), attributes, (owner,))


def _resource(request: AccessRequest, world: World, team: Entity) -> Node:
    name, facts = request.resource, request.facts
    match request.action:
        case "undo" if facts.get("kind") == "run":
            return Node(Entity("Run", name), {"name": name, "team": team.uid}, (team,))
        case "call" | "list" | "undo":
            return tool_node(_accepted(name, facts.get("digest"), world), world.team)
        case "model":
            missing = [each for each in FACTS["model"] if each not in facts]
            if missing:
                raise Unknown(f"nobody said the {missing[0]} of model {name}.")
            return Node(
                Entity("Model", name), {"name": name, **{each: facts[each] for each in FACTS["model"]}}
            )
        case "memory":
            return _memory(request)
        case "delegate":
            return _agent(name, team)
        case "approve":
            asked = {each: str(facts.get(each, "")) for each in FACTS["approve"][:-1]}
            mine = {"mine": facts.get("mine") is True}
            return Node(Entity("Approval", name), {"name": name, **asked, **mine})
        case named if named in _NAMED:
            return Node(Entity(_NAMED[named], name), {"name": name})
        case _:
            raise Unknown(f'there is no action "{request.action}".')


def _accepted(name: str, digest: Json, world: World) -> ToolManifest:
    manifest = world.tools.get(name)
    if manifest is None:
        raise Unknown(f'nobody here has a tool "{name}".')
    if digest != manifest.digest:
        version = f"version {digest[:12]} of " if isinstance(digest, str) else "the unnamed version of "
        raise Unknown(f"{version}{name} is not the one that was accepted ({manifest.digest[:12]}).")
    return manifest


def _agent(name: str, team: Entity) -> Node:
    return Node(Entity("Agent", name), {"name": name, "team": team.uid}, (team,))


def _memory(request: AccessRequest) -> Node:
    scope, _, owner = request.resource.partition(":")
    owners = {"user": request.user, "agent": request.agent, "team": request.team, "run": owner}
    own = bool(owner) and owners.get(scope) == owner
    attributes = {"name": request.resource, "scope": scope, "owner": owner, "own": own}
    return Node(Entity("Memory", request.resource), attributes)
