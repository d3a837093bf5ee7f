"""What models.toml declares, table by table: a provider with what holds for all its models, a model as a card with its
price, a route. Each is checked by itself here; `models.configuration` puts them together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from remit.domain.action_errors import InvalidCatalog
from remit.domain.secret_names import looks_like_a_value
from remit.models.catalog import (
    CAPABILITIES,
    ModelCard,
    PromptCache,
    days,
    nearest,
    shipped_card,
    shipped_cards,
)
from remit.models.checking import check
from remit.models.prices import PARTS, Price, price_of, shipped_price, shipped_prices
from remit.models.provider import Deadlines
from remit.models.regions import HERE
from remit.models.routes import PREFERENCES, UNPRICED, PriceCap, Route
from remit.models.specs import KINDS, ProviderSpec
from remit.models.tables import FILE, HINT, mapping, read, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_DOLLARS = 1_000_000
_USUAL_SECRETS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}
_SELLERS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gemini",
    "api.mistral.ai": "mistral",
    "api.x.ai": "xai",
}
"""Whose models, at whose prices, an address serves. Any other address sells at prices that only its owner knows."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A provider, and what holds for its models unless they say otherwise."""

    spec: ProviderSpec
    seller: str
    """Whose price list holds; empty: nobody's that we know."""
    regions: frozenset[str] = frozenset()
    retention: int | None = None
    data_classes: frozenset[str] | None = None


# --- providers ----------------------------------------------------------------------------------------------


def provider_of(name: str, table: object) -> Declared:
    """`[providers.NAME]`."""
    place = f"providers.{name}"
    said = dict(mapping(table, place))
    retention, classes = said.pop("retention", None), said.pop("data_classes", None)
    if "deadlines" in said:
        said["deadlines"] = asdict(read(said["deadlines"], Deadlines, f"{place}.deadlines"))
    spec = read(said, ProviderSpec, place, name=name)
    if spec.kind not in KINDS:
        raise InvalidCatalog(
            f'{FILE}: [{place}] has kind "{spec.kind}"{nearest(spec.kind, KINDS)}; it takes {", ".join(KINDS)}.',
            HINT,
        )
    if looks_like_a_value(spec.secret):
        raise InvalidCatalog(  # not quoted: it may be the key
            f"{FILE}: [{place}] has under secret what looks like a key itself; this file holds names, never values.",
            "Put the key into an environment variable, and its name here; if the file was shared, make a new key.",
        )
    check(spec)
    return declared(
        spec,
        retention=_days(retention, place) if retention is not None else None,
        data_classes=None if classes is None else frozenset(_texts(classes, "data_classes", place)),
    )


def declared(
    spec: ProviderSpec, *, retention: int | None = None, data_classes: frozenset[str] | None = None
) -> Declared:
    """A provider with what follows from its kind and address."""
    if not spec.secret and not spec.base_url and spec.kind in _USUAL_SECRETS:
        spec = replace(spec, secret=_USUAL_SECRETS[spec.kind])
    if spec.kind == "simulated":
        return Declared(spec, spec.kind, frozenset((HERE,)), 0, data_classes)
    regions = frozenset((spec.region,)) if spec.region else frozenset[str]()
    return Declared(spec, _seller(spec), regions, retention, data_classes)


def _seller(spec: ProviderSpec) -> str:
    if spec.kind in {"bedrock", "vertex"}:
        return spec.kind
    if not spec.base_url:
        return spec.kind if spec.kind in _USUAL_SECRETS else ""
    return _SELLERS.get(urlsplit(spec.base_url).hostname or "", "")


# --- models -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _ModelTable:
    provider: str = ""
    id: str = ""
    like: str = ""
    window: int | None = None
    max_output: int | None = None
    image_tokens: int | None = None
    capabilities: list[str] | None = None
    region: str | list[str] | None = None
    retention: str | None = None
    data_classes: list[str] | None = None
    approved: bool | None = None
    scores: dict[str, float] = field(default_factory=dict[str, float])
    cache: dict[str, int] | None = None
    price: dict[str, Any] | list[dict[str, Any]] | None = None
    priced_as: str = ""


