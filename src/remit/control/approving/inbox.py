"""The inbox: what waits for a person, and what people say to it: yes, no, something else, a question, somebody else.

Whoever decides does so by their key and the rules about people, never about what they asked for or changed.
The log and the row of the question change in one commit that counts only for the question as it was looked at, so two
people at once, a deadline or a cancel never leave half an answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.control.approving import canaries, grants, proposals
from remit.control.approving.answers import check_arguments, check_narrower, check_result, check_value
from remit.control.approving.questions import (
    MEANINGS,
    MOST,
    Opened,
    Question,
    decided,
    find,
    item_of,
    open_question,
    voices,
)
from remit.control.approving.views import Verdict
from remit.control.authority.duties import governed, is_mine, require, require_person
from remit.control.ground.identity import people_of
from remit.domain.approvals import UNCHANGED
from remit.domain.errors import InvalidInput, WrongState
from remit.domain.event import object_of
from remit.domain.events import ApprovalDecided
from remit.domain.people_errors import AlreadyVoted, ApprovalChanged, ApprovalExpired, NotAllowed, OwnRequest
from remit.domain.people_events import ApprovalDelegated, ApprovalEdited, ApprovalNoted, ApprovalVoted
from remit.engine.outside import shared_event, team_stream, tell_run
from remit.store.database import Commit, Conflict, Op
from remit.store.runs import run_row
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.approving.views import InboxItem
    from remit.control.ground.ground import Ground
    from remit.control.runs.reach import Reach
    from remit.domain.event import Event
    from remit.store.keys import DataKey

_YES_OR_NO = {"step", "write"}
_TRIES = 20


async def items(ground: Ground, group: str | None) -> list[InboxItem]:
    """Open questions and proposals, oldest first."""
    rows = await ground.database.fetch("approvals.open", ground.principal.team, group, MOST)
    now = ground.clock.now()
    open_ones = [
        row for row in (Question(*row) for row in rows) if not (row.canary and (row.due or now) < now)
    ]
    found = [await item_of(ground, row) for row in open_ones]
    proposed = [] if group else await proposals.items(ground)
    return sorted([*found, *proposed], key=lambda item: item.asked_at)


_NOBODY_ELSE = (
    "Give two people keys of their own, then each of them agrees: remit user add NAME --role admin. Or reject it, and "
    "take @quorum out of the rule."
)


async def item(ground: Ground, question: str) -> InboxItem:
    """One open question as its card."""
    return await item_of(ground, await find(ground, question))


async def decide(
    reach: Reach, question: str, verdict: str, value: object, comment: str, by: str, digest: str = ""
) -> Verdict:
    """Say yes or no; the first verdict counts, and a yes only when as many people as needed have given theirs."""
    if question.startswith("p-"):
        return await proposals.decide(reach.ground, question, verdict, comment, digest)
    canonical.accept([comment, by], "the comment")
    for _ in range(_TRIES):
        about = await open_question(reach.ground, await find(reach.ground, question))
        who = await _who(reach.ground, about, verdict, by)
        _check_current(reach.ground, about, digest)
        plain = _plain(about.row, value) if value is not UNCHANGED else None
        if value is not UNCHANGED:
            await _check_answer(reach.ground, about, plain)
        if about.row.canary:
            return await canaries.answer(reach.ground, about.row, verdict, who, comment)
        try:
            if value is not UNCHANGED and about.row.kind == "approval" and await governed(reach.ground):
                return await _edit(reach, about, plain, who, comment)
            return await _record(reach, about, verdict, who, comment, (value is not UNCHANGED, plain))
        except Conflict as refused:
            if refused.query == "approvals.voice":
                alone = not await governed(reach.ground)
                raise AlreadyVoted(
                    f"{who} has agreed to {about.row.id} already, and somebody else has to"
                    f"{'; this workspace has no users, so there is nobody else' if alone else ''}.",
                    _NOBODY_ELSE if alone else "remit inbox says who.",
                ) from None
            continue  # somebody else spoke in this very moment: look again
    raise WrongState(f"{question} changes too fast to be decided.", "Look again: remit inbox")


async def approve_for_run(
    reach: Reach, question: str, uses: int, within: str, comment: str, digest: str = ""
) -> Verdict:
    """Say yes, and let the same tool and agent go on in this run without asking."""
    ground = reach.ground
    await grants.is_grantable(ground)
    about = await open_question(ground, await find(ground, question))
    grants.check_for_run(about, uses, within)
    said = await decide(reach, about.row.id, "approved", UNCHANGED, comment, "", digest)
    if said.canary or said.status != "approved":
        return said
    made = await grants.for_run(ground, about, uses, within)
    return replace(said, grant=made.id)


async def delegate(reach: Reach, question: str, to: str, comment: str = "") -> InboxItem:
    """Hand a question on to a person, or to another group."""
    ground = reach.ground
    about = await open_question(ground, await find(ground, question))
    who = await _who(ground, about, "delegated", "")
    row, (person, group) = about.row, await _receiver(ground, about, to)
    event = ApprovalDelegated(row.run, row.id, person, group, who, comment)
    try:
        await _tell_team(ground, row, event, [Op("approvals.delegate", (row.id, group, person), one=True)])
    except Conflict:
        raise decided(Question(*(await ground.database.fetch("approvals.get", row.id))[0])) from None
    return await item(ground, row.id)


async def note(reach: Reach, question: str, kind: str, text: str) -> InboxItem:
    """Ask back about a question, or answer that; both stand on its card."""
    ground = reach.ground
    about = await open_question(ground, await find(ground, question))
    row, who = about.row, ground.principal.id
    canonical.accept(text, "the text")
    if not text.strip():
        raise InvalidInput("nothing was said.", "Write it as the second argument.")
    if kind == "question":
        who = await _who(ground, about, "asked", "")
    elif await governed(ground) and who != row.requester:
        raise NotAllowed(
            f"{row.id} was asked back of {row.requester or 'nobody'}, and you are {who}.",
            "They answer with their key.",
        )
    event = ApprovalNoted(row.run, row.id, kind, who, text)
    noted = Op("approvals.note", (row.id, row.seq, team_stream(row.team), kind, ground.clock.now()))
    await _tell_team(ground, row, event, [noted])
    return await item(ground, row.id)


# --- who may say something --------------------------------------------------------------------------------------


async def _who(ground: Ground, about: Opened, verdict: str, by: str) -> str:
    """In whose name it is said, if they may say it."""
    row, principal = about.row, ground.principal
    if not await governed(ground):
        return by or principal.id
    if by not in {"", principal.id}:
        raise NotAllowed(
            f"{principal.id} cannot decide in the name of {by}.", "Everybody uses their own key."
        )
    what = f"decide about {row.id}"
    await require_person(ground, what)
    value = object_of(about.value)
    await require(
        ground, "approve", row.name or row.kind, what, kind=row.kind, group=row.group,
        rule=str(value.get("rule", "")), agent=str(value.get("agent", "")),
        mine=is_mine(ground, row.group, row.assignee),
    )  # fmt: skip
    if row.kind == "approval" and verdict in {"approved", "delegated"}:
        if principal.id == row.requester:
            raise OwnRequest(
                f"{row.id} is about what {principal.id} asked for, and somebody else has to agree.",
                "It can be handed on by others, or rejected.",
            )
        if verdict == "approved" and about.edit is not None and principal.id == about.edit.by:
            raise OwnRequest(f"{principal.id} changed {row.id}, and somebody else has to agree to that.")
    return principal.id


def _check_current(ground: Ground, about: Opened, digest: str) -> None:
    row = about.row
    if digest and not (about.digest and about.digest.startswith(digest)):
        raise ApprovalChanged(
            f"{row.id} is not what you looked at: it is {about.digest[:12] or 'without a digest'} now.",
            f"Look again: remit inbox show {row.id}",
        )
    over = row.due is not None and row.due < ground.clock.now() and about.otherwise == "reject"
    if (
        over and row.kind == "approval"
    ):  # its run has not heard of the time yet, and nobody's answer counts any more
        raise ApprovalExpired(
            f"the time of {row.id} is over, and nobody's answer counts any more.", "It is a no."
        )


async def _receiver(ground: Ground, about: Opened, to: str) -> tuple[str, str]:
    """The person and the group that a question goes to."""
    people = people_of(await ground.database.fetch("people.all", ground.principal.team))
    named = next((each for each in people if each.id == to), None)
    if named is not None:
        if named.kind == "service" or not named.active or to == about.row.requester:
            raise OwnRequest(f"{to} cannot decide about {about.row.id}.", "It takes another person.")
        return to, about.row.group
    if people and not any(to in each.groups for each in people):
        raise InvalidInput(
            f'nobody here is called "{to}" or belongs to such a group.', "See: remit user list"
        )
    return "", to


# --- what is said -----------------------------------------------------------------------------------------------


async def _record(
    reach: Reach, about: Opened, verdict: str, who: str, comment: str, given: tuple[bool, Any]
) -> Verdict:
    """One voice, or the verdict that the run is told."""
    ground, row, now = reach.ground, about.row, reach.ground.clock.now()
    edited, plain = given
    if about.edit is not None:
        edited, plain = True, {"arguments": about.edit.arguments, "edited_by": about.edit.by}
    voice = Op("approvals.voice", (row.id, row.seq, row.revision, who, now))
    if verdict != "approved":
        ops, said = [Op("approvals.decide", (row.id, verdict, who, now), one=True)], who
    elif row.votes + 1 < row.quorum:
        counted = Op("approvals.vote", (row.id, row.seq, row.revision, row.votes), one=True)
        event = ApprovalVoted(row.run, row.id, who, row.votes + 1, row.quorum, comment)
        pos = await _tell_team(ground, row, event, [voice, counted])
        return Verdict(row.id, "counted", pos, row.run, row.quorum, row.votes + 1)
    else:
        said = ", ".join([*await voices(ground, row), who])
        agreed = Op("approvals.agree", (row.id, said, now, row.seq, row.revision, row.votes), one=True)
        ops = [voice, agreed]
    if edited:
        ops.append(Op("approvals.other", (row.id,)))
    event = ApprovalDecided(row.run, row.id, verdict, said, edited, plain, comment)
    target = run_row((await ground.database.fetch("runs.get", row.run))[0])
    pos = await tell_run(
        ground.database, await _key(ground, row), target, event, now,
        message=f"{row.id}-{row.seq}", kind="approval", name=row.id, before=ops,
    )  # fmt: skip
    reach.dispatcher.wake(row.run)
    status = "approved" if verdict == "approved" else "rejected"
    return Verdict(row.id, status, pos, row.run, row.quorum, row.votes + (verdict == "approved"))


async def _edit(reach: Reach, about: Opened, plain: Any, who: str, comment: str) -> Verdict:
    """Other arguments in place of those asked about: a new question, which somebody else has to agree to (S28)."""
    row = about.row
    changed = object_of(plain)
    event = ApprovalEdited(row.run, row.id, who, changed.get("arguments", changed), comment)
    op = Op("approvals.edit", (row.id, row.seq, row.revision, team_stream(row.team)), one=True)
    pos = await _tell_team(reach.ground, row, event, [op])
    return Verdict(row.id, "edited", pos, row.run, row.quorum, 0)


async def _tell_team(ground: Ground, row: Question, event: Event, ops: list[Op]) -> int:
    """Something about a question that its run need not know yet; under the run's key, so that it is erased with it."""
    key, now = await _key(ground, row), ground.clock.now()
    shared = shared_event(team_stream(row.team), row.team, key, event, now)
    return (await ground.database.submit(Commit([], [], ops, [shared]))).pos


