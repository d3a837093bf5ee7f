"""The inbox: what waits for a person, what yes and no would mean, and the verdict, given once."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from remit.control.views import InboxItem
from remit.domain.errors import AlreadyDecided, InvalidInput, Shredded, UnknownApproval
from remit.domain.event import object_of
from remit.domain.events import ApprovalDecided, WaitOpened
from remit.engine.outside import run_stream, tell_run
from remit.store.database import Conflict, Op
from remit.store.runs import run_row
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground import Ground
    from remit.control.reach import Reach
    from remit.store.database import Row

UNCHANGED: Any = object()
"""Stands for the value that was asked about."""
_MOST = 500

_MEANINGS = {
    "human": ("the run goes on with this value", "the run is told no, with your reason"),
    "step": ("the step is tried again", "the step fails, with your reason"),
    "unknown": (
        "it did happen: the run goes on, with --value as the result if the step returns one",
        "it did not happen: the run performs it again",
    ),
    "write": ("the fork really performs this write", "the fork is told no"),
    "approval": ("exactly this is done, once", "it is not done, and whoever asked is told so"),
}
_YES_OR_NO = {"step", "write"}


async def items(ground: Ground, group: str | None) -> list[InboxItem]:
    """Open questions, oldest first."""
    rows = await ground.database.fetch("approvals.open", ground.principal.team, group, _MOST)
    return [await _item(ground, row) for row in rows]


async def decide(reach: Reach, question: str, verdict: str, value: object, comment: str, by: str) -> int:
    """Record a verdict and wake the run; the first one counts."""
    ground = reach.ground
    row = await _find(ground, question)
    identity, run = row[0], row[2]
    now, who = ground.clock.now(), by or ground.principal.id
    edited = value is not UNCHANGED
    if edited and _meaning(row) in _YES_OR_NO:
        raise InvalidInput(
            f"{identity} takes yes or no, and no other value: approved, {_MEANINGS[_meaning(row)][0]}.",
            f"Say yes: remit approve {identity}",
        )
    plain = canonical.accept(value, "the value") if edited else None
    if edited and row[5] == "approval":
        await _check_edit(ground, str(row[6]), plain)
    canonical.accept([comment, by], "the comment")
    event = ApprovalDecided(run, identity, verdict, who, edited, plain, comment)
    target = run_row((await ground.database.fetch("runs.get", run))[0])
    key = await ground.keys.for_run(target.key_id, target.team, now)
    answer = Op("approvals.decide", (identity, verdict, who, now), one=True)
    try:
        pos = await tell_run(
            ground.database, key, target, event, now,
            message=f"{identity}-{row[4]}", kind="approval", name=identity, before=[answer],
        )  # fmt: skip
    except Conflict:
        raise _decided(await _find(ground, identity)) from None
    reach.dispatcher.wake(run)
    return pos


async def _check_edit(ground: Ground, tool: str, edit: Any) -> None:
    """What a reviewer puts in place of the arguments has to fit the tool; the question stays open if it does not."""
    changed = object_of(edit)
    arguments = changed.get("arguments", changed if changed and "tool" not in changed else None)
    if not isinstance(arguments, dict):
        raise InvalidInput(
            f"this is no set of arguments for {tool}.",
            "Approve with --value '{\"arguments\": {…}}', or as it is.",
        )
    rows = await ground.database.fetch("tools.get", ground.principal.team, tool)
    schema = object_of(canonical.parse(rows[0][4] or "{}")).get("parameters") if rows else None
    if schema is not None:
        from remit.tools.arguments import ArgumentCheck  # only an edit needs that library

        ArgumentCheck(object_of(schema), tool).check(object_of(arguments))


async def _find(ground: Ground, question: str) -> Row:
    rows = await ground.database.fetch("approvals.get", question) or await _beginning_so(ground, question)
    if not rows:
        known = [
            row[0]
            for row in await ground.database.fetch("approvals.open", ground.principal.team, None, _MOST)
        ]
        near = difflib.get_close_matches(question, known, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else "See what is open: remit inbox"
        raise UnknownApproval(f'there is no question "{question}".', hint)
    if rows[0][10] != "open":
        raise _decided(rows[0])
    return rows[0]


async def _beginning_so(ground: Ground, question: str) -> list[Row]:
    """The one question whose id begins so: an open one, or else one that is decided already."""
    text = question.removeprefix("a-").replace("%", "").replace("_", "")
    rows = await ground.database.fetch("approvals.like", ground.principal.team, f"a-{text}%") if text else []
    meant = [row for row in rows if row[10] == "open"] or rows
    if len(meant) > 1:
        known = ", ".join(row[0] for row in meant[:4])
        raise UnknownApproval(f'"{question}" could be {known}.', "Type more of it.")
    return meant


def _meaning(row: Row) -> str:
    """What kind of answer a question wants; a step that asks by itself has a name, and `run.human` has none."""
    kind, name = row[5], row[6]
    return "step" if kind == "human" and name else kind


def _decided(row: Row) -> AlreadyDecided:
    by = f" by {row[11]}" if row[11] else ""
    return AlreadyDecided(f"{row[0]} was {row[10]}{by} already.", f"See: remit show {row[2]}")


async def _item(ground: Ground, row: Row) -> InboxItem:
    identity, _, run, path, seq, kind, name, group, asked_at, due, _, _, _ = row
    try:
        opened = (await ground.log.read_one(run_stream(run), seq)).event
    except Shredded:
        opened = None  # the question is still there, and nobody can say any more what it was about
    value = opened.value if isinstance(opened, WaitOpened) else None
    flow = (await ground.database.fetch("runs.get", run))[0][2]
    yes, no = _MEANINGS[_meaning(row)]
    return InboxItem(identity, kind, run, flow, path, name, group, asked_at, due, value, yes, no)
