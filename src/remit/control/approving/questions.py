"""Questions as they stand: found by any part of their id, with what they are about, who agreed, what was asked back.

Reading only. What an answer does is `inbox`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.control.approving.views import InboxItem, NoteView
from remit.control.authority.duties import is_mine
from remit.domain.approvals import CONTRACT
from remit.domain.errors import AlreadyDecided, Shredded, UnknownApproval
from remit.domain.event import object_of
from remit.domain.events import WaitOpened
from remit.domain.people_errors import ApprovalExpired, ForeignApproval
from remit.domain.people_events import ApprovalEdited, ApprovalNoted, CanarySeeded
from remit.engine.outside import run_stream, team_stream
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.domain.event import Event
    from remit.store.database import Row

MOST = 500
MEANINGS = {
    "human": ("the run goes on with this value", "the run is told no, with your reason"),
    "step": ("the step is tried again", "the step fails, with your reason"),
    "unknown": (
        "it did happen: the run goes on, with --value as the result if the step returns one",
        "it did not happen: the run performs it again",
    ),
    "write": ("the fork really performs this write", "the fork is told no"),
    "approval": ("exactly this is done, once", "it is not done, and whoever asked is told so"),
    "contract": (
        'the run may do this and no more; --value leaves less of it: {"slots": [{"slot": 1}]}',
        "it does none of it, and the run is told no",
    ),
}


class Question(NamedTuple):
    """The row of a question."""

    id: str
    team: str
    run: str
    path: str
    seq: int
    kind: str
    name: str
    group: str
    asked_at: int
    due: int | None
    status: str
    decided_by: str
    decided_at: int | None
    quorum: int
    votes: int
    revision: int
    used: int
    requester: str
    assignee: str
    canary: int
    edit_seq: int | None

    @property
    def meaning(self) -> str:
        """What kind of answer it wants; a step that asks by itself has a name, and `run.human` has none."""
        if self.kind == "human" and self.name == CONTRACT:
            return "contract"
        return "step" if self.kind == "human" and self.name else self.kind


@dataclass(frozen=True, slots=True)
class Opened:
    """A question with what it is about."""

    row: Question
    flow: str
    value: Any
    """As it was asked; None where it was shredded."""
    otherwise: str
    edit: ApprovalEdited | None
    """The last change to it, if somebody made one."""
    shape: Any = None
    """The JSON Schema that another value in its place has to fit."""
    note: str = ""
    """What whoever asks says beside it."""

    @property
    def shown(self) -> Any:
        """What is decided about now: with the arguments as somebody changed them."""
        if self.edit is None:
            return self.value
        return {**object_of(self.value), "arguments": self.edit.arguments}

    @property
    def digest(self) -> str:
        """The name of exactly what is decided about (S21)."""
        asked = str(object_of(self.value).get("digest", ""))
        if self.edit is None:
            return asked
        return canonical.digest([asked, self.row.revision, self.edit.by, self.edit.arguments])


async def find(ground: Ground, question: str) -> Question:
    """The open question that is meant, or why there is none."""
    rows = await ground.database.fetch("approvals.get", question) or await _beginning_so(ground, question)
    if not rows:
        known = [
            row[0] for row in await ground.database.fetch("approvals.open", ground.principal.team, None, MOST)
        ]
        near = difflib.get_close_matches(question, known, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else "See what is open: remit inbox"
        raise UnknownApproval(f'there is no question "{question}".', hint)
    row = Question(*rows[0])
    if row.team != ground.principal.team:
        raise ForeignApproval(
            f"{row.id} is a question of another team, and {ground.principal.team} has no say in it.",
            "See what is open here: remit inbox",
        )
    if row.status != "open":
        raise decided(row)
    return row


async def open_question(ground: Ground, row: Question) -> Opened:
    """A question with what it is about, as far as that can still be read."""
    opened = await _event(ground, team_stream(row.team) if row.canary else run_stream(row.run), row.seq)
    if row.canary:
        seeded = opened if isinstance(opened, CanarySeeded) else CanarySeeded(row.id, "", None, "")
        like = object_of(seeded.like)
        model = await _event(ground, run_stream(str(like["run"])), int(like["seq"])) if like else None
        said = model if isinstance(model, WaitOpened) else WaitOpened("approval", otherwise="reject")
        return Opened(row, seeded.flow, seeded.card, said.otherwise, None, said.shape, said.note)
    edit = await _event(ground, team_stream(row.team), row.edit_seq) if row.edit_seq is not None else None
    flow = (await ground.database.fetch("runs.get", row.run))[0][2]
    found = opened if isinstance(opened, WaitOpened) else None
    return Opened(
        row, flow, found.value if found is not None else None, found.otherwise if found is not None else "reject",
        edit if isinstance(edit, ApprovalEdited) else None,
        found.shape if found is not None else None, found.note if found is not None else "",
    )  # fmt: skip


async def item_of(ground: Ground, row: Question) -> InboxItem:
    """A question as its card shows it."""
    about = await open_question(ground, row)
    yes, no = MEANINGS[row.meaning]
    return InboxItem(
        row.id, row.kind, row.run, about.flow, row.path, row.name, row.group, row.asked_at, row.due,  # pyright: ignore[reportArgumentType]
        about.shown, yes, no, row.requester, row.assignee, row.quorum, await voices(ground, row),
        about.edit.by if about.edit is not None else "", await notes(ground, row), about.digest,
        is_mine(ground, row.group, row.assignee), about.note, about.shape,
        about.otherwise if row.due is not None else "",
    )  # fmt: skip


async def voices(ground: Ground, row: Question) -> list[str]:
    """Who has agreed to it, as it stands."""
    if not row.votes:
        return []
    return [
        each[0] for each in await ground.database.fetch("approvals.voices", row.id, row.seq, row.revision)
    ]


async def notes(ground: Ground, row: Question) -> list[NoteView]:
    """What was asked back about it, and answered."""
    found: list[NoteView] = []
    for stream, seq, _, at in await ground.database.fetch("approvals.notes", row.id, row.seq):
        said = await _event(ground, stream, seq)
        if isinstance(said, ApprovalNoted):
            found.append(NoteView("answer" if said.note == "answer" else "question", said.by, said.text, at))
    return found


def decided(row: Question) -> AlreadyDecided:
    """Why nothing can be said about it any more."""
    if row.status == "expired":
        return ApprovalExpired(
            f"{row.id} was expired already: nobody answered it in time.", f"See: remit show {row.run}"
        )
    by = f" by {row.decided_by}" if row.decided_by else ""
    return AlreadyDecided(f"{row.id} was {row.status}{by} already.", f"See: remit show {row.run}")


async def _event(ground: Ground, stream: str, seq: int) -> Event | None:
    try:
        return (await ground.log.read_one(stream, seq)).event
    except Shredded:
        return None  # the question is still there, and nobody can say any more what it was about


async def _beginning_so(ground: Ground, question: str) -> list[Row]:
    """The one question whose id begins so: an open one, or else one that is decided already."""
    text = question.removeprefix("a-").replace("%", "").replace("_", "")
    rows = await ground.database.fetch("approvals.like", ground.principal.team, f"a-{text}%") if text else []
    meant = [row for row in rows if row[10] == "open"] or rows
    if len(meant) > 1:
        known = ", ".join(row[0] for row in meant[:4])
        raise UnknownApproval(f'"{question}" could be {known}.', "Type more of it.")
    return meant
