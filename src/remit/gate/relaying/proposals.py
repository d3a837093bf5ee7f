"""What a model proposes to a foreign agent, held against the same rules as what our own agents do: a tool that is ours
as a call of it, any other as a tool that the agent has in its own process.

It is advice. Whoever has the tool may still use it, so a no here keeps a proposal from the agent and prevents nothing
(S30); it is counted as that. Calls of our own tools are decided again when they are really made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import Denied
from remit.domain.decisions import AccessRequest, Decision, Outcome
from remit.domain.errors import Refused, RunProblem
from remit.domain.event import object_of
from remit.domain.front_errors import Pending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.wire.messages import ToolCall, ToolSpec

Json = Any
_LONGEST = 2000


class Proposals:
    """The tool calls of one answer."""

    def __init__(self, parts: GateParts, actor: Actor, tools: Sequence[ToolSpec]) -> None:
        self._parts = parts
        self._actor = actor
        self.any = bool(tools)
        """Whether the model can propose any."""
        self.told: list[dict[str, Json]] = []
        """What was proposed and decided, for the log."""
        self.asking: list[tuple[ToolCall, dict[str, Json]]] = []
        """What a person has to agree to, and what the log says of it."""
        self.refusal = ""
        """Why the turn ends without them; empty if it does not."""

    def look_at(
        self,
        calls: Sequence[ToolCall],
        judge: Callable[[AccessRequest, int], Decision],
        as_known: Callable[[AccessRequest], AccessRequest],
    ) -> None:
        """Decide about each; one no ends the turn, for calls of one turn belong together."""
        self.told, self.refusal, self.asking = [], "", []
        now = self._parts.clock.now()
        for call in calls:
            request = as_known(self._request(call))
            decision = judge(request, now)
            said: dict[str, Json] = {"tool": call.name, "decision": str(decision.outcome), "advised": True}
            if decision.reasons:
                said["rules"] = [reason.rule for reason in decision.reasons]
            ours = request.action == "call"
            self.told.append(said)
            if decision.outcome is Outcome.ASK and not ours:
                self.asking.append((call, said))
                continue
            passes = decision.allows or (ours and decision.outcome in {Outcome.ASK, Outcome.DEFER})
            if not passes and not self.refusal:
                said["refused"] = True
                self.refusal = self._words(call, decision)

    async def ask(self, consent: Callable[[str, str], Awaitable[None]] | None) -> None:
        """Have people agree to what they have to agree to; whoever is not heard in time is not waited for."""
        for call, said in self.asking:
            if self.refusal:
                return
            said["refused"] = True
            try:
                if consent is None:
                    raise Denied("nobody can be asked here.")
                await consent(call.name, call.arguments)
            except Pending as wrong:
                said["approval"] = wrong.approval
                waits = f"The call of {call.name} waits for a person (approval {wrong.approval})."
                self.refusal = f"{waits} {wrong.hint}".strip()
            except (Refused, RunProblem) as wrong:
                self.refusal = f"The call of {call.name} was refused: {wrong.message}"
            else:
                said["refused"], said["agreed"] = False, True

    def _request(self, call: ToolCall) -> AccessRequest:
        actor, tool = self._actor, self._parts.registry.find(call.name)
        environment = self._parts.environment
        if tool is None:
            context = {"arguments": call.arguments}
            return AccessRequest(
                actor.user, actor.team, actor.agent, "advise", call.name, {}, context, environment=environment
            )
        try:
            arguments = object_of(msgspec.json.decode(call.arguments or "{}"))
        except msgspec.DecodeError:
            arguments = {}
        return AccessRequest(
            actor.user, actor.team, actor.agent, "call", call.name, {"digest": tool.manifest.digest}, arguments,
            environment=environment,
        )  # fmt: skip

    def _words(self, call: ToolCall, decision: Decision) -> str:
        reason = decision.reasons[0] if decision.reasons else None
        because = f": {reason.text or reason.rule}" if reason is not None else ""
        agent = self._actor.agent or self._actor.user
        remedies = " ".join(reason.remedies) if reason is not None else ""
        said = f"The call of {call.name} was refused: {agent} may not use it{because}. {remedies}"
        return said.strip()[:_LONGEST]
