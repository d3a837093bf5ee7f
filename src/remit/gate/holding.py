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
from remit.domain.ids import approval_id
from remit.domain.runs import ParkReason
from remit.engine.asking import Question, ask
from remit.engine.step import seconds
from remit.policy.intersection import plain_name
from remit.store.database import Op
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.domain.decisions import Decision, Requirement
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution

_ABOUT = frozenset({"rule", "reason", "digest", "terms", "place", "argument", "source", "quorum"})
"""What a question says beside the card."""
_ROUNDS = 5
"""How often one action may be held before it is refused: rules that keep asking are a mistake."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Somebody agreed."""

    rule: str
    terms: str
    """What the rule asked for, by digest: whoever asks for more is not answered by it."""
    by: str
    card: str = ""
    """What was agreed to, by digest: the action as it was shown, or as a reviewer changed it."""
    approval: str = ""
    """The question."""
    arguments: dict[str, Any] | None = None
    """Other arguments than were asked for, if a reviewer changed them."""
    editor: str = ""
    """Who changed them."""


async def heed(execution: Execution, call: Placed, number: int) -> Verdict | None:
    """The verdict on what was asked here in an earlier life; None if nothing was. A no counts, whatever the rules
    say by now.
    """
    path = _path(call, number)
    recorded = execution.journal.look(path)
    opened = (
        next((each.event for each in recorded if isinstance(each.event, WaitOpened)), None)
        if recorded
        else None
    )
    if opened is None:
        return None
    question = Question(
        "approval", opened.group, opened.value, opened.name, opened.due, opened.otherwise, key=call.key
    )
    return await _answered(execution, call, path, question)


async def hold(
    execution: Execution, call: Placed, decision: Decision, number: int, card: dict[str, Any], facts: dict[str, Any],
    requester: str = "",
) -> Verdict:  # fmt: skip
    """Wait for a person; raises `Rejected` for a no."""
    requirement = decision.requirement
    if requirement is None or number > _ROUNDS:
        raise Denied(f"{call.path} was held {number - 1} times, and a rule still asks.", "Mend the policy.")
    digest = action_digest(execution, call, card, requirement)
    value = {
        **card, "rule": requirement.rule, "reason": requirement.text, "digest": digest, "terms": terms_of(requirement),
    }  # fmt: skip
    why = next((reason for reason in decision.reasons if reason.rule == requirement.rule), None)
    if why is not None:
        said = {"place": why.place, "argument": why.argument, "source": why.source}
        value |= {name: text for name, text in said.items() if text}
    value |= {"quorum": requirement.quorum} if requirement.quorum > 1 else {}
    due, otherwise = _due(execution, requirement), requirement.otherwise
    path = _path(call, number)
    terms = Op("approvals.terms", (_question_id(execution, path), requirement.quorum, requester))
    question = Question(
        "approval", requirement.group, value, call.step.name, due, otherwise, key=call.key, ops=(terms,)
    )  # fmt: skip
    execution.note(ActionHeld(call.step.name, call.digest, {**facts, "digest": digest}), call.path)
    return await _answered(execution, call, path, question)


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


def action_digest(
    execution: Execution, call: Placed, card: dict[str, Any], requirement: Requirement,
    labels: dict[str, Any] | None = None, contract: str = "",
) -> str:  # fmt: skip
    """The name of exactly this action and of what is asked for: run, step, tool and arguments as the card says, where
    these come from, the contract that they were held to, and the requirement (S21).
    """
    row = execution.row
    said = [row.id, row.generation, call.path, card, labels or {}, contract, asdict(requirement)]
    return canonical.digest(canonical.plain(said))


def card_digest(card: dict[str, Any]) -> str:
    """The name of what somebody is shown."""
    return canonical.digest(canonical.plain(card))


def terms_of(requirement: Requirement) -> str:
    """What a rule asks for, by digest: the group, how many of it, the time, and what happens when nobody answers."""
    said = asdict(requirement) | {"rule": plain_name(requirement.rule)}
    return canonical.digest(canonical.plain(said))[:16]


async def _answered(execution: Execution, call: Placed, path: str, question: Question) -> Verdict:
    closed = await ask(execution, call.scope, path, question, execution.journal.look(path))
    if closed.how != "approved":
        if not closed.by:
            raise Rejected(f"nobody agreed to {call.step.name} in time, and silence is a no.")
        raise Rejected(f"{closed.by} did not agree to {call.step.name}: {closed.comment or closed.how}.")
    asked = object_of(question.value)
    changed = _edited(asked, closed.value)
    card = {name: said for name, said in asked.items() if name not in _ABOUT}
    editor = ""
    if changed is not None:
        card["arguments"] = changed
        editor = str(object_of(closed.value).get("edited_by") or closed.by)
    return Verdict(
        asked.get("rule", ""), asked.get("terms", ""), closed.by or "policy", card_digest(card),
        _question_id(execution, path) if closed.by else "", changed, editor,
    )  # fmt: skip


def _question_id(execution: Execution, path: str) -> str:
    return approval_id(f"{execution.row.id}.{execution.row.generation}", path)


def _path(call: Placed, number: int) -> str:
    return f"{call.path}/approval" if number == 1 else f"{call.path}/approval#{number}"


def _due(execution: Execution, requirement: Requirement) -> int | None:
    """When the time to answer is over; where silence is a yes, a clock that was set back makes it no shorter."""
    if not requirement.within:
        return None
    now = execution.services.time.latest() if requirement.otherwise == "approve" else execution.now()
    return now + int(seconds(requirement.within) * MICROSECONDS)


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
