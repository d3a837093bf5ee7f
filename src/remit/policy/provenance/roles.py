"""What each argument of a tool does with the world, also where nobody has said so. Fails closed.

An argument without a role that could name something counts as an object; a number, a boolean or a choice as an
amount. A tool is consequential if it acts, or if what it is given leaves the house.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.event import object_of
from remit.domain.tools import ArgumentRole

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest

Json = Any

LEAVES = frozenset({ArgumentRole.DESTINATION, ArgumentRole.URL, ArgumentRole.CREDENTIAL, ArgumentRole.CODE})
"""Roles by which a read does something to the world: whoever is asked learns what was asked for."""
RECIPIENTS = frozenset({ArgumentRole.DESTINATION, ArgumentRole.URL})
_CHOICES = frozenset({"number", "integer", "boolean"})


def is_consequential(manifest: ToolManifest) -> bool:
    """Whether calls of it need a slot."""
    return manifest.effect.acts or any(role in LEAVES for role in manifest.roles.values())


def role_of(manifest: ToolManifest, place: str) -> ArgumentRole:
    """The role of an argument, or of a leaf inside of one (`attachments.file_id`)."""
    roles = manifest.roles
    while place:
        if place in roles:
            return roles[place]
        place, _, _ = place.rpartition(".")
    return ArgumentRole.OBJECT


def role_or_guess(manifest: ToolManifest, name: str) -> ArgumentRole:
    """The role of an argument; of one that has none, what its schema leaves it to be."""
    if any(place == name for place in manifest.roles):
        return manifest.roles[name]
    return ArgumentRole.AMOUNT if is_choice(schema_of(manifest, name)) else ArgumentRole.OBJECT


def schema_of(manifest: ToolManifest, name: str) -> dict[str, Json]:
    """What the tool's schema says of an argument, with what it refers to."""
    said = object_of(object_of(manifest.parameters.get("properties")).get(name))
    return (
        _resolved(said, object_of(manifest.parameters.get("$defs")))
        if "$defs" in manifest.parameters
        else said
    )


def _resolved(said: dict[str, Json], definitions: dict[str, Json]) -> dict[str, Json]:
    target = said.get("$ref")
    if isinstance(target, str):
        return {**object_of(definitions.get(target.rpartition("/")[2])), **said}
    ways = {
        way: [_resolved(object_of(each), definitions) for each in said[way]]
        for way in ("anyOf", "oneOf", "allOf") if isinstance(said.get(way), list)
    }  # fmt: skip
    return {**said, **ways}


def choices_of(said: dict[str, Json]) -> tuple[Json, ...]:
    """The values that a schema lists, in whichever way."""
    if "const" in said:
        return (said["const"],)
    found: list[Json] = list(said.get("enum") or ())
    for way in ("anyOf", "oneOf", "allOf"):
        for each in said.get(way) or ():
            found.extend(choices_of(object_of(each)))
    return tuple(found)


def is_choice(said: dict[str, Json]) -> bool:
    """Whether an argument can be nothing but a number, a boolean or one of a list."""
    ways = [object_of(each) for way in ("anyOf", "oneOf", "allOf") for each in said.get(way) or ()]
    if ways:
        return all(each.get("type") == "null" or is_choice(each) for each in ways)
    kinds = said.get("type")
    named = {kinds} if isinstance(kinds, str) else set(kinds or ())
    return bool(choices_of(said)) or (bool(named) and named <= _CHOICES | {"null"})


_HINTS: tuple[tuple[str, frozenset[str]], ...] = (
    ("email", frozenset({"email"})),
    ("e-mail", frozenset({"email"})),
    ("iban", frozenset({"iban"})),
    ("url", frozenset({"url"})),
    ("file_path", frozenset({"path"})),
    ("filename", frozenset({"path"})),
)
"""What the name, format or description of an argument says it is."""


def kinds_of(manifest: ToolManifest, name: str) -> frozenset[str]:
    """The kinds of value that an argument takes, as far as the tool says so; none if it does not."""
    if role_of(manifest, name) is ArgumentRole.URL:
        return frozenset({"url"})
    said = schema_of(manifest, name)
    told = f"{name} {said.get('format', '')} {said.get('description', '')}".casefold()
    return next((kinds for word, kinds in _HINTS if word in told), frozenset[str]())


def recipients_of(manifest: ToolManifest) -> tuple[str, ...]:
    """The arguments that say to whom or where."""
    return tuple(name for name, role in manifest.roles.items() if role in RECIPIENTS)
