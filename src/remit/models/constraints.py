"""Who may serve a request at all. Each constraint looks at one model and gives the sentence that rules it out, or
nothing. What is unknown rules out wherever the route asks for it: a route fails closed.

Pure functions over data; the order of `CONSTRAINTS` is the order in which people read them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct

from remit.models.catalog import FOREVER
from remit.models.regions import lies_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from remit.models.catalog import ModelCard
    from remit.models.prices import Period
    from remit.models.routes import Need, Route


@dataclass(frozen=True, slots=True)
class Eliminated:
    """A model that may not serve, and one reason of those there are."""

    model: str
    constraint: str
    sentence: str


class Candidate(Struct, frozen=True):
    """A model in question, with its price of the moment."""

    card: ModelCard
    period: Period | None


def violations(route: Route, need: Need, candidate: Candidate) -> list[Eliminated]:
    """Everything that speaks against a model; empty: it may serve."""
    found: list[Eliminated] = []
    for name, check in CONSTRAINTS:
        sentence = check(route, need, candidate)
        if sentence:
            found.append(Eliminated(candidate.card.name, name, sentence))
    return found


def binding(eliminated: Iterable[Eliminated]) -> tuple[str, ...]:
    """The fewest constraints that would have to give way before any model could serve."""
    against = [
        sorted({_ORDER[each.constraint] for each in group})
        for _, group in itertools.groupby(eliminated, key=lambda each: each.model)
    ]
    least: Sequence[int] = min(against, key=lambda indexes: (len(indexes), indexes), default=())
    return tuple(CONSTRAINTS[index][0] for index in least)


# --- the constraints ----------------------------------------------------------------------------------------


def _approved(route: Route, _need: Need, candidate: Candidate) -> str:
    approved = candidate.card.approved
    if approved is False:
        return "it is banned in models.toml (approved = false)"
    if route.approved_only and not approved:
        return "it is not on the list of approved models (approved = true)"
    return ""


def _data_class(route: Route, need: Need, candidate: Candidate) -> str:
    accepted = candidate.card.data_classes
    if need.data_class and route.data_classes is not None and need.data_class not in route.data_classes:
        return f"the route carries {_listed(route.data_classes)} data, and this is {need.data_class}"
    wanted = frozenset((need.data_class,)) if need.data_class else route.data_classes or frozenset()
    if candidate.card.simulated or not wanted or (accepted is not None and wanted <= accepted):
        return ""
    if accepted is None:
        return f"nobody said that it may see {_listed(wanted)} data (data_classes)"
    return f"it may not see {_listed(wanted - accepted)} data, only {_listed(accepted) or 'none'}"


def _residency(route: Route, _need: Need, candidate: Candidate) -> str:
    if not route.residency:
        return ""
    regions = candidate.card.regions
    if not regions:
        return f"nobody said where it runs (region), and the route stays in {_listed(route.residency)}"
    outside = frozenset(region for region in regions if not lies_in(region, route.residency))
    return f"it may run in {_listed(outside)}, outside {_listed(route.residency)}" if outside else ""


def _retention(route: Route, _need: Need, candidate: Candidate) -> str:
    if route.retention is None:
        return ""
    kept = candidate.card.retention
    if kept is None:
        return f"nobody said how long its provider keeps data (retention); the route allows {_days(route.retention)}"
    if kept > route.retention:
        return f"its provider keeps data {_days(kept)}, and the route allows {_days(route.retention)}"
    return ""


def _capability(route: Route, need: Need, candidate: Candidate) -> str:
    missing = (need.capabilities | route.require) - candidate.card.capabilities
    return f"it has no {_listed(missing)}" if missing else ""


def _window(_route: Route, need: Need, candidate: Candidate) -> str:
    card = candidate.card
    answer = need.max_tokens or 0
    if card.max_output is not None and answer > card.max_output:
        return f"its answers have at most {card.max_output:,} tokens, and {answer:,} may be needed"
    if card.window is None:
        return "nobody said how large its window is (window)"
    if need.prompt + answer > card.window:
        return f"about {need.prompt:,} tokens and an answer of {answer:,} do not fit into its {card.window:,}"
    return ""


def _score(route: Route, _need: Need, candidate: Candidate) -> str:
    if not route.suite:
        return ""
    reached = candidate.card.scores.get(route.suite)
    if reached is None:
        return f"it has no score in the suite {route.suite}, where the route asks for {route.least_score:g}"
    if reached < route.least_score:
        return (
            f"it reached {reached:g} in the suite {route.suite}, and the route asks for {route.least_score:g}"
        )
    return ""


def _priced(route: Route, _need: Need, candidate: Candidate) -> str:
    if candidate.period is not None or route.unpriced == "allow":
        return ""
    return "nobody knows its price (price), and unpriced is never free"


def _price_cap(route: Route, need: Need, candidate: Candidate) -> str:
    cap, period = route.cap, candidate.period
    if cap.input is None and cap.output is None:
        return ""
    if period is None:
        return "nobody knows its price (price), and the route has a price cap"
    rates = period.rates_for(need.prompt)
    for kind, rate, most in (("input", rates.input, cap.input), ("output", rates.output, cap.output)):
        if most is not None and rate > most:
            return (
                f"its {kind} costs {_usd(rate)} per million tokens, and the route pays at most {_usd(most)}"
            )
    return ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _days(count: int) -> str:
    if count == 0:
        return "none"
    return "for ever" if count >= FOREVER else f"{count} days"


def _usd(micro: int) -> str:
    return f"${micro / 1_000_000:g}"


CONSTRAINTS: tuple[tuple[str, Callable[[Route, Need, Candidate], str]], ...] = (
    ("approved", _approved),
    ("data class", _data_class),
    ("residency", _residency),
    ("retention", _retention),
    ("capability", _capability),
    ("window", _window),
    ("score", _score),
    ("unpriced", _priced),
    ("price cap", _price_cap),
)
_ORDER = {name: index for index, (name, _) in enumerate(CONSTRAINTS)}
