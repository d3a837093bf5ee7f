"""How far what is shown trails the log, as a finding: a list that stands still looks like a day without anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.finding import Finding
from remit.insight.projector import lag_of

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

_LATE = 60.0
"""Seconds after which nobody seems to read the log."""


async def examine_lag(ground: Ground) -> list[Finding]:
    """Whether what is told of the log is near its end."""
    lag = await lag_of(ground.database, ground.clock)
    if lag.events and lag.seconds > _LATE:
        message = (
            f"lists, traces and figures are {lag.events:,} events and {lag.seconds:.0f} s behind the log"
        )
        return [Finding("observer", "warning", message, "Start what tells of it, with the workers: remit up")]
    return [Finding("observer", "ok", "lists, traces and figures are up to date", "")]
