"""Which of the calls that were made are the ones that had to be made, and which writes nobody asked for.

The best pairing there is, whatever the order in which calls came: all that had to be, with the fewest writes left over.
It compares; what a missing call means is decided by who asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.quality.scenarios.expectation import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.quality.scenarios.scenario import GoldAction
    from remit.quality.trial import Act

_MOST_PAIRINGS = 20_000


@dataclass(frozen=True, slots=True)
class Pairing:
    """What was found of what had to be."""

    missing: tuple[GoldAction, ...]
    extra: tuple[Act, ...]
    """Writes that are none of them. Reads never are: looking twice does no harm."""


def pair(golds: Sequence[GoldAction], acts: Sequence[Act]) -> Pairing:
    """Pair the calls that had to be made with those that were."""
    wanted = [gold for gold in golds for _ in range(gold.times)]
    fits = [[_fits(gold, act) for gold in wanted] for act in acts]
    before = [
        sum(
            1 << at
            for at, other in enumerate(wanted)
            if _comes_before(other, gold) or (at < place and other == gold)
        )
        for place, gold in enumerate(wanted)
    ]
    ways: dict[int, tuple[int, ...]] = {0: ()}
    for number, act in enumerate(acts):
        ways = _after(ways, number, act, fits[number], before)
    found = max(ways, key=lambda mask: (mask.bit_count(), -len(ways[mask])))
    return Pairing(
        tuple(gold for at, gold in enumerate(wanted) if not found >> at & 1),
        tuple(acts[number] for number in ways[found]),
    )


def misfit(gold: GoldAction, acts: Sequence[Act]) -> str:
    """Why a call that is missing is: the nearest one that was made, and what is wrong with it."""
    made = [act for act in acts if act.tool == gold.tool]
    if not made:
        return f"{gold.tool} was not called"
    act = max(made, key=lambda each: sum(not want.unmet(each.args.get(n)) for n, want in gold.args.items()))
    wrong = [f"{name}: {why}" for name, want in gold.args.items() if (why := want.unmet(act.args.get(name)))]
    if wrong:
        return f"{gold.tool} was called with {wrong[0]}"
    if not act.status.took_place:
        return f"{gold.tool} was {act.status.value}{f': {act.reason}' if act.reason else ''}"
    return f"{gold.tool} was not called often enough, or not in its order"


def said(act: Act) -> str:
    """A call as a person reads it."""
    return f"{act.tool}({', '.join(f'{name}={shown(value)}' for name, value in act.args.items())})"


def _after(
    ways: dict[int, tuple[int, ...]], number: int, act: Act, fits: list[bool], before: list[int]
) -> dict[int, tuple[int, ...]]:
    """What can be paired once one more call was made: with one of those still wanted, with none only where none fits.
    To keep what fits for a later call gains nothing: that one can be left over as well.
    """
    found: dict[int, tuple[int, ...]] = {}
    for mask, extra in ways.items():
        places = [at for at, fit in enumerate(fits) if fit and not mask >> at & 1 and before[at] & ~mask == 0]
        for at in places:
            _keep(found, mask | 1 << at, extra)
        if not places:
            _keep(found, mask, (*extra, number) if act.effect.acts and act.status.took_place else extra)
    if len(found) > _MOST_PAIRINGS:  # only a suite with dozens of calls that are all alike comes here
        best = sorted(found, key=lambda mask: (-mask.bit_count(), len(found[mask])))
        return {mask: found[mask] for mask in best[:_MOST_PAIRINGS]}
    return found


def _keep(found: dict[int, tuple[int, ...]], mask: int, extra: tuple[int, ...]) -> None:
    if mask not in found or len(extra) < len(found[mask]):
        found[mask] = extra


def _fits(gold: GoldAction, act: Act) -> bool:
    return (
        gold.tool == act.tool
        and act.status.took_place
        and all(not want.unmet(act.args.get(name)) for name, want in gold.args.items())
    )


def _comes_before(other: GoldAction, gold: GoldAction) -> bool:
    return other.order is not None and gold.order is not None and other.order < gold.order
