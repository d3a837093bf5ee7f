"""What the rules on trial would have said otherwise than those in force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.domain.policy_events import ShadowDiffered
from remit.engine.outside import team_stream
from remit.engine.step import seconds

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """Decisions that the tried rules would have made otherwise."""

    action: str
    resource: str
    agent: str
    answer: str
    other: str
    rule: str
    times: int
    last_run: str
    shadow: str


async def differences(ground: Ground, since: str = "7d") -> list[DifferenceView]:
    """What would have been decided otherwise, most often first."""
    start = ground.clock.now() - int(seconds(since) * MICROSECONDS)
    entries, _ = await ground.log.read(team_stream(ground.principal.team), lenient=True)
    found: dict[tuple[str, ...], DifferenceView] = {}
    for entry in entries:
        event = entry.event
        if not isinstance(event, ShadowDiffered) or entry.at < start:
            continue
        key = (event.shadow, event.action, event.resource, event.agent, event.answer, event.other, event.rule)
        view = DifferenceView(
            event.action, event.resource, event.agent, event.answer, event.other, event.rule, event.times, event.run,
            event.shadow,
        )  # fmt: skip
        known = found.get(key)
        found[key] = view if known is None else replace(view, times=known.times + view.times)
    return sorted(found.values(), key=lambda view: (-view.times, view.resource, view.agent))
