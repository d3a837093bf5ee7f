"""Random catalogs, prices, routes and needs: small sets of values, so that rules collide often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from remit.models.catalog import CAPABILITIES, Catalog, ModelCard, PromptCache
from remit.models.prices import Period, Price, PriceBook, Rates
from remit.models.routes import Need, PriceCap, Route

T = TypeVar("T")
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


def some(values: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=len(values))


def maybe(inner: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | inner


def cards(name: str) -> st.SearchStrategy[ModelCard]:
    return st.builds(
        ModelCard,
        st.just(name),
        capabilities=st.just(frozenset(CAN)) | some(CAN),
        window=maybe(st.sampled_from([1_000, 8_000, 200_000])),
        max_output=maybe(st.sampled_from([500, 4_000])),
        cache=maybe(st.just(PromptCache(100, 300))),
        regions=some(REGIONS),
        retention=maybe(st.sampled_from(DAYS)),
        data_classes=maybe(some(CLASSES)),
        approved=st.sampled_from([None, True, False]),
        scores=st.dictionaries(st.sampled_from(["triage", "code"]), st.sampled_from([0.5, 0.9, 0.95])),
    )


def rates() -> st.SearchStrategy[Rates]:
    amount = st.integers(0, 20_000_000)
    return st.builds(Rates, *[amount] * 7)


def periods() -> st.SearchStrategy[Period]:
    plain = st.builds(Period, rates(), st.sampled_from([0, 1_000]))
    tiered = st.builds(
        Period, rates(), st.sampled_from([0, 1_000]), above=st.sampled_from([100, 5_000]), long=rates()
    )
    return plain | tiered


def prices() -> st.SearchStrategy[Price]:
    return st.lists(periods(), min_size=1, max_size=3).map(
        lambda found: Price(tuple(sorted(found, key=lambda period: period.since)))
    )


def routes() -> st.SearchStrategy[Route]:
    cap = maybe(st.integers(0, 20_000_000))
    scored = st.sampled_from([("", 0.0), ("triage", 0.9), ("code", 0.5)])
    return st.builds(
        lambda models, fallbacks, suite, **rest: Route("r", models, fallbacks, suite=suite[0], least_score=suite[1], **rest),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).map(tuple),
        st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple),
        scored,
        residency=st.just(frozenset[str]()) | some(PLACES),
        retention=maybe(st.sampled_from(DAYS)),
        data_classes=maybe(some(CLASSES)),
        require=some(CAN[:2]),
        cap=st.builds(PriceCap, cap, cap) | st.just(PriceCap()),
        unpriced=st.sampled_from(["refuse", "allow"]),
        approved_only=st.booleans(),
        prefer=st.sampled_from(["cost", "latency", "order"]),
    )  # fmt: skip


def needs() -> st.SearchStrategy[Need]:
    return st.builds(
        Need,
        capabilities=some(CAN[1:]),
        prompt=st.sampled_from([10, 900, 7_000]),
        max_tokens=maybe(st.sampled_from([100, 2_000])),
        data_class=st.sampled_from(["", *CLASSES]),
        session=st.sampled_from(["", "s1", "s2"]),
        key=st.text(max_size=3),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    priced = draw(st.dictionaries(st.sampled_from(NAMES), prices()))
    catalog = Catalog(draw(cards(name)) for name in NAMES)
    return World(catalog, PriceBook(priced), draw(routes()), draw(needs()))
