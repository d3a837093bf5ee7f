"""What somebody outside says to a question that a task asks: yes, no, or a value, by the rules that hold for every
answer. It knows no task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.approving import inbox
from remit.domain.approvals import UNCHANGED
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.domain.people_errors import NotAPerson
from remit.wire.tasks import data_of, text_of

if TYPE_CHECKING:
    from remit.control.runs.reach import Reach

Json = Any
_YES = frozenset({"approve", "approved", "yes"})
_NO = frozenset({"reject", "rejected", "no"})


async def answer(reach: Reach, question: str, said: list[dict[str, Json]], *, person: bool) -> None:
    """Decide a question as whoever says it; `person`: whether it is somebody, and not an agent's key."""
    if not person:
        raise NotAPerson(
            f"{question} is for a person, and this is the key of an agent.", "A person answers: remit inbox"
        )
    verdict, value, comment = await _read(reach, question, said)
    await inbox.decide(reach, question, verdict, value, comment, "")


async def _read(reach: Reach, question: str, said: list[dict[str, Json]]) -> tuple[str, Any, str]:
    """Data says it exactly: `{"decision": "approve", "value": …, "comment": …}`. A single word does, too; for a
    question that takes a text, any text is the answer.
    """
    data, text = data_of(said), text_of(said).strip()
    if data:
        found = object_of(data[0])
        about, word = str(found.get("question", "") or question), str(found.get("decision", "")).lower()
        if about != question:
            raise InvalidInput(f"{about} is not what is asked; {question} is.", "Answer that.")
        if word in _YES | _NO:
            value = found["value"] if "value" in found and word in _YES else UNCHANGED
            return _verdict(word), value, str(found.get("comment", "") or text)
    elif text.lower().rstrip(".!") in _YES | _NO:
        return _verdict(text.lower().rstrip(".!")), UNCHANGED, ""
    elif text and object_of((await inbox.item(reach.ground, question)).shape).get("type") == "string":
        return "approved", text, ""
    raise InvalidInput(
        f"this is no answer to {question}.",
        'Say "approve" or "reject", or send {"decision": "approve"} as data.',
    )


def _verdict(word: str) -> str:
    return "approved" if word in _YES else "rejected"
