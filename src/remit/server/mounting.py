"""The fronts that speak for themselves, keys included: each is imported only where somebody is served by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.tasking.offering import refuse_without_library

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.server.request import ASGIApp


def task_fronts(platform: Platform) -> dict[str, ASGIApp]:
    """A2A and AG-UI, by path."""
    served = platform.tasks.served
    found: dict[str, ASGIApp] = {}
    if served.a2a:
        refuse_without_library(served.a2a)
        from remit.server.a2a.front import endpoints

        found |= endpoints(platform)
    if served.agui:
        from remit.server.agui.front import endpoints as agui_endpoints

        found |= agui_endpoints(platform)
    return found
