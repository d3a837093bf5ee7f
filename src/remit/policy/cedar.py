"""Cedar itself: compiled conditions, entities and requests; which conditions hold, and which could not be evaluated.

Every rule is given to Cedar as a permit of its own, so that one question tells of all of them whether they hold:
a deny would hide which permits there were. What that makes together is Remit's to say (`answers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import cedarpy
import msgspec
from cedarpy import pst

from remit.policy.checks import Ready

Json = Any
_NUMBER = re.compile(r"policy `(\d+)`")
_encode = msgspec.json.Encoder().encode


class Entity(NamedTuple):
    """The name of something, as rules write it: `Tool::"refund"`."""

    type: str
    id: str

    @property
    def uid(self) -> dict[str, str]:
        """As Cedar reads it."""
        return {"type": self.type, "id": self.id}


class Node(NamedTuple):
    """Something that rules look at: its attributes, and what it belongs to."""

    entity: Entity
    attributes: Mapping[str, Json]
    parents: tuple[Entity, ...] = ()

    @property
    def within(self) -> frozenset[Entity]:
        """Everything that it is `in`; the hierarchy is one level deep."""
        return frozenset((self.entity, *self.parents))


class Held(NamedTuple):
    """Which rules hold, by their number, and what could not be evaluated."""

    rules: frozenset[int]
    errors: tuple[str, ...] = ()


class Conditions:
    """The conditions of some rules, compiled once."""

    def __init__(self, rules: Sequence[Ready], chosen: Iterable[int]) -> None:
        chosen = tuple(chosen)
        numbered = {str(n): replace(rules[n].condition, id=str(n)) for n in chosen}
        self._policies = cedarpy.PolicySet.from_pst(pst.PolicySet({}, numbered, ()))
        self._places = {str(n): rules[n].rule.place for n in chosen}

    def holding(
        self, principal: Entity, action: Entity, resource: Entity, context: str,
        entities: cedarpy.Entities, schema: cedarpy.Schema,
    ) -> Held:  # fmt: skip
        """Ask Cedar. What it cannot judge is an error, never a silence."""
        request = {
            "principal": principal.uid, "action": action.uid, "resource": resource.uid, "context": context,
        }  # fmt: skip
        found = cedarpy.is_authorized_batch(  # pyright: ignore[reportUnknownMemberType]
            [request], self._policies, entities, schema
        )[0]
        errors = tuple(map(self._placed, found.diagnostics.errors))
        if found.decision is cedarpy.Decision.NoDecision and not errors:
            errors = ("Cedar gave no decision.",)
        return Held(frozenset(map(int, found.diagnostics.reasons)), errors)

    def _placed(self, error: str) -> str:
        """An error of Cedar, with the rule by its place."""
        return _NUMBER.sub(lambda match: self._places.get(match[1], match[0]), error)


def entities_of(nodes: Iterable[Node], schema: cedarpy.Schema) -> cedarpy.Entities:
    """What a question is asked about, held against the schema."""
    described = [
        {
            "uid": node.entity.uid,
            "attrs": dict(node.attributes),
            "parents": [each.uid for each in node.parents],
        }
        for node in nodes
    ]
    text = _encode(described).decode()
    return cedarpy.Entities.from_json_str(text, schema)  # pyright: ignore[reportUnknownMemberType]


def context_of(values: Mapping[str, Json]) -> str:
    """A context as Cedar reads it."""
    return _encode(values).decode()
