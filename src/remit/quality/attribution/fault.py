"""Whose fault it most likely was: signs weighed together, agent by agent, and what a gold answer adds to them. Where no
sign speaks, nothing is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.event import object_of
from remit.quality.attribution.episode import CALLED, SAID
from remit.quality.attribution.signals import Sign, first_to_say, signs_of
from remit.quality.attribution.values import values_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.quality.attribution.episode import Episode, Move
    from remit.quality.scenarios.scenario import Gold, GoldAction

MOST = 4
"""So many signs are told."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Who is suspected."""

    agent: str
    """Empty: the flow's own code."""
    step: str
    kind: str
    """The sign that says most: made up, contradicted, arguments, refused, loop, no answer, went on, failed, gave up or
    gold.
    """
    confidence: float
    """From 0 to 1, by how often such signs were right on planted faults; not a probability of this run."""
    evidence: tuple[Sign, ...]
    others: tuple[tuple[str, float], ...] = ()
    """Who else could be, and how likely."""


def fault_of(episode: Episode, gold: Gold | None = None) -> Fault | None:
    """The agent and step most likely at fault; None: nothing points to anybody. What is wrong by `gold` counts, too."""
    signs = [*signs_of(episode), *(_by_gold(episode, gold) if gold is not None else ())]
    if not signs:
        return None
    scores = {
        agent: _together([each for each in signs if each.agent == agent])
        for agent in {s.agent for s in signs}
    }
    order = list(dict.fromkeys(each.agent for each in signs))
    ranked = sorted(scores, key=lambda agent: (-scores[agent], order.index(agent)))
    agent = ranked[0]
    mine = sorted((each for each in signs if each.agent == agent), key=lambda each: -each.weight)
    rest = math.fsum(scores.values())
    confidence = scores[agent] * scores[agent] / rest
    others = tuple((each, round(scores[each], 2)) for each in ranked[1:3])
    return Fault(agent, _step(mine), mine[0].kind, round(confidence, 2), tuple(mine[:MOST]), others)


def _together(signs: Sequence[Sign]) -> float:
    """Several signs against one agent: each kind counts once, the strongest of it."""
    strongest: dict[str, float] = {}
    for sign in signs:
        strongest[sign.kind] = max(strongest.get(sign.kind, 0.0), sign.weight)
    return 1 - math.prod(1 - weight for weight in strongest.values())


def _step(signs: Sequence[Sign]) -> str:
    """The step that most is said against; of several, the first."""
    scores: dict[str, float] = {}
    for sign in signs:
        scores[sign.step] = max(scores.get(sign.step, 0.0), sign.weight)
    best = max(scores.values())
    return next(step for step in scores if scores[step] == best)


def _by_gold(episode: Episode, gold: Gold) -> list[Sign]:
    """Calls that are not what they should be: back to whoever brought the wrong value in."""
    made = [move for move in episode.moves if move.kind == CALLED and not move.error]
    found: list[Sign] = []
    for action in gold.actions:
        mine = [move for move in made if move.name == action.tool]
        if any(not _wrong(action, move) for move in mine):
            continue
        found += [_mistaken(episode, action, move) for move in mine[-1:]] or _missing(episode, action)
    for move in made:
        if move.name in gold.forbidden:
            text = f"{move.agent} used {move.name}, which is forbidden here"
            found.append(Sign("gold", move.agent, move.path, 0.85, text, (episode.ref(move),)))
    return found


def _wrong(action: GoldAction, move: Move) -> dict[str, Any]:
    """The arguments that are not as they should be."""
    given = object_of(move.given)
    return {name: given.get(name) for name, each in action.args.items() if each.unmet(given.get(name))}


def _mistaken(episode: Episode, action: GoldAction, move: Move) -> Sign:
    wrong = _wrong(action, move)
    for name, value in wrong.items():
        for token in sorted(values_in(value)):
            origin = first_to_say(episode, token)
            if origin is not None:
                text = f"{move.name} was called with {name} {value}, which {origin.agent} brought in"
                return Sign(
                    "gold", origin.agent, origin.path, 0.9, text, (episode.ref(origin), episode.ref(move))
                )
    name, value = next(iter(wrong.items()), ("", None))
    said = [
        each
        for each in episode.moves
        if each.kind == SAID and each.agent == move.agent and each.seq < move.seq
    ]
    step = said[-1].path if said else move.path
    text = f"{move.agent} called {move.name} with {name} {value}"
    return Sign("gold", move.agent, step, 0.7, text, (episode.ref(move),))


def _missing(episode: Episode, action: GoldAction) -> list[Sign]:
    """A call that nobody made: whoever tried to, else whoever could have, else whoever spoke last."""
    tried = [move for move in episode.moves if move.kind == CALLED and move.name == action.tool]
    said = [move for move in episode.moves if move.kind == SAID]
    could = [move for move in said if action.tool in episode.tools.get(move.agent, frozenset())]
    text, weight = f"nobody made the call of {action.tool}", 0.55 if tried or could else 0.35
    return [
        Sign("gold", move.agent, move.path, weight, text, (episode.ref(move),))
        for move in (tried or could or said)[-1:]
    ]
