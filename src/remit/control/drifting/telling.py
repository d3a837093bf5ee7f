"""Findings of drift in sentences, as the terminal, the doctor and the log of a process say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.drifting.views import DriftView
from remit.domain.drift_events import FingerprintChanged
from remit.operations.drift.book import DriftBook

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.domain.drift_events import DriftFound
    from remit.operations.drift.book import Found

_SHOWN = 12


def book_of(ground: Ground) -> DriftBook:
    """The drift of this team."""
    return DriftBook(ground.database, ground.keys, ground.log, ground.clock, ground.principal.team)


def view_of(found: Found) -> DriftView:
    """A finding as people read it."""
    event = found.event
    if isinstance(event, FingerprintChanged):
        return DriftView(found.id, found.found_at, event.at, _changed(event), worse=False, finding=event)
    worse = event.direction == (-1 if event.measure == "success" else 1)
    return DriftView(found.id, found.found_at, found.at, _drifted(event), worse, event)


def _changed(event: FingerprintChanged) -> str:
    name = "" if event.name in {"", event.subject} else f" {event.name}"
    shown = None if event.what == "model" else _SHOWN
    before = f"{event.before[:shown]} → " if event.before else "now "
    first = f", first in {event.run}" if event.run else ", and no run met it yet"
    return (
        f"{event.subject}: {event.what}{name} {before}{event.after[:shown]}{first}; {event.runs} runs since"
    )


def _drifted(event: DriftFound) -> str:
    said = {
        "success": f"{event.before:.0%} → {event.after:.0%} succeed",
        "steps": f"{event.before:.1f} → {event.after:.1f} steps a run",
        "cost": f"${event.before / 1e6:.4f} → ${event.after / 1e6:.4f} a run",
        "tools": f"another mix of tools (PSI {event.after:.2f}): {_shares(event)}",
    }[event.measure]
    runs = f"{event.runs_since} runs after {event.runs_before}"
    failure = f", most of {event.failure}" if event.failure and event.direction < 0 else ""
    causes = "; ".join(dict.fromkeys(_named(event, each) for each in event.causes))
    why = f"; changed just before: {causes}" if causes else ""
    return f"{event.subject}: {said} since {event.since} ({runs}){failure}{why}"


def _shares(event: DriftFound) -> str:
    shares: dict[str, list[float]] = event.shares or {}
    most = sorted(shares.items(), key=lambda each: -abs(each[1][1] - each[1][0]))
    return ", ".join(f"{name} {was:.0%} → {now:.0%}" for name, (was, now) in most[:3])


def _named(event: DriftFound, cause: dict[str, Any]) -> str:
    name = "" if cause["name"] == event.subject else f" {cause['name']}"
    return f"{cause['what']}{name}"
