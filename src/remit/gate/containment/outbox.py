"""The undo window of what cannot be undone: such a call is held back for a while, and may be called back until then.

It is a question like any other, to a group of its own, which is answered with yes by itself when the time is up. So
it survives restarts, stands in the inbox, ends with the run that is cancelled, and is decided again when it is let go
(S20). Where a person has agreed to exactly this call, nobody has to wait as well, unless the operator said so for the
tool. What a tool says of itself goes before what the workspace says of such effects, and the operator's word before
both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from remit.domain.clock import MICROSECONDS
from remit.domain.decisions import Decision, Outcome, Reason, Requirement
from remit.domain.effects import Effect
from remit.domain.tools import ToolManifest

GROUP = "outbox"
"""Who can call back, or let go at once."""
RULE = "outbox"
_MINUTE = 60
NOBODY = "policy"
"""Who is said to have agreed where the time did."""


@dataclass(slots=True)
class Outbox:
    """How long calls are held back."""

    seconds: float = 0.0
    """For tools whose effect is irreversible."""
    tools: dict[str, float] = field(default_factory=dict[str, float])
    """For tools by name, whatever their effect."""

    def holds(self, manifest: ToolManifest) -> float:
        """For how many seconds a call of this tool is held back."""
        if not manifest.effect.acts:
            return 0.0
        otherwise = self.seconds if manifest.effect is Effect.IRREVERSIBLE else 0.0
        return self.tools.get(manifest.name, otherwise if manifest.hold is None else manifest.hold)

    def held(self, manifest: ToolManifest, decision: Decision, agreed: dict[str, str]) -> Decision:
        """A yes, as a yes in a while."""
        seconds = self.holds(manifest)
        if seconds <= 0 or RULE in agreed:
            return decision
        if manifest.name not in self.tools and any(by != NOBODY for by in agreed.values()):
            return decision  # somebody looked at it
        why = (
            "it cannot be undone" if manifest.effect is Effect.IRREVERSIBLE else "its tool is held back here"
        )
        time = f"{seconds / 60:g} min" if seconds >= _MINUTE else f"{seconds:g} s"
        text = f"held back for {time}, because {why}; it is done then unless somebody calls it back"
        within = f"{int(seconds * MICROSECONDS) / MICROSECONDS:g}s"
        asked = Requirement(GROUP, RULE, text, within, "approve", violation=True)
        remedies = ("Call it back: remit undo RUN.", "Let it go at once: remit approve.")
        return Decision(
            Outcome.ASK, (Reason(RULE, "", text, remedies=remedies),), asked, decision.changes, policy=decision.policy
        )  # fmt: skip
