"""When models end: `[deprecations.NAME]` of models.toml. What providers announce changes from week to week, so none of
it ships with Remit; a workspace writes down what concerns it. It knows neither runs nor suites, only their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidCatalog
from remit.models.catalog import nearest, shipped_cards
from remit.models.tables import FILE, HINT, mapping, read

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

WARNED_DAYS = 60
"""So long before the end somebody is told of it."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A model that ends."""

    model: str
    date: date
    """The first day on which it does not answer any more."""
    replacement: str = ""
    suites: tuple[str, ...] = ()
    """Those that have to pass with the replacement before."""
    note: str = ""

    def days_left(self, today: date) -> int:
        """How many days it still answers; below zero: for so long it has not."""
        return (self.date - today).days


@dataclass(frozen=True)
class _Table:
    date: Any
    replacement: str = ""
    suites: tuple[str, ...] = ()
    note: str = ""


def deprecations_of(table: Mapping[str, Any], known: Collection[str]) -> tuple[Deprecation, ...]:
    """The calendar of a workspace, the next end first; every model has to be one that somebody could name."""
    said = mapping(table.get("deprecations", {}), "deprecations")
    found = [_deprecation(name, each, {*known, *shipped_cards()}) for name, each in said.items()]
    return tuple(sorted(found, key=lambda each: (each.date, each.model)))


def _deprecation(name: str, table: object, known: Collection[str]) -> Deprecation:
    place = f'deprecations."{name}"'
    said = read(table, _Table, place)
    if not isinstance(said.date, date) or isinstance(said.date, datetime):
        raise InvalidCatalog(f'{FILE}: [{place}] "date" takes a day, such as date = 2027-03-31.', HINT)
    for model in filter(None, (name, said.replacement)):
        if model not in known:
            raise InvalidCatalog(
                f'{FILE}: [{place}] names "{model}", which is no model{nearest(model, known)}.', HINT
            )
    if said.replacement == name:
        raise InvalidCatalog(f"{FILE}: [{place}] is to be replaced by itself.", HINT)
    return Deprecation(name, said.date, said.replacement, said.suites, said.note)