def model_of(name: str, table: object, providers: Mapping[str, Declared]) -> tuple[ModelCard, Price | None]:
    """`[models."NAME"]`: its card, and its price if it has one."""
    place = f'models."{name}"'
    said = read(table, _ModelTable, place)
    known = _like(said, name, place)
    at = _provider(said, known, providers, place)
    card = replace(
        known or ModelCard(name),
        name=name,
        provider=at.spec.name,
        wire_name=said.id or (known.name if known is not None and said.like == "" else name),
        dialect=at.spec.dialect,
        regions=_regions(said, at),
        retention=at.retention if said.retention is None else _days(said.retention, place),
        data_classes=at.data_classes if said.data_classes is None else frozenset(said.data_classes),
        approved=said.approved,
        scores=said.scores,
        simulated=at.spec.kind == "simulated",
        **_stated(said, place),
    )
    if card.window is None or not card.capabilities:
        raise InvalidCatalog(
            f"{FILE}: [{place}] is no model that Remit knows{nearest(name, shipped_cards())}.",
            'Say its window and its capabilities, or which known one it is like: like = "…".',
        )
    return card, _price(said, card, at, place)


def known_model(name: str, providers: Mapping[str, Declared]) -> tuple[ModelCard, Price | None] | None:
    """A model that models.toml does not describe, where exactly one provider sells it."""
    card = shipped_cards().get(name)
    if card is None:
        return None
    selling = [at for at in providers.values() if at.seller == card.maker]
    return model_of(name, {"provider": selling[0].spec.name}, providers) if len(selling) == 1 else None


def _like(said: _ModelTable, name: str, place: str) -> ModelCard | None:
    if not said.like:
        return shipped_card(said.id or name)
    known = shipped_card(said.like)
    if known is None:
        raise InvalidCatalog(
            f'{FILE}: [{place}] is like "{said.like}", which is no model that Remit knows'
            f"{nearest(said.like, shipped_cards())}.",
            HINT,
        )
    return known


def _provider(
    said: _ModelTable, known: ModelCard | None, providers: Mapping[str, Declared], place: str
) -> Declared:
    if said.provider:
        if said.provider not in providers:
            raise InvalidCatalog(
                f'{FILE}: [{place}] names the provider "{said.provider}", which there is not'
                f"{nearest(said.provider, providers)}.",
                f"Describe it: [providers.{said.provider}].",
            )
        return providers[said.provider]
    selling = [at for at in providers.values() if known is not None and at.seller == known.maker]
    if len(selling) != 1:
        raise InvalidCatalog(
            f'{FILE}: [{place}] does not say "provider".', f"One of: {', '.join(providers)}."
        )
    return selling[0]


def _stated(said: _ModelTable, place: str) -> dict[str, Any]:
    """What the table says that a shipped card would say too."""
    stated: dict[str, Any] = {}
    for name in ("window", "max_output", "image_tokens"):
        value = getattr(said, name)
        if value is not None:
            stated[name] = _positive(value, name, place)
    if said.capabilities is not None:
        stated["capabilities"] = _capabilities(said.capabilities, "capabilities", place)
    if said.cache is not None:
        stated["cache"] = read(said.cache, PromptCache, f"{place}.cache")
    return stated


def _regions(said: _ModelTable, at: Declared) -> frozenset[str]:
    """An inference profile of Bedrock runs in its whole area, wherever it was called."""
    if said.region is not None:
        return frozenset((said.region,) if isinstance(said.region, str) else said.region)
    profile, dot, _ = said.id.partition(".")
    if (
        at.spec.kind == "bedrock"
        and dot
        and profile in {"global", "eu", "us", "us-gov", "apac", "jp", "au", "ca"}
    ):
        return frozenset(("us" if profile == "us-gov" else profile,))
    return at.regions


def _price(said: _ModelTable, card: ModelCard, at: Declared, place: str) -> Price | None:
    if said.price is not None:
        return _stated_price(said.price, f"{place}.price")
    if not said.priced_as:
        return shipped_price(at.seller, at.spec.region, card)
    known = shipped_prices().get(said.priced_as)
    if known is None:
        raise InvalidCatalog(
            f'{FILE}: [{place}] is priced as "{said.priced_as}", which has no price here'
            f"{nearest(said.priced_as, shipped_prices())}.",
            HINT,
        )
    return known


def _stated_price(said: dict[str, Any] | list[dict[str, Any]], place: str) -> Price:
    """In dollars per million tokens; several tables are several periods."""
    tables = said if isinstance(said, list) else [said]
    for table in tables:
        refuse_unknown(table, [*PARTS, "since", "above"], place)
        above = mapping(table.get("above", {}), f"{place}.above")
        refuse_unknown(above, [*PARTS, "tokens"], f"{place}.above")
        amounts = [*(table.get(part, 0) for part in PARTS), *above.values()]
        if not all(map(_is_an_amount, amounts)):
            raise InvalidCatalog(f"{FILE}: [{place}] has an amount that is no number of dollars.", HINT)
        missing = [name for name in ("input", "output") if name not in table]
        if missing or (above and "tokens" not in above):
            raise InvalidCatalog(
                f'{FILE}: [{place}] does not say "{(missing or ["above.tokens"])[0]}".', HINT
            )
    try:
        return price_of(*tables)
    except (ValueError, TypeError):
        raise InvalidCatalog(
            f'{FILE}: [{place}] has a "since" that is no date such as "2026-11-20".', HINT
        ) from None