async def _key(ground: Ground, row: Question) -> DataKey:
    rows = await ground.database.fetch("runs.get", row.run)
    if not rows:
        return await ground.keys.team_key(row.team, ground.clock.now())  # a canary has no run
    return await ground.keys.for_run(run_row(rows[0]).key_id, row.team, ground.clock.now())


def _plain(row: Question, value: object) -> Any:
    if row.meaning in _YES_OR_NO:
        raise InvalidInput(
            f"{row.id} takes yes or no, and no other value: approved, {MEANINGS[row.meaning][0]}.",
            f"Say yes: remit approve {row.id}",
        )
    return canonical.accept(value, "the value")


async def _check_answer(ground: Ground, about: Opened, plain: Any) -> None:
    """What is said instead has to fit what was asked; the question stays open if it does not."""
    match about.row.kind:
        case "approval" if plain is not None:
            await _check_edit(ground, about.row.name, plain)
        case "human" if about.shape:
            check_value(about.shape, about.row.id, plain)
        case "unknown":
            await check_result(ground, about.row.name, plain)
        case _:
            pass
    if plain is not None and about.row.meaning == "contract":
        check_narrower(about.value, plain)


async def _check_edit(ground: Ground, tool: str, edit: Any) -> None:
    """What a reviewer puts in place of the arguments has to fit the tool; the question stays open if it does not."""
    changed = object_of(edit)
    arguments = changed.get("arguments", changed if changed and "tool" not in changed else None)
    if not isinstance(arguments, dict):
        raise InvalidInput(
            f"this is no set of arguments for {tool}.",
            "Approve with --value '{\"arguments\": {…}}', or as it is.",
        )
    await check_arguments(ground, tool, object_of(arguments))
