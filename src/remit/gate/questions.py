"""A tool that asks a person: the call becomes a question of the run, which may wait for days and parks meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionHeld
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Rejected
from remit.domain.event import object_of
from remit.engine.asking import Question, ask
from remit.engine.step import seconds

if TYPE_CHECKING:
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.tools.builtin.human import HumanOptions


async def ask_person(
    execution: Execution, call: Placed, options: HumanOptions, asked: dict[str, Any], facts: dict[str, Any]
) -> str:
    """What the person answers; raises `Rejected` if nobody does, or does not want to."""
    path = f"{call.path}/question"
    recorded = execution.journal.look(path)
    if not recorded:
        execution.note(ActionHeld(call.step.name, call.digest, {**facts, "asks": options.group}), call.path)
    due = execution.now() + int(seconds(options.within) * MICROSECONDS) if options.within else None
    question = Question("human", options.group, asked, "", due, options.otherwise)
    closed = await ask(execution, call.scope, path, question, recorded)
    if closed.how != "approved":
        said = f": {closed.comment}" if closed.comment else ""
        raise Rejected(f"{closed.by or f'nobody of {options.group} in time'} gave no answer{said}.")
    return _words(closed.value, asked, closed.comment)


def _words(value: Any, asked: dict[str, Any], comment: str) -> str:
    """The answer in words: what was typed, or the comment; a plain yes is one."""
    if value == asked or value is None:
        return comment or "yes"
    answer = object_of(value).get("answer", value) if isinstance(value, dict) else value
    return answer if isinstance(answer, str) else str(answer)
