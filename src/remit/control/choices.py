"""What a workspace chose, as the parts of a platform take it: small values, filled from the settings. It opens nothing
but what is in force of limits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.control.authority import limits_in_force
from remit.control.authority.policy_in_force import demands_two
from remit.control.online.terms import OnlineTerms
from remit.control.protecting.protection import rules_of
from remit.control.running.containing import Containment
from remit.control.tasking.served import Served
from remit.domain.budgets import MICRO
from remit.domain.clock import MICROSECONDS
from remit.engine.services import Limits
from remit.policy.containment.breakers import BreakerLimits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.ground.ground import Ground
    from remit.control.protecting.protection import Rules
    from remit.control.sections import Settings
    from remit.control.workspace.code import Code
    from remit.engine.flow import Flow


def rules_in(chosen: Settings, flows: Mapping[str, Flow]) -> Rules:
    """The rules of capture and retention."""
    capture, retention = chosen.capture, chosen.retention
    return rules_of(
        chosen.workspace.environment, capture.classes, retention.classes, flows,
        undo_days=capture.undo_days, detect=capture.detect, days=retention.days,
    )  # fmt: skip


def online_in(chosen: Settings) -> OnlineTerms:
    """What of live runs is scored, and for how much."""
    online = chosen.online
    return OnlineTerms(online.percent, online.judges, online.judge_cents * MICRO // 100, online.seconds)


async def held(ground: Ground, written: Mapping[str, Any], code: Code, chosen: Settings) -> dict[str, Any]:
    """What is in force of it."""
    at, flows = chosen.workspace, [flow.name for flow in code.flows]
    if code.released is not None:  # what is in force holds, whatever this code lacks of what it speaks about
        return await limits_in_force.held_already(ground, written)

    def fits(name: str, content: Any) -> None:
        limits_in_force.fits(name, content, at.team, at.environment, code.agents, flows)

    wanted = demands_two(chosen.policy.protect, at.environment)
    return await limits_in_force.at_start(ground, written, fits, wanted=wanted)


def as_agreed(chosen: Settings, kept: Any) -> Settings:
    """The settings with the rules of capture and retention that are in force."""
    return replace(
        chosen, capture=limits_in_force.as_agreed(chosen.capture, kept["capture"]),
        retention=limits_in_force.as_agreed(chosen.retention, kept["retention"]),
    )  # fmt: skip


def served_in(chosen: Settings) -> Served:
    """What is served to other agents."""
    a2a = chosen.a2a
    return Served(a2a.agents, chosen.agui.agents, a2a.url, a2a.push, a2a.push_private)


def limits_in(chosen: Settings) -> Limits:
    """What is refused of a run."""
    return Limits(
        chosen.limits.result_bytes, chosen.limits.journal_events,
        chosen.step.timeout_seconds, chosen.step.grace_seconds,
    )  # fmt: skip


def containment_in(chosen: Settings) -> Containment:
    """What halts, breakers and the outbox go by."""
    fuse, outbox = chosen.breakers, chosen.outbox
    limits = BreakerLimits(
        fuse.window_seconds * MICROSECONDS, fuse.deny_percent, fuse.deny_least, fuse.repeats, fuse.cost_cents * 10_000,
        fuse.fan_out,
    )  # fmt: skip
    return Containment(
        chosen.halts.age_seconds, limits, fuse.action, fuse.cool_down_seconds, outbox.window, outbox.tools,
        chosen.workspace.environment,
    )  # fmt: skip
