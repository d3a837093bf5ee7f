"""Random catalogs, prices, routes and needs: small sets of values, so that rules collide often."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hypothesis import strategies as st

from remit.models.catalog import CAPABILITIES, Catalog, ModelCard, PromptCache
from remit.models.prices import Period, Price, PriceBook, Rates
from remit.models.routes import PREFERENCES, UNPRICED, Need, PriceCap, Route

NAMES = ("a", "b", "c", "d", "e")
REGIONS = ("eu-west-1", "westeurope", "eu-west-2", "us-east-1", "global", "eu", "nowhere", "here")
PLACES = ("eu", "us", "uk", "eu-west-1", "nowhere")
CLASSES = ("public", "internal", "personal")
DAYS = (0, 30, 365, 36_500)
CAN = CAPABILITIES[:4]


@dataclass(frozen=True)
class World:
    """A workspace's models, and one request on one route."""

    catalog: Catalog
    book: PriceBook
    route: Route
    need: Need


def worlds() -> st.SearchStrategy[World]:
    """Whole worlds out of one number each: drawn field by field they would take a tenth of a second."""
    return st.integers(0, 2**40).map(lambda seed: world(random.Random(seed)))


def world(dice: random.Random) -> World:
    book = PriceBook({name: _price(dice) for name in NAMES if dice.random() < 0.8})
    return World(Catalog(_card(name, dice) for name in NAMES), book, _route(dice), _need(dice))


def prices() -> st.SearchStrategy[Price]:
    return st.integers(0, 2**40).map(lambda seed: _price(random.Random(seed)))


def _price(dice: random.Random) -> Price:
    periods = [_period(dice) for _ in range(dice.randint(1, 3))]
    return Price(tuple(sorted(periods, key=lambda period: period.since)))


def _period(dice: random.Random) -> Period:
    since = dice.choice([0, 1_000])
    if dice.random() < 0.5:
        return Period(_rates(dice), since)
    return Period(_rates(dice), since, above=dice.choice([100, 5_000]), long=_rates(dice))


def _rates(dice: random.Random) -> Rates:
    return Rates(*(dice.choice([0, 1, 333_333, dice.randint(0, 20_000_000)]) for _ in range(7)))


def _card(name: str, dice: random.Random) -> ModelCard:
    return ModelCard(
        name,
        capabilities=frozenset(CAN) if dice.random() < 0.6 else _some(dice, CAN),
        window=dice.choice([None, 1_000, 8_000, *[200_000] * 7]),
        max_output=dice.choice([None, None, 500, 4_000]),
        cache=dice.choice([None, PromptCache(100, 300)]),
        regions=_some(dice, REGIONS[: dice.choice([2, 8])]),
        retention=dice.choice([None, 0, 0, *DAYS]),
        data_classes=frozenset(CLASSES) if dice.random() < 0.6 else _maybe(dice, CLASSES),
        approved=dice.choice([None, True, True, True, False]),
        scores={suite: dice.choice([0.5, 0.9, 0.95]) for suite in ("triage", "code") if dice.random() < 0.7},
    )


def _route(dice: random.Random) -> Route:
    suite, least = dice.choice([("", 0.0), ("", 0.0), ("triage", 0.9), ("code", 0.5)])
    cap = [*[None] * 5, 400_000, dice.randint(0, 20_000_000)]
    return Route(
        "r",
        tuple(dice.sample(NAMES, dice.randint(1, 4))),
        tuple(dice.sample(NAMES, dice.randint(0, 2))),
        residency=frozenset() if dice.random() < 0.7 else _some(dice, PLACES),
        retention=dice.choice([*[None] * 6, *DAYS]),
        data_classes=None if dice.random() < 0.7 else _some(dice, CLASSES),
        require=frozenset() if dice.random() < 0.6 else _some(dice, CAN[:2]),
        cap=PriceCap(dice.choice(cap), dice.choice(cap)),
        unpriced=dice.choice(UNPRICED),
        suite=suite,
        least_score=least,
        approved_only=dice.random() < 0.3,
        prefer=dice.choice(PREFERENCES),
    )


def _need(dice: random.Random) -> Need:
    return Need(
        capabilities=frozenset() if dice.random() < 0.5 else _some(dice, CAN[1:]),
        prompt=dice.choice([10, 900, 7_000]),
        max_tokens=dice.choice([None, 100, 2_000]),
        data_class=dice.choice(["", "", "", *CLASSES]),
        session=dice.choice(["", "s1", "s2"]),
        key=str(dice.random()),
    )


def _some(dice: random.Random, values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(dice.sample(values, dice.randint(0, len(values))))


def _maybe(dice: random.Random, values: tuple[str, ...]) -> frozenset[str] | None:
    return None if dice.random() < 0.5 else _some(dice, values)
