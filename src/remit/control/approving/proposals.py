"""Proposals: changes that one person alone may not make. One proposes, others agree, and with the last voice the change
is made, in the same commit: all or nothing, and once.

What a change does is named by its kind and the digest of exactly what was proposed. In a workspace without users there
is nobody else to ask, and nothing is proposed.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.control.approving.views import InboxItem, ProposalView, Verdict
from remit.control.authority.duties import require, require_person
from remit.control.authority.limits_in_force import BUDGETS, RETENTION, adoption
from remit.domain.action_events import ToolAccepted
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import AlreadyDecided, StoreCorrupt, WrongState
from remit.domain.event import object_of
from remit.domain.people_errors import (
    AlreadyVoted,
    ApprovalChanged,
    ApprovalConsumed,
    ApprovalExpired,
    ForeignApproval,
    OwnRequest,
    UnknownProposal,
)
from remit.domain.people_events import ProposalDecided, ProposalMade, ProposalSupported
from remit.domain.policy_events import PolicyAdopted
from remit.engine.outside import WORKSPACE_STREAM, shared_event, team_stream
from remit.store.database import Commit, Conflict, Op
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.control.ground.ground import Ground
    from remit.domain.event import Event
    from remit.store.database import SharedEvent

_SECONDS = 7 * 86_400
_MOST = 200
_TRIES = 20
_ASKED = 0
"""A proposal is asked once, and never changed."""


class Change(NamedTuple):
    """What somebody wants to change."""

    kind: str
    name: str
    action: dict[str, Any]
    """Everything that will be done, as JSON: what others agree to is its digest."""

    @property
    def digest(self) -> str:
        """The name of exactly this change."""
        return canonical.digest(canonical.plain([self.kind, self.name, self.action]))


class Effect(NamedTuple):
    """What a change does, once it is agreed to."""

    ops: list[Op]
    events: list[tuple[str, Event]]
    """Streams, and what is said there."""


class _Row(NamedTuple):
    id: str
    team: str
    kind: str
    name: str
    digest: str
    needed: int
    votes: int
    status: str
    stream: str
    seq: int
    made_at: int
    made_by: str
    due: int
    decided_at: int | None
    decided_by: str


async def propose(ground: Ground, change: Change, needed: int = 1) -> ProposalView:
    """Ask others to agree to a change; to say the same as somebody else has proposed is to agree to that."""
    principal, now = ground.principal, ground.clock.now()
    await ground.database.submit(Commit(ops=[Op("proposals.expire", (principal.team, now))]))
    same = await ground.database.fetch(
        "proposals.same", principal.team, change.kind, change.name, change.digest
    )
    if same:
        row = await _row(ground, same[0][0])
        if row.made_by != principal.id:
            await decide(ground, row.id, "approved", "")
        return await show(ground, row.id)
    identity = f"p-{secrets.token_hex(4)}"
    event = ProposalMade(
        identity, change.kind, change.name, change.digest, change.action, needed, principal.id
    )
    stream = team_stream(principal.team)
    op = Op("proposals.add", (
        identity, principal.team, change.kind, change.name, change.digest, needed, stream, now, principal.id,
        now + _SECONDS * MICROSECONDS,
    ))  # fmt: skip
    try:
        await ground.database.submit(Commit([], [], [op], [await _shared(ground, stream, event)]))
    except Conflict:
        return await propose(ground, change, needed)  # somebody proposed the same in this very moment
    return await show(ground, identity)


async def decide(ground: Ground, wanted: str, verdict: str, comment: str, digest: str = "") -> Verdict:
    """Agree to a proposal, or say no to it."""
    for _ in range(_TRIES):
        row = await _row(ground, wanted)
        await _check(ground, row, verdict, digest)
        try:
            return await _record(ground, row, verdict, comment)
        except Conflict as refused:
            if refused.query == "approvals.voice":
                raise AlreadyVoted(f"{ground.principal.id} has agreed to {row.id} already.") from None
            if not refused.query.startswith("proposals."):
                raise ApprovalConsumed(
                    f"{row.name} is not any more what {row.id} proposes to change.",
                    "Propose it as it is now.",
                ) from None
    raise WrongState(f"{wanted} changes too fast to be decided.", "Look again: remit inbox")


async def show(ground: Ground, wanted: str) -> ProposalView:
    """One proposal, open or not."""
    row = await _row(ground, wanted)
    made = await _made(ground, row)
    agreed = [each[0] for each in await ground.database.fetch("approvals.voices", row.id, _ASKED, _ASKED)]
    return ProposalView(
        row.id, row.kind, row.name, made.action, row.status, row.needed, row.votes, agreed, row.made_by,
        row.made_at, row.due,
    )  # fmt: skip


async def items(ground: Ground) -> list[InboxItem]:
    """Open proposals as the inbox shows them."""
    now, found = ground.clock.now(), list[InboxItem]()
    for row in await ground.database.fetch("proposals.open", ground.principal.team, _MOST):
        if _Row(*row).due > now:
            found.append(_item(await show(ground, row[0]), _Row(*row), ground.principal.id))
    return found


async def _check(ground: Ground, row: _Row, verdict: str, digest: str) -> None:
    if row.status != "open":
        raise AlreadyDecided(f"{row.id} was {row.status} by {row.decided_by} already.")
    if row.due <= ground.clock.now():
        raise ApprovalExpired(
            f"nobody agreed to {row.id} in time, and nothing is changed.", "Propose it again."
        )
    if digest and not row.digest.startswith(digest):
        raise ApprovalChanged(f"{row.id} is not what you looked at: it is {row.digest[:12]}.", "remit inbox")
    own = row.made_by == ground.principal.id
    if own and verdict == "approved":
        raise OwnRequest(f"{row.id} was proposed by {row.made_by}, and somebody else has to agree.")
    if not own:
        what = f"decide about {row.id}"
        await require_person(ground, what)
        await require(
            ground, "approve", row.name, what, kind="proposal", group="", rule=row.kind, agent="", mine=False
        )  # fmt: skip


async def _record(ground: Ground, row: _Row, verdict: str, comment: str) -> Verdict:
    who, now, stream = ground.principal.id, ground.clock.now(), team_stream(row.team)
    voice = Op("approvals.voice", (row.id, _ASKED, _ASKED, who, now))
    effect, status = Effect([], []), "counted"
    if verdict != "approved":
        ops = [Op("proposals.close", (row.id, "rejected", who, now), one=True)]
        event: Event = ProposalDecided(row.id, "rejected", who, comment)
        status = "rejected"
    elif row.votes + 1 < row.needed:
        ops = [Op("proposals.support", (row.id, row.votes, now), one=True), voice]
        event = ProposalSupported(row.id, who, row.votes + 1, row.needed)
    else:
        effect, status = await _effect_of(ground, row, who), "approved"
        agree = Op("proposals.agree", (row.id, who, now, row.votes), one=True)
        ops, event = [agree, voice], ProposalDecided(row.id, "approved", who, comment)
    shared = [await _shared(ground, place, said) for place, said in [(stream, event), *effect.events]]
    made = await ground.database.submit(Commit([], [], [*ops, *effect.ops], shared))
    votes = row.votes + (verdict == "approved")
    return Verdict(row.id, status, made.pos, "", row.needed, votes)


async def _effect_of(ground: Ground, row: _Row, last: str) -> Effect:
    made = await _made(ground, row)
    agreed = [each[0] for each in await ground.database.fetch("approvals.voices", row.id, _ASKED, _ASKED)]
    return await _EFFECTS[row.kind](ground, made, ", ".join([row.made_by, *agreed, last]))


async def _accept_tool(ground: Ground, made: ProposalMade, by: str) -> Effect:
    """The definition that waits, and no other, may be called from now on."""
    action, team = object_of(made.action), ground.principal.team
    digest = str(action["digest"])
    accept = Op("tools.accept", (team, made.name, digest, by, ground.clock.now()), one=True)
    event = ToolAccepted(made.name, team, digest, by, "accepted by several people", action.get("differences"))
    return Effect([accept], [(WORKSPACE_STREAM, event)])


async def _adopt_policy(ground: Ground, made: ProposalMade, by: str) -> Effect:
    """The rules that were looked at come into force, if those in whose place they come still are."""
    action, team = object_of(made.action), ground.principal.team
    digest, before, protected = str(action["digest"]), str(action["from"]), bool(action["protected"])
    adopt = Op("policy.adopt", (team, before, digest, int(protected), ground.clock.now(), by), one=True)
    return Effect([adopt], [(team_stream(team), PolicyAdopted(digest, before, protected, by))])


async def _adopt_limits(ground: Ground, made: ProposalMade, by: str) -> Effect:
    """The budgets or rules of retention that were looked at come into force, in the place of those of then."""
    action = object_of(made.action)
    event, op = adoption(
        ground, made.what, action["content"], str(action["from"]), by, protected=bool(action["protected"])
    )
    return Effect([op], [(team_stream(ground.principal.team), event)])


_EFFECTS: dict[str, Callable[[Ground, ProposalMade, str], Awaitable[Effect]]] = {
    "tool": _accept_tool,
    "policy": _adopt_policy,
    BUDGETS: _adopt_limits,
    RETENTION: _adopt_limits,
}
"""What a change of each kind does."""


async def _shared(ground: Ground, stream: str, event: Event) -> SharedEvent:
    owner = "workspace" if stream == WORKSPACE_STREAM else ground.principal.team
    now = ground.clock.now()
    return shared_event(stream, owner, await ground.keys.team_key(owner, now), event, now)


async def _made(ground: Ground, row: _Row) -> ProposalMade:
    made = (await ground.log.read_one(row.stream, row.seq)).event
    if not isinstance(made, ProposalMade):
        raise StoreCorrupt(f"{row.id} refers to another event.", "remit doctor --deep")
    if Change(row.kind, row.name, object_of(made.action)).digest != row.digest:
        raise StoreCorrupt(f"what {row.id} proposes is not what its row says.", "remit doctor --deep")
    return made


async def _row(ground: Ground, wanted: str) -> _Row:
    text = wanted.removeprefix("p-").replace("%", "").replace("_", "")
    rows = [_Row(*row) for row in await ground.database.fetch("proposals.get", f"p-{text}%")] if text else []
    if len(rows) != 1:
        what = "could be several proposals" if rows else "is no proposal"
        raise UnknownProposal(f'"{wanted}" {what}.', "See what is open: remit inbox")
    if rows[0].team != ground.principal.team:
        raise ForeignApproval(
            f"{rows[0].id} is a proposal of another team.", "See what is open here: remit inbox"
        )
    return rows[0]


def _item(view: ProposalView, row: _Row, who: str) -> InboxItem:
    limits = view.kind in {BUDGETS, RETENTION}
    name = view.name if limits else f"{view.kind} {view.name}"
    means = (
        "this is changed, for every process that starts from now on" if limits else "this is changed, at once"
    )
    return InboxItem(
        view.id, "proposal", "", "", "", name, "", view.at, view.due, view.action, means, "nothing is changed",
        view.by, "", view.needed, view.agreed, "", [], row.digest, row.made_by != who,
    )  # fmt: skip
