"""Exchanges that nobody carries any more: their process died, or whoever asked left while a person was asked.

What was sent and never answered is charged as lost, and the run ends as `client_gone`: nothing of it is repeated
(S29). One exception goes on by itself: a call of a tool that somebody agreed to, or of which nobody knows whether it
took place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.fronting.exchanges import actor_of
from remit.domain.action_errors import ClientGone
from remit.domain.action_events import ActionAdmitted
from remit.domain.budgets import Amount
from remit.domain.event import object_of
from remit.domain.events import StepClaimed, StepDone, StepFailed, WaitOpened
from remit.domain.fronting import EXCHANGE as FLOW
from remit.engine.flow import Flow
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.agents.run import Run
    from remit.domain.fronting import Caller
    from remit.engine.execution import Execution
    from remit.gate.gate import Gate
    from remit.store.log import Entry

_GOES_ON = (WaitOpened, StepClaimed)


def exchange_flow(gate: Gate, caller_of: Callable[[str, dict[str, Any]], Awaitable[Caller]]) -> Flow:
    """The flow that exchanges are runs of; its code is what becomes of one that was left."""

    async def exchange(run: Any, kind: str, key: str, told: dict[str, Any], about: dict[str, Any]) -> Any:
        """One exchange of an agent that is not ours."""
        found: Run = run
        execution = found.execution
        if kind == "tool" and _goes_on(execution):
            actor = actor_of(await caller_of(key, about))
            text = canonical.encode(told.get("arguments") or {}).decode()
            result, note = await gate.call_text(execution, actor, str(told.get("tool")), text)
            return {"result": result, "note": note}
        _settle_lost(execution, gate)
        raise ClientGone("nobody was connected any more, and what they asked for is not repeated.")

    return Flow(exchange, FLOW, "", "UTC")


def _goes_on(execution: Execution) -> bool:
    return any(isinstance(entry.event, _GOES_ON) for entry in execution.journal.entries)


def _settle_lost(execution: Execution, gate: Gate) -> None:
    """Charge all that unanswered attempts might have used (S25), and say so at their places."""
    if execution.dry:
        return
    for path, entries in list(execution.journal.at_path.items()):
        sent = [entry for entry in entries if isinstance(entry.event, ActionAdmitted)]
        if sent and not any(isinstance(entry.event, StepDone | StepFailed) for entry in entries):
            _settle(execution, gate, path, sent)


def _settle(execution: Execution, gate: Gate, path: str, sent: list[Entry]) -> None:
    budgets = gate.parts.budgets
    bounds = [object_of(object_of(getattr(entry.event, "detail", None)).get("bound")) for entry in sent]
    used = sum((Amount(**each["most"]) for each in bounds if each), Amount())
    ops = [op for each in bounds for op in budgets.lost_ops(each.get("shared"))]
    detail = {
        "used": {"money": used.money, "tokens": used.tokens, "steps": min(used.steps, 1)},
        "lost": len(sent),
    }  # fmt: skip
    first = sent[0].event
    assert isinstance(first, ActionAdmitted)  # noqa: S101 - chosen for that
    why = "the process died, or whoever asked left, before there was an answer."
    event = StepFailed(first.name, first.digest, ClientGone.code, why, sent[0].at, len(sent), detail)
    execution.note(event, path, ops)
    for each in bounds:
        budgets.count_lost(each.get("shared"))
