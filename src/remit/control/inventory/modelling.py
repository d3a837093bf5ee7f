"""Models and routes of a workspace as people see them: who would be asked now, and why nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from remit.control.inventory.views import ModelsView, ModelUseView, ModelView, RouteView
from remit.domain.clock import MICROSECONDS
from remit.models.routes import Need

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.running.parts import Parts
    from remit.gate.models import ModelDesk
    from remit.models.catalog import ModelCard
    from remit.models.routes import Route


def models(parts: Parts) -> ModelsView:
    """Catalog, prices and routes."""
    desk, now = parts.house.gate.parts.models, parts.ground.clock.now()
    configuration = desk.configuration
    return ModelsView(
        [_model(desk, card, now) for card in sorted(configuration.catalog, key=lambda card: card.name)],
        [_route(desk, configuration.routes[name], now) for name in sorted(configuration.routes)],
        configuration.book.name,
    )


async def uses(ground: Ground, days: int = 7) -> list[ModelUseView]:
    """What models were used for by agents that are not ours, in the last days."""
    since = datetime.fromtimestamp(ground.clock.now() // MICROSECONDS, UTC).date() - timedelta(days=days - 1)
    rows = await ground.database.fetch("figures.since", since.isoformat())
    return [ModelUseView(*row) for row in rows]


def _model(desk: ModelDesk, card: ModelCard, now: int) -> ModelView:
    period = desk.configuration.book.period(card.name, now)
    return ModelView(
        card.name, card.provider, card.window, tuple(sorted(card.capabilities)), tuple(sorted(card.regions)),
        card.retention, period.rates.input if period else None, period.rates.output if period else None,
        card.simulated, desk.health.resting(card.name), _cassette(desk, card),
    )  # fmt: skip


def _cassette(desk: ModelDesk, card: ModelCard) -> str:
    spec = desk.configuration.providers.get(card.provider)
    return f"{spec.cassette} ({spec.cassette_mode})" if spec is not None and spec.cassette else ""


def _route(desk: ModelDesk, route: Route, now: int) -> RouteView:
    decision = desk.router.explain(route, Need(), now)
    return RouteView(
        route.name, route.models, route.fallbacks, decision.order,
        tuple(f"{each.model}: {each.sentence}" for each in decision.eliminated),
    )  # fmt: skip
