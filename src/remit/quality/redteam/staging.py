"""Attacks as plain JSON and back, so that the run that plays one needs nothing else, and the stage that it is set
on.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from remit.domain.event import object_of
from remit.quality.experiments.plain import environment_of, plain_of
from remit.quality.redteam.attack import Attack, Move
from remit.quality.redteam.hijacked import Hijacked

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any
ATTACK = "attack"
"""Where the world of a trial says by which attack it is."""


def attack_plain(attack: Attack) -> dict[str, Json]:
    """An attack as JSON."""
    whole = {each.name: getattr(attack, each.name) for each in fields(attack)}
    moves = {
        agent: [{"tool": each.tool, "arguments": dict(each.arguments)} for each in script]
        for agent, script in attack.moves.items()
    }
    more = {"moves": moves, "environment": plain_of(attack.environment), "input": dict(attack.input)}
    return whole | more | {"carriers": list(attack.carriers), "marks": list(attack.marks)}


def attack_of(said: Mapping[str, Json]) -> Attack:
    """The attack that was written down."""
    made = dict(said)
    made["moves"] = {
        agent: tuple(Move(each["tool"], object_of(each["arguments"])) for each in script)
        for agent, script in object_of(made["moves"]).items()
    }
    made["environment"] = environment_of(made["environment"])
    made["carriers"], made["marks"] = tuple(made["carriers"]), tuple(made["marks"])
    return Attack(**made)


def stage(trial: dict[str, Json]) -> Hijacked:
    """The world in which an attack is played."""
    return Hijacked(attack_of(object_of(trial[ATTACK])))
