"""Holding an action: a person has to agree to exactly this, or it has to wait for a time. Nothing is lost meanwhile.

The question names the action by a digest over run, place, tool, arguments and the rule that asked; an answer counts
for that and for nothing else (S21). The model is not asked again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import BadArguments, Denied
from remit.domain.action_events import ActionHeld
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Rejected
from remit.domain.event import object_of
from remit.domain.events import WaitOpened
from remit.domain.runs import ParkReason
from remit.engine.asking import Question, ask
from remit.engine.step import seconds
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.domain.decisions import Decision, Requirement
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution

_ROUNDS = 5
"""How often one action may be held before it is refused: rules that keep asking are a mistake."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Somebody agreed."""

    rule: str
    terms: str
    """What the rule asked for, by digest: whoever asks for more is not answered by it."""
    by: str
    arguments: dict[str, Any] | None = None
    """Other arguments than were asked for, if the reviewer changed them."""


async def heed(execution: Execution, call: Placed, number: int) -> Verdict | None:
    """The verdict on what was asked here in an earlier life; None if nothing was. A no counts, whatever the rules
    say by now.
    """
    path = _path(call, number)
    recorded = execution.journal.look(path)
    opened = next((each.event for each in recorded if isinstance(each.event, WaitOpened)), None)
    if opened is None:
        return None
    question = Question("approval", opened.group, opened.value, opened.name, opened.due, opened.otherwise)
    return await _answered(execution, call, path, question)


async def hold(
    execution: Execution, call: Placed, decision: Decision, number: int, card: dict[str, Any], facts: dict[str, Any]
) -> Verdict:  # fmt: skip
    """Wait for a person; raises `Rejected` for a no."""
    requirement = decision.requirement
    if requirement is None or number > _ROUNDS:
        raise Denied(f"{call.path} was held {number - 1} times, and a rule still asks.", "Mend the policy.")
    digest = action_digest(execution, call, card, requirement)
    value = {
        **card, "rule": requirement.rule, "reason": requirement.text, "digest": digest, "terms": terms_of(requirement),
    }  # fmt: skip
    due, otherwise = _due(execution, requirement), requirement.otherwise
    question = Question("approval", requirement.group, value, call.step.name, due, otherwise)
    execution.note(ActionHeld(call.step.name, call.digest, {**facts, "digest": digest}), call.path)
    return await _answered(execution, call, _path(call, number), question)


async def postpone(
    execution: Execution, call: Placed, decision: Decision, rounds: int, facts: dict[str, Any]
) -> None:
    """Wait until the time that the rule names; then it is decided again."""
    if decision.until is None or rounds > _ROUNDS:
        raise Denied(f"{call.path} was put off {rounds - 1} times, and a rule still says later.")
    if not execution.journal.look(f"{call.path}/deferred"):
        detail = {**facts, "until": decision.until}
        execution.note(ActionHeld(call.step.name, call.digest, detail), f"{call.path}/deferred")
    await execution.wait(call.scope, call.path, ParkReason.TIMER, decision.until)


def action_digest(execution: Execution, call: Placed, card: dict[str, Any], requirement: Requirement) -> str:
    """The name of exactly this action and of what is asked for (S21)."""
    return canonical.digest(
        canonical.plain([execution.row.id, execution.row.generation, call.path, card, asdict(requirement)])
    )


def terms_of(requirement: Requirement) -> str:
    """What a rule asks for, by digest: the group, the time, and what happens when nobody answers."""
    return canonical.digest(canonical.plain(asdict(requirement)))[:16]


async def _answered(execution: Execution, call: Placed, path: str, question: Question) -> Verdict:
    closed = await ask(execution, call.scope, path, question, execution.journal.look(path))
    if closed.how != "approved":
        who = closed.by or "nobody in time"
        raise Rejected(f"{who} did not agree to {call.step.name}: {closed.comment or closed.how}.")
    asked = object_of(question.value)
    changed = _edited(asked, closed.value)
    return Verdict(asked.get("rule", ""), asked.get("terms", ""), closed.by or "policy", changed)


def _path(call: Placed, number: int) -> str:
    return f"{call.path}/approval" if number == 1 else f"{call.path}/approval#{number}"


def _due(execution: Execution, requirement: Requirement) -> int | None:
    return execution.now() + int(seconds(requirement.within) * MICROSECONDS) if requirement.within else None


def _edited(asked: dict[str, Any], answered: Any) -> dict[str, Any] | None:
    """The arguments that a reviewer put in place of those that were asked about."""
    if answered is None or answered == asked:
        return None
    changed = cast("dict[str, Any]", answered) if isinstance(answered, dict) else {"arguments": None}
    arguments = changed.get("arguments", changed if "tool" not in changed else None)
    if not isinstance(arguments, dict):
        raise BadArguments(
            "the reviewer's change is no set of arguments.", 'Approve with {"arguments": {…}}, or as it is.'
        )
    found = cast("dict[str, Any]", arguments)
    return None if found == asked.get("arguments") else found
