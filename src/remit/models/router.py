"""Which model answers: constraints first and closed, then the model whose cache is warm, then cost and speed, then
fallbacks. The same inputs and the same health give the same decision, with every reason in it. It calls nobody.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from remit.domain.action_errors import NoRoute
from remit.models.constraints import Candidate, Eliminated, binding, violations
from remit.models.prices import MILLION
from remit.models.warmth import Warmth

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from remit.models.catalog import Catalog, ModelCard
    from remit.models.prices import Period, PriceBook, Rates
    from remit.models.routes import Need, Route
    from remit.wire.messages import Usage

    class Condition(Protocol):
        """What the router asks about health; `models.health.HealthBook` answers."""

        def resting(self, model: str) -> float:
            """Seconds for which nobody calls it."""
            ...

        def load(self, model: str) -> float:
            """Seconds that one more call is likely to take."""
            ...


NEAR = 1.1
"""Costs within a tenth of each other are the same cost; speed decides."""
WORTH_LEAVING = 0.5
"""A session leaves a warm model for one that costs less than half of it, cold."""
_A_PAIR = 2
_ALIKE = 4096
"""Tokens: prompts that differ by less are of one size."""
_REMEMBERED = 1000


class Score(Struct, frozen=True, gc=False):
    """What spoke for a model."""

    model: str
    cost: int | None
    """Micro-dollars that a request like this is expected to cost there; None: unpriced."""
    seconds: float
    """How long it is likely to take, with what is under way."""
    warm: int = 0
    """Tokens of the prompt that are likely cached."""
    resting: float = 0.0
    """Seconds for which it rests."""
    fallback: bool = False


class RouteDecision(Struct, frozen=True, gc=False):
    """Whom to ask, in this order, and why nobody else."""

    route: str
    order: tuple[str, ...]
    eliminated: tuple[Eliminated, ...]
    scores: tuple[Score, ...]
    """In the order of `order`; none where there was no choice."""
    affinity: str = ""
    """The model that stays first because this session's prefix is warm there."""
    binding: tuple[str, ...] = ()
    """With an empty order: the constraints that would have to give way."""


