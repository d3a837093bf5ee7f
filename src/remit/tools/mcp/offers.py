"""What a server offers, as manifests. Pure: what it lists in, tools as data out, or a sentence why not.

A server's word about itself only ever makes a tool more dangerous: `destructiveHint` is believed, `readOnlyHint` is
not, unless the operator trusts the server.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import InvalidTool
from remit.domain.effects import Effect
from remit.domain.tools import ResultLabel, ToolManifest
from remit.tools.arguments import check_schema
from remit.tools.mcp.naming import tool_name

if TYPE_CHECKING:
    from remit.tools.mcp.settings import McpSettings

Json = Any

_LONGEST_DESCRIPTION = 20_000
_OPEN = frozenset(
    {
        "additionalProperties",
        "patternProperties",
        "unevaluatedProperties",
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "if",
    }
)
"""Keywords by which a schema says more about its properties than `properties` does."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One tool of a server."""

    name: str
    """As the server calls it."""
    digest: str
    """Of everything that the server says about it."""
    listed: dict[str, Json]


def offer_of(listed: dict[str, Json]) -> Offer:
    """An entry of the server's list."""
    text = json.dumps(listed, sort_keys=True, separators=(",", ":"))
    return Offer(str(listed["name"]), hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(), listed)


def manifest_of(offer: Offer, settings: McpSettings) -> ToolManifest:
    """The manifest of an offer."""
    name = tool_name(settings.name_prefix, offer.name)
    description = str(offer.listed.get("description") or offer.listed.get("title") or "")
    if len(description) > _LONGEST_DESCRIPTION:
        raise InvalidTool(
            f"{name} of {settings.where} describes itself in {len(description):,} characters.",
            f'{_LONGEST_DESCRIPTION:,} is the most. Leave it out: skip = ["{offer.name}"].',
        )
    parameters = _parameters(offer, settings, name)
    result = offer.listed.get("outputSchema")
    return ToolManifest(
        name=name, description=description, parameters=parameters, effect=effect_of(offer, settings),
        result=cast("dict[str, Json]", result) if isinstance(result, dict) else None,
        label=ResultLabel(source=f"mcp:{settings.name}"), timeout=settings.timeout,
        keyed=offer.name in settings.keyed, owner=settings.owner, secrets=settings.secrets,
        source=f"mcp:{settings.name}", version=offer.digest,
    )  # fmt: skip


def effect_of(offer: Offer, settings: McpSettings) -> Effect:
    """What a tool does to the world: the operator's word, or the worst that may be believed."""
    said = settings.effects.get(offer.name)
    if said is not None:
        return Effect(said)
    hints = offer.listed.get("annotations")
    known = cast("dict[str, Json]", hints) if isinstance(hints, dict) else {}
    if settings.trust_annotations and known.get("readOnlyHint") is True:
        return Effect.READ
    return Effect.IRREVERSIBLE if known.get("destructiveHint") is True else Effect.WRITE


def _parameters(offer: Offer, settings: McpSettings, name: str) -> dict[str, Json]:
    schema = offer.listed.get("inputSchema")
    parameters = cast("dict[str, Json]", schema) if isinstance(schema, dict) else {}
    parameters = {"type": "object", "properties": cast("Json", {}), **parameters}
    try:
        check_schema(parameters, name)
        _check_object(parameters, name)
    except InvalidTool as wrong:
        raise InvalidTool(
            f"{settings.where}: {wrong.message}",
            f'Leave it out: skip = ["{offer.name}"], or ask its maker to mend it.',
        ) from None
    return parameters if _OPEN & parameters.keys() else {**parameters, "additionalProperties": False}


def _check_object(parameters: dict[str, Json], name: str) -> None:
    if parameters["type"] != "object":
        raise InvalidTool(f"the schema of {name} cannot be used: it does not describe an object.")
