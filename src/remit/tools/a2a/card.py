"""The card of a remote agent: where it is asked, what it says of itself, and the digest by which a change is seen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from remit.domain.action_errors import InvalidTool
from remit.domain.effects import Effect
from remit.domain.event import object_of
from remit.domain.tools import ArgumentRole, ResultLabel, ToolManifest

if TYPE_CHECKING:
    from remit.tools.a2a.settings import RemoteSettings

Json = Any
PATH = "/.well-known/agent-card.json"
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Card:
    """What counts of a card."""

    endpoint: str
    """Where it is asked by JSON-RPC."""
    about: str
    digest: str
    """Of everything that it says, but for its signatures."""


def card_of(plain: dict[str, Json], settings: RemoteSettings) -> Card:
    """A card as it can be used, or why it cannot."""
    offers = [object_of(each) for each in cast("list[Json]", plain.get("supportedInterfaces") or [])]
    fitting = [
        each for each in offers
        if each.get("protocolBinding") == "JSONRPC" and str(each.get("protocolVersion", "")).startswith("1")
    ]  # fmt: skip
    if not fitting:
        raise InvalidTool(
            f"{settings.where}: the agent speaks no A2A 1.x by JSON-RPC.", "Ask whoever runs it."
        )
    endpoint = str(fitting[0].get("url", ""))
    parts = urlsplit(endpoint)
    if (parts.scheme, parts.netloc.lower()) != settings.origin:
        raise InvalidTool(
            f"{settings.where}: its card leads to {parts.netloc or endpoint}, which is not where it was named.",
            "What it is sent, secrets included, goes to the host of `url` alone. Name that one if you trust it.",
        )
    said = {name: value for name, value in plain.items() if name != "signatures"}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return Card(endpoint, _about(plain), digest)


def manifest_of(card: Card, settings: RemoteSettings) -> ToolManifest:
    """Asking it, as a tool. The digest of the card stands where rules and people look, so that a card which changed in
    anything is another definition, and waits until somebody has looked at it.
    """
    return ToolManifest(
        name=settings.name,
        description=f"Hands a task to an agent of another platform and gives its answer. It says: {card.about}",
        parameters={
            "type": "object",
            "properties": {
                "task": {
                    "type": "string", "minLength": 1,
                    "description": "The task, complete in itself: it knows nothing of this conversation.",
                },
                "of": {
                    "type": "string",
                    "description": "The id of a task of it that asked something back; then `task` is the answer.",
                },
            },
            "required": ["task"],
            "additionalProperties": False,
        },
        effect=Effect(settings.effect), result={"$comment": f"card {card.digest}"},
        roles={"task": ArgumentRole.CONTENT, "of": ArgumentRole.SELECTOR},
        label=ResultLabel(source=f"a2a:{settings.name}"), timeout=settings.timeout, keyed=settings.keyed,
        owner=settings.owner, secrets=settings.secrets, source=f"a2a:{settings.name}", version=card.digest,
    )  # fmt: skip


def _about(plain: dict[str, Json]) -> str:
    said = [str(plain.get("name", "")), str(plain.get("description", ""))]
    skills = map(object_of, cast("list[Json]", plain.get("skills") or []))
    said += [f"{each.get('name', '')}: {each.get('description', '')}" for each in skills]
    return " · ".join(each for each in dict.fromkeys(said) if each.strip(": "))[:_LONGEST]
