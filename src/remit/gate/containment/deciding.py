"""What containment makes of a yes: a no where a flag is off, a question in quarantine, a wait in the outbox. It only
ever takes away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from remit.gate.containment.quarantine import confined, stays_inside

if TYPE_CHECKING:
    from remit.domain.decisions import AccessRequest, Decision
    from remit.domain.runs import RunRow
    from remit.gate.actor import Actor
    from remit.gate.containment.board import HaltBoard
    from remit.gate.containment.outbox import Outbox
    from remit.gate.flag_board import FlagBoard
    from remit.tools.registry import Registry


class Deciding(Protocol):
    """What the gate holds, as far as it changes a decision here."""

    @property
    def registry(self) -> Registry:
        """The tools."""
        ...

    @property
    def halts(self) -> HaltBoard:
        """What may not act, or only read."""
        ...

    @property
    def outbox(self) -> Outbox:
        """How long calls are held back."""
        ...

    @property
    def flags(self) -> FlagBoard:
        """What is switched off for a share of runs."""
        ...


def contained(
    parts: Deciding, actor: Actor, row: RunRow | None, request: AccessRequest, decision: Decision,
    agreed: dict[str, str],
) -> Decision:  # fmt: skip
    """A decision under quarantine and undo window."""
    if not decision.allows or row is None:
        return decision
    tool = parts.registry.find(request.resource) if request.action == "call" else None
    if parts.halts.any:
        recalls = request.action == "memory" and request.context.get("operation") == "recall"
        if not (recalls or (tool is not None and stays_inside(tool.manifest))):
            about = actor.concern(row, request.resource if tool is not None else "")
            decision = confined(parts.halts, about, decision, agreed)
    if tool is not None:
        decision = parts.flags.without_tool(decision, request.resource, actor.agent, row)
    if tool is not None and decision.allows:
        decision = parts.outbox.held(tool.manifest, decision, agreed)
    return decision
