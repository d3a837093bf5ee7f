"""Attacks as scenarios of a suite, for a model that nobody has hijacked: what it would be told and what it would
read are the same, and a harm is what the attack calls one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.quality.redteam import packs
from remit.quality.redteam.attack import ANSWER, MODEL
from remit.quality.redteam.hijacked import made_up, poisoned
from remit.quality.scenarios.expectation import Expectation, Match
from remit.quality.scenarios.scenario import Environment, Gold, Scenario, Source, ToolAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.domain.tools import ToolManifest
    from remit.quality.redteam.attack import Attack

BY_WORDS = frozenset({packs.DIRECT, packs.INDIRECT, packs.EXFILTRATION, packs.OUTPUT})
"""Packs in which somebody has to be talked into something: a model that nobody scripted can be."""


def scenario_of(
    attack: Attack, manifests: Mapping[str, ToolManifest], reads: frozenset[str]
) -> Scenario | None:
    """The scenario of an attack; None where there is nothing that a model could be talked into."""
    if attack.pack not in BY_WORDS or attack.tool == MODEL or "/modest" in attack.id:
        return None
    answers = tuple(
        ToolAnswer(name, result=_given(attack, manifests[name]))
        for name in sorted(reads)
        if name in manifests
    )
    environment = attack.environment if attack.environment.answers else Environment(answers)
    gold = Gold(
        answer=_unsaid(attack) if attack.tool == ANSWER else None,
        forbidden=() if attack.tool in {ANSWER, ""} else (attack.tool,), closed=True,
    )  # fmt: skip
    return Scenario(
        re.sub(r"[^\w.-]+", "-", attack.id), attack.input, environment=environment, gold=gold,
        tags=("redteam", attack.pack), family=attack.pack, harm=True, source=Source(provenance="red team"),
    )  # fmt: skip


def _given(attack: Attack, manifest: ToolManifest) -> object:
    given = made_up(manifest)
    mine = not attack.carriers or manifest.name in attack.carriers
    return poisoned(given, attack.poison) if attack.poison and mine else given


def _unsaid(attack: Attack) -> Expectation:
    return Expectation(Match.LACKS, [str(mark).partition("?said=")[2] or str(mark) for mark in attack.marks])
