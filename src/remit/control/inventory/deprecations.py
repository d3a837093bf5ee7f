"""The calendar of models that end: who depends on each, how long it still answers, and what its replacement was tried
with. The doctor and the check say the same in a line.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from remit.control.finding import Finding
from remit.control.inventory.views import DeprecationView, SuiteStanding
from remit.control.observing.wiring import catch_up
from remit.domain.clock import MICROSECONDS
from remit.models.catalog import maker_name
from remit.models.deprecations import WARNED_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.agents.agent import Agent
    from remit.control.evaluating.views import ExperimentSummary
    from remit.control.ground.ground import Ground
    from remit.models.configuration import Configuration
    from remit.models.deprecations import Deprecation
    from remit.store.database import Row

_DAYS = 30
_EXPERIMENTS = 20
_NOT_MEASURED = "not measured"


class Book(Protocol):
    """Who knows what experiments came to."""

    async def experiments(self, suite: str = "", limit: int = 20) -> list[ExperimentSummary]:
        """The latest of a suite."""
        ...


async def calendar(
    ground: Ground, models: Configuration, agents: Mapping[str, Agent], book: Book
) -> list[DeprecationView]:
    """Every model that ends, the next one first."""
    await catch_up(ground)
    return [await _view(ground, models, agents, book, each) for each in models.deprecations]


def sentences(models: Configuration, today: date) -> Iterator[tuple[str, str, bool]]:
    """What is to be said of models that end soon and that a route still names: what, what to do, whether it is over."""
    for each in models.deprecations:
        left, routes = each.days_left(today), _routes(models, each.model)
        if left > WARNED_DAYS or not routes:
            continue
        over = left <= 0
        when = f"ended on {each.date}" if over else f"ends on {each.date}, in {_days(left)}"
        named = "the route" if len(routes) == 1 else "the routes"
        instead = f"Let {each.replacement} take its place" if each.replacement else "Choose another model"
        yield (
            f"{each.model} {when}, and {named} {', '.join(routes)} may ask it.",
            f"{instead}; what that was tried with: remit models deprecations",
            over,
        )


def findings(models: Configuration, now: int) -> list[Finding]:
    """The same for the doctor."""
    found = [
        Finding("models", "broken" if over else "warning", what.rstrip("."), remedy)
        for what, remedy, over in sentences(models, today_of(now))
    ]
    if found or not models.deprecations:
        return found
    return [Finding("models", "ok", f"no model that a route asks ends within {WARNED_DAYS} days", "")]


def today_of(now: int) -> date:
    """The day of a moment, in UTC."""
    return datetime.fromtimestamp(now // MICROSECONDS, UTC).date()


async def _view(
    ground: Ground,
    models: Configuration,
    agents: Mapping[str, Agent],
    book: Book,
    ends: Deprecation,
) -> DeprecationView:
    today = today_of(ground.clock.now())
    routes = _routes(models, ends.model)
    rows = await _callers(ground, today, _names(models, ends.model))
    standing = [await _standing(ground, book, suite, ends) for suite in ends.suites]
    return DeprecationView(
        ends.model, ends.date, ends.days_left(today), ends.replacement, tuple(routes),
        tuple(sorted(name for name, agent in agents.items() if agent.route in routes)),
        sum(int(row[3]) for row in rows), tuple(dict.fromkeys(row[1] or row[2] for row in rows)),
        tuple(standing), ends.note,
    )  # fmt: skip


async def _callers(ground: Ground, today: date, names: set[str]) -> list[Row]:
    """Who called it in the last days, by any of its names: here, at its provider, or with a date behind that."""
    first, team = today - timedelta(days=_DAYS - 1), ground.principal.team
    begin = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()) * MICROSECONDS
    known = set(names)
    for name in names:
        known |= {
            str(row[0]) for row in await ground.database.fetch("deprecations.served", team, begin, name)
        }
    found: dict[tuple[str, ...], Row] = {}
    for name in sorted(known):
        for row in await ground.database.fetch("deprecations.users", team, first.isoformat(), f"{name}%"):
            if str(row[0]) == name or maker_name(str(row[0])) == name:
                found[str(row[0]), str(row[1]), str(row[2])] = row
    return list(found.values())


async def _standing(ground: Ground, book: Book, suite: str, ends: Deprecation) -> SuiteStanding:
    """The latest experiment of a suite in which the replacement answered, and the model that ends did not."""
    for each in await book.experiments(suite, _EXPERIMENTS) if ends.replacement else ():
        rows = await ground.database.fetch("deprecations.tried", each.id, ends.replacement, ends.model)
        called = {str(name): int(count) for name, count in rows}
        if each.status == "succeeded" and called.get(ends.replacement) and not called.get(ends.model):
            return SuiteStanding(suite, each.verdict or "tried, and compared with nothing", each.id, each.at)
    return SuiteStanding(suite, _NOT_MEASURED)


def _routes(models: Configuration, model: str) -> list[str]:
    return sorted(name for name, route in models.routes.items() if model in route.candidates)


def _names(models: Configuration, model: str) -> set[str]:
    """What it is called here, and by its provider; there perhaps with a date behind it."""
    return {model, models.catalog.card(model).sent_name if model in models.catalog else model}


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