def _is_an_amount(said: object) -> bool:
    """Not a number of NaN, not a truth value, not a debt."""
    return isinstance(said, int | float) and not isinstance(said, bool) and 0 <= said < _MOST_DOLLARS


# --- routes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _RouteTable:
    models: list[str]
    fallbacks: list[str] = field(default_factory=list[str])
    residency: str | list[str] = field(default_factory=list[str])
    retention: str | None = None
    data_classes: list[str] | None = None
    require: list[str] = field(default_factory=list[str])
    max_usd_per_million: float | dict[str, float] | None = None
    unpriced: str = "refuse"
    suite: str = ""
    least_score: float | None = None
    approved_only: bool = False
    prefer: str = "cost"
    hedge: bool = False
    cache_seconds: int = 0


def route_of(name: str, table: object) -> Route:
    """`[routes.NAME]`."""
    place = f"routes.{name}"
    said = read(table, _RouteTable, place)
    if not said.models:
        raise InvalidCatalog(f"{FILE}: [{place}] has no models.", HINT)
    if bool(said.suite) != (said.least_score is not None):
        raise InvalidCatalog(f'{FILE}: [{place}] needs "suite" and "least_score" together.', HINT)
    return Route(
        name=name,
        models=tuple(said.models),
        fallbacks=tuple(said.fallbacks),
        residency=frozenset((said.residency,) if isinstance(said.residency, str) else said.residency),
        retention=None if said.retention is None else _days(said.retention, place),
        data_classes=None if said.data_classes is None else frozenset(said.data_classes),
        require=_capabilities(said.require, "require", place),
        cap=_cap(said.max_usd_per_million, place),
        unpriced=_one_of(said.unpriced, UNPRICED, "unpriced", place),
        suite=said.suite,
        least_score=said.least_score or 0.0,
        approved_only=said.approved_only,
        prefer=_one_of(said.prefer, PREFERENCES, "prefer", place),
        hedge=said.hedge,
        cache_seconds=_within(said.cache_seconds, place),
    )


def _within(said: int, place: str) -> int:
    if 0 <= said <= _LONGEST_CACHE:
        return said
    raise InvalidCatalog(f"{FILE}: [{place}] cache_seconds is {said}; it is 0 to {_LONGEST_CACHE}.", HINT)


_LONGEST_CACHE = 30 * 24 * 3600


def _cap(said: float | dict[str, float] | None, place: str) -> PriceCap:
    if said is None:
        return PriceCap()
    if isinstance(said, dict):
        refuse_unknown(said, ["input", "output"], f"{place}.max_usd_per_million")
        return PriceCap(**{kind: round(dollars * 1_000_000) for kind, dollars in said.items()})
    return PriceCap(round(said * 1_000_000), round(said * 1_000_000))


# --- values -------------------------------------------------------------------------------------------------


def _capabilities(said: Iterable[str], key: str, place: str) -> frozenset[str]:
    for each in said:
        if each not in CAPABILITIES:
            raise InvalidCatalog(
                f'{FILE}: [{place}] has "{each}" in {key}{nearest(each, CAPABILITIES)}; '
                f"it takes {', '.join(CAPABILITIES)}.",
                HINT,
            )
    return frozenset(said)


def _days(said: object, place: str) -> int:
    found = days(said) if isinstance(said, str) else None
    if found is None:
        raise InvalidCatalog(
            f'{FILE}: [{place}] has retention {said!r}; it takes "none", "30d" or "forever".', HINT
        )
    return found


def _texts(said: object, key: str, place: str) -> list[str]:
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):  # pyright: ignore[reportUnknownVariableType]
        raise InvalidCatalog(f'{FILE}: [{place}] "{key}" takes a list of texts.', HINT)
    return [str(each) for each in said]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _positive(value: int, key: str, place: str) -> int:
    if value < 1:
        raise InvalidCatalog(f"{FILE}: [{place}] has {key} {value}; the least it can be is 1.", HINT)
    return value


def _one_of(said: str, known: tuple[Any, ...], key: str, place: str) -> Any:
    if said not in known:
        raise InvalidCatalog(
            f'{FILE}: [{place}] has {key} "{said}"{nearest(said, known)}; it takes {" or ".join(known)}.',
            HINT,
        )
    return said