class Router:
    """Chooses among the models of a workspace, and remembers which prefixes are warm."""

    def __init__(
        self, catalog: Catalog, book: PriceBook, health: Condition, warmth: Warmth | None = None
    ) -> None:
        self._catalog = catalog
        self._book = book
        self._health = health
        self._warmth = warmth or Warmth()
        self._able: dict[tuple[object, ...], tuple[Route, ModelCard, Rates | None]] = {}
        """What may serve requests of some kind and size, by route and model."""

    def choose(self, route: Route, need: Need, now: int) -> RouteDecision:
        """Whom to ask; raises `NoRoute` naming the constraint that nobody meets."""
        decision = self._only(route, need, now) or self.explain(route, need, now)
        if not decision.order:
            raise _no_route(decision)
        return decision

    def _only(self, route: Route, need: Need, now: int) -> RouteDecision | None:
        """The one model of a route that has no other, if it may serve: there is nothing to compare it with."""
        if len(route.candidates) != 1:
            return None
        name = route.candidates[0]
        card = self._catalog.card(name)
        if not self._may_serve(route, card, need, now):
            return None
        stays = not self._health.resting(name) and self._warmth.keeps(card, need, now)
        return RouteDecision(route.name, route.candidates, (), (), name if stays else "")

    def _may_serve(self, route: Route, card: ModelCard, need: Need, now: int) -> bool:
        """Whether nothing speaks against a model: looked at once for all prompts of about this size and at this price,
        as what the largest of them may ask the others may, too.
        """
        period, size = self._book.period(card.name, now), -(-need.prompt // _ALIKE) * _ALIKE
        rates = None if period is None else period.rates_for(need.prompt)
        key = (route.name, card.name, need.capabilities, need.data_class, need.max_tokens, size)
        known = self._able.get(key)
        if known is not None and known[0] is route and known[1] is card and known[2] is rates:
            return True
        candidate = Candidate(card, period)
        alike = period is None or period.rates_for(size) is rates
        if not alike or violations(route, structs.replace(need, prompt=size), candidate):
            return not violations(route, need, candidate)
        if len(self._able) >= _REMEMBERED:
            self._able.clear()
        self._able[key] = (route, card, rates)
        return True

    def explain(self, route: Route, need: Need, now: int) -> RouteDecision:
        """The same, and an empty order where nobody may serve."""
        eliminated: list[Eliminated] = []
        able: list[Score] = []
        for name in route.candidates:
            card = self._catalog.card(name)
            period = self._book.period(name, now)
            against = violations(route, need, Candidate(card, period))
            eliminated += against
            if not against:
                able.append(self._score(card, period, need, now, fallback=name not in route.models))
        order, affinity = self._ordered(route, need, able, now)
        return RouteDecision(
            route.name,
            tuple(score.model for score in order),
            tuple(eliminated),
            tuple(order),
            affinity,
            () if order else binding(eliminated),
        )

    def settled(self, model: str, need: Need, usage: Usage | None, now: int) -> None:
        """A call was answered: its prefix is warm there now. Whoever makes the call says so."""
        self._warmth.note(self._catalog.card(model), need, usage, now)

    # --- who first ------------------------------------------------------------------------------------------

    def _score(
        self, card: ModelCard, period: Period | None, need: Need, now: int, *, fallback: bool
    ) -> Score:
        warm = self._warmth.tokens(card, need, now)
        return Score(
            card.name,
            None
            if period is None
            else expected_cost(card, period, need, self._warmth.steady(card, need, now)),
            self._health.load(card.name),
            warm,
            self._health.resting(card.name),
            fallback,
        )

    def _ordered(self, route: Route, need: Need, able: list[Score], now: int) -> tuple[list[Score], str]:
        """Models before fallbacks, whoever rests behind everyone, the warm model first."""
        awake = [score for score in able if not score.resting]
        first = _preferred(route, need, [score for score in awake if not score.fallback])
        then = [score for score in awake if score.fallback]
        resting = sorted((score for score in able if score.resting), key=lambda score: score.resting)
        staying = self._staying(first, need, now)
        if staying is not None:
            first.remove(staying)
            first.insert(0, staying)
        return [*first, *then, *resting], staying.model if staying is not None else ""

    def _staying(self, awake: list[Score], need: Need, now: int) -> Score | None:
        """The model at which this session is warm, unless another is much cheaper even cold."""
        warm = [score for score in awake if self._warmth.keeps(self._catalog.card(score.model), need, now)]
        if not warm:
            return None
        chosen = max(warm, key=lambda score: score.warm)
        if chosen.cost is None:
            return chosen
        cheapest = min((score.cost for score in awake if score.cost is not None), default=chosen.cost)
        return chosen if cheapest >= chosen.cost * WORTH_LEAVING else None


def expected_cost(card: ModelCard, period: Period, need: Need, warm: int) -> int:
    """Micro-dollars that a request is expected to cost, with so many of its tokens cached."""
    rates = period.rates_for(need.prompt)
    cold = need.prompt - warm
    written = rates.cache_write if card.cache is not None and need.prompt >= card.cache.least else rates.input
    return -(-(warm * rates.cache_read + cold * written + need.answer * rates.output) // MILLION)


# --- cost and speed -----------------------------------------------------------------------------------------


def _preferred(route: Route, need: Need, scores: list[Score]) -> list[Score]:
    if route.prefer == "order":
        return scores
    if route.prefer == "latency":
        return _spread(sorted(scores, key=lambda score: score.seconds), need)
    ordered: list[Score] = []
    rest = sorted(scores, key=_cost)
    while rest:
        most = _cost(rest[0]) * NEAR
        near = [score for score in rest if _cost(score) <= most]
        ordered += _spread(near, need)
        rest = rest[len(near) :]
    return ordered


def _spread(alike: list[Score], need: Need) -> list[Score]:
    """The better of two that chance picks goes first, then by speed: everyone picking the best would bury it."""
    by_speed = sorted(alike, key=lambda score: score.seconds)
    if len(by_speed) <= _A_PAIR:
        return by_speed
    one, other = _two_of(len(by_speed), need.key or need.session)
    first = by_speed.pop(min(one, other))
    return [first, *by_speed]


def _two_of(count: int, key: str) -> tuple[int, int]:
    dice = int.from_bytes(
        hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )
    one = dice % count
    other = dice // count % (count - 1)
    return one, other if other < one else other + 1


def _cost(score: Score) -> float:
    """An unpriced model comes last: whoever allowed it did not say that it is cheap."""
    return float("inf") if score.cost is None else score.cost


def _no_route(decision: RouteDecision) -> NoRoute:
    if not decision.eliminated:
        return NoRoute(f"the route {decision.route} has no models.", "Name some in models.toml.")
    against = [each for each in decision.eliminated if each.constraint in decision.binding]
    return NoRoute(
        f"no model of the route {decision.route} may serve this request; what binds is {_and(decision.binding)}: "
        + "; ".join(f"{each.model}: {each.sentence}" for each in against)
        + ".",
        "Change the request, or what models.toml says of the route or these models.",
    )


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
