"""Quarantine: an agent may read what needs no way out, and ask models; for everything else a person is asked.

A no stays a no, and a question that a rule asks is asked first; this only ever takes away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.decisions import Decision, Outcome, Reason, Requirement
from remit.domain.tools import ArgumentRole

if TYPE_CHECKING:
    from remit.domain.halts import Concern, Halt
    from remit.domain.tools import ToolManifest
    from remit.gate.containment.board import HaltBoard

GROUP = "operators"
_WAYS_OUT = frozenset({ArgumentRole.URL, ArgumentRole.DESTINATION, ArgumentRole.CODE})


def confined(board: HaltBoard, about: Concern, decision: Decision, agreed: dict[str, str]) -> Decision:
    """A decision about something that needs a way out or writes, under the quarantine that it is in, if any."""
    halt = board.quarantine(about) if decision.allows else None
    if halt is None or rule_of(halt) in agreed:
        return decision
    remedies = ("Let somebody agree to exactly this.", f"Lift the quarantine: remit lift {halt.id}")
    reason = Reason(rule_of(halt), "", halt.sentence, remedies=remedies)
    asked = Requirement(GROUP, reason.rule, halt.sentence, violation=True)
    return Decision(Outcome.ASK, (reason,), asked, decision.changes, policy=decision.policy)


def without_model(halt: Halt, decision: Decision) -> Decision:
    """No to a model that is halted; the route goes on with the others."""
    reason = Reason(halt.id, "", halt.sentence, remedies=(f"Lift it: remit lift {halt.id}",))
    return Decision(Outcome.DENY, (reason,), policy=decision.policy)


def stays_inside(manifest: ToolManifest) -> bool:
    """Whether a call only reads, and none of its arguments says where to."""
    return not manifest.effect.acts and not _WAYS_OUT & set(manifest.roles.values())


def rule_of(halt: Halt) -> str:
    """What a quarantine is called among the rules that ask."""
    return f"quarantine:{halt.id}"
