"""Which route a client means by the name of a model, and which it may name at all. A route's own name comes first; a
model's name means the route that consists of it alone, for what else a route holds is its operator's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.action_errors import Denied, UnknownRoute
from remit.models.catalog import nearest

if TYPE_CHECKING:
    from remit.domain.fronting import Caller
    from remit.models.configuration import Configuration

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class OfferedView:
    """A name that a client may ask for."""

    name: str
    route: str
    window: int | None


def route_named(configuration: Configuration, caller: Caller, name: str) -> str:
    """The route behind a name; raises `UnknownRoute`, or `Denied` where the key is not for it."""
    found = _route_of(configuration, name)
    if found is None:
        if not configuration.routes:
            configuration.route(name[:_SHOWN])  # says why there is none
        there = sorted(each.name for each in offered(configuration, caller))
        raise UnknownRoute(
            f'there is no model "{name[:_SHOWN]}" for this key{nearest(name[:_SHOWN], there)}.',
            f"There are: {', '.join(there)}." if there else "It is for none.",
        )
    if caller.routes is not None and found not in caller.routes:
        raise Denied(
            f"this key is not for the route {found}.", "Use one of: " + ", ".join(sorted(caller.routes))
        )
    return found


def offered(configuration: Configuration, caller: Caller) -> list[OfferedView]:
    """The routes that a key is for, and models that are a route of their own."""
    found: list[OfferedView] = []
    for name, route in configuration.routes.items():
        if caller.routes is None or name in caller.routes:
            windows = [configuration.catalog.card(each).window for each in route.candidates]
            known = [window for window in windows if window is not None]
            found.append(OfferedView(name, name, min(known) if known else None))
            alone = route.candidates[0] if len(route.candidates) == 1 else name
            if alone not in configuration.routes:
                found.append(OfferedView(alone, name, min(known) if known else None))
    return found


def _route_of(configuration: Configuration, name: str) -> str | None:
    if name in configuration.routes:
        return name
    alone = (route.name for route in configuration.routes.values() if route.candidates == (name,))
    return next(alone, None)
