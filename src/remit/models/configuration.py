"""The models of a workspace: providers, catalog, prices and routes out of models.toml, checked to the last key and the
last name. Without the file, routes over whatever provider has a key in the environment, else over the simulated model,
which never serves in prod. Opens nothing and sees no secret, only the names of secrets.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidCatalog, UnknownRoute
from remit.models.catalog import Catalog, ModelCard, nearest, shipped_cards
from remit.models.declared import Declared, declared, known_model, model_of, provider_of, route_of
from remit.models.deprecations import Deprecation, deprecations_of
from remit.models.prices import Price, PriceBook
from remit.models.regions import AREAS, area_of
from remit.models.routes import Route
from remit.models.specs import ProviderSpec
from remit.models.tables import FILE, HINT, mapping, read_file, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SIMULATED = "simulated"
PROD = "prod"
KEYS = (
    ("openai", "OPENAI_API_KEY"),
    ("anthropic", "ANTHROPIC_API_KEY"),
    ("gemini", "GEMINI_API_KEY"),
    ("gemini", "GOOGLE_API_KEY"),
)
"""Kinds of providers that a workspace has without saying so, when one of these variables is set."""
USUAL_MODELS = {
    "openai": ("gpt-6-luna", "gpt-6.1-sol"),
    "anthropic": ("claude-haiku-5-5", "claude-opus-5-5"),
    "gemini": ("gemini-3.5-flash-lite", "gemini-4-argon"),
    SIMULATED: ("sim-fast", "sim-strong"),
}
"""What the routes `fast` and `strong` mean at a provider, where nobody says otherwise."""


@dataclass(frozen=True)
class Configuration:
    """Everything that a workspace says of models."""

    providers: Mapping[str, ProviderSpec]
    catalog: Catalog
    book: PriceBook
    routes: Mapping[str, Route]
    environment: str = "dev"
    deprecations: tuple[Deprecation, ...] = ()
    """Models that end, the next one first."""

    def route(self, name: str) -> Route:
        """The route of this name."""
        found = self.routes.get(name)
        if found is not None:
            return found
        if not self.routes:
            raise UnknownRoute(
                f'there is no route "{name}": no provider has a key, and the simulated model does not serve in {PROD}.',
                f"Set {KEYS[0][1]} or {KEYS[1][1]}, or describe providers and routes in {FILE}.",
            )
        raise UnknownRoute(
            f'there is no route "{name}"{nearest(name, self.routes)}; there are {", ".join(sorted(self.routes))}.',
            f"Describe it in {FILE}: [routes.{name}].",
        )

    def simulated(self) -> Configuration:
        """The same routes and models, every one of them played by the simulated provider: for tests and rehearsals."""
        _refuse_in_prod(self.environment)
        cards = [replace(card, provider=SIMULATED, simulated=True) for card in self.catalog]
        spec = self.providers.get(SIMULATED)
        if spec is None or spec.kind != SIMULATED:
            spec = ProviderSpec(SIMULATED, SIMULATED)
        return replace(self, providers={SIMULATED: spec}, catalog=Catalog(cards))

    def taped(self, cassette: str, mode: str) -> Configuration:
        """The same with one cassette before every provider that answers by itself."""
        _refuse_in_prod(self.environment)
        taped = {
            name: spec if spec.kind == SIMULATED else replace(spec, cassette=cassette, cassette_mode=mode)
            for name, spec in self.providers.items()
        }
        return replace(self, providers=taped)


def load(folder: Path, env: Mapping[str, str] | None = None, environment: str = "dev") -> Configuration:
    """The models of a workspace, or one sentence on the first thing that cannot be."""
    env = os.environ if env is None else env
    table = read_file(folder) or {}
    refuse_unknown(table, ["providers", "models", "routes", "approved_only", "deprecations"], "")
    providers = _providers(table, env, environment)
    described = {
        name: model_of(name, each, providers)
        for name, each in mapping(table.get("models", {}), "models").items()
    }
    routes = _routes(table, providers, described)
    for route in routes.values():
        _describe_missing(route, described, providers)
        _check_residency(route, (card for card, _ in described.values()))
    return Configuration(
        {name: each.spec for name, each in providers.items()},
        Catalog(card for card, _ in described.values()),
        PriceBook({name: price for name, (_, price) in described.items() if price is not None}),
        routes,
        environment,
        deprecations_of(table, described),
    )


# --- providers ----------------------------------------------------------------------------------------------


def _providers(table: Mapping[str, Any], env: Mapping[str, str], environment: str) -> dict[str, Declared]:
    said = mapping(table.get("providers", {}), "providers")
    found = {name: provider_of(name, each) for name, each in said.items()}
    if not found:
        return _from_environment(env, environment)
    for name, each in found.items():
        if each.spec.kind == SIMULATED:
            _refuse_in_prod(environment, f"{FILE}: [providers.{name}] is simulated, and ")
        if each.spec.cassette and environment == PROD:
            raise InvalidCatalog(
                f"{FILE}: [providers.{name}] has a cassette, and nothing is played back or recorded in {PROD}.",
                "Take it out there; a cassette is for tests, and holds what was said in clear text.",
            )
    return found


def _from_environment(env: Mapping[str, str], environment: str) -> dict[str, Declared]:
    found: dict[str, Declared] = {}
    for kind, variable in KEYS:
        if env.get(variable, "").strip() and kind not in found:
            found[kind] = declared(ProviderSpec(kind, kind, secret=variable))
    if not found and environment != PROD:
        found[SIMULATED] = declared(ProviderSpec(SIMULATED, SIMULATED))
    return found


def _refuse_in_prod(environment: str, before: str = "") -> None:
    if environment == PROD:
        raise InvalidCatalog(
            f"{before}the simulated model does not serve in {PROD}: its answers are made up.",
            "Name a real provider there, or choose another environment.",
        )


# --- routes -------------------------------------------------------------------------------------------------


_Described = dict[str, tuple[ModelCard, Price | None]]


def _routes(
    table: Mapping[str, Any], providers: Mapping[str, Declared], described: _Described
) -> dict[str, Route]:
    said = mapping(table.get("routes", {}), "routes")
    found = {name: route_of(name, each) for name, each in said.items()} or _usual_routes(providers, described)
    if table.get("approved_only", False):
        found = {name: replace(route, approved_only=True) for name, route in found.items()}
    return found


def _usual_routes(providers: Mapping[str, Declared], described: _Described) -> dict[str, Route]:
    """`fast` and `strong`, over every provider whose models we know; else over all that the file describes."""
    pairs = [USUAL_MODELS[each.seller] for each in providers.values() if each.seller in USUAL_MODELS]
    if pairs:
        fast, strong = (tuple(dict.fromkeys(column)) for column in zip(*pairs, strict=True))
        return {"fast": Route("fast", fast), "strong": Route("strong", strong)}
    models = tuple(described)
    return {name: Route(name, models) for name in ("fast", "strong")} if models else {}


def _describe_missing(route: Route, described: _Described, providers: Mapping[str, Declared]) -> None:
    """A route may name a known model that the file does not describe, where one provider sells it."""
    for name in route.candidates:
        if name in described:
            continue
        found = known_model(name, providers)
        if found is None:
            raise _unknown_model(route, name, described)
        described[name] = found


def _unknown_model(route: Route, name: str, described: _Described) -> InvalidCatalog:
    if name in shipped_cards():
        return InvalidCatalog(
            f'{FILE}: [routes.{route.name}] names "{name}", and it is not clear which provider serves it.',
            f'Say so: [models."{name}"] provider = "…".',
        )
    known = [*described, *shipped_cards()]
    return InvalidCatalog(
        f'{FILE}: [routes.{route.name}] names "{name}", which is no model{nearest(name, known)}.',
        f'Describe it: [models."{name}"] with provider, window and capabilities.',
    )


def _check_residency(route: Route, cards: Iterable[ModelCard]) -> None:
    """A misspelt place would refuse everything; it is said here, where it can be mended."""
    regions = {region for card in cards for region in card.regions}
    for place in route.residency:
        if place not in AREAS and place not in regions and not area_of(place):
            raise InvalidCatalog(
                f'{FILE}: [routes.{route.name}] stays in "{place}", which is no place'
                f"{nearest(place, [*AREAS, *regions])}.",
                HINT,
            )
