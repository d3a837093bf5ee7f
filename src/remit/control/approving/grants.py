"""Grants: consents given in advance, for calls of one tool within bounds, so many times, until a time; listed, revoked.

A grant only ever answers a question that its giver could answer; whether they still can is asked again at each use.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from remit.control.approving.views import GrantView
from remit.control.authority.acts import record
from remit.control.authority.duties import governed, require, require_person
from remit.control.runs.inspection import find as find_run
from remit.control.runs.naming import doubt
from remit.domain.action_errors import UnknownTool
from remit.domain.approvals import Bound, GrantTerms, check_bounds, read_bound
from remit.domain.clock import LONGEST_SECONDS, MICROSECONDS
from remit.domain.errors import InvalidInput, Shredded, WrongState
from remit.domain.event import object_of
from remit.domain.people_errors import NotAllowed, UnknownGrant
from remit.domain.people_events import GrantMade, GrantRevoked
from remit.engine.outside import team_stream
from remit.engine.step import seconds
from remit.store.database import Conflict, Op
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from remit.control.approving.questions import Opened
    from remit.control.ground.ground import Ground
    from remit.store.database import Row
    from remit.store.keys import DataKey

_MOST = 200
_MOST_USES = 1_000_000


async def make(
    ground: Ground, tool: str, *, uses: int, within: str, agent: str = "", run: str = "",
    bounds: Sequence[str] = (), approval: str = "", known: Collection[str] = (),
    subject: str = "",
) -> GrantView:  # fmt: skip
    """Agree in advance to calls of a tool; what it bounds is erased with its run, or with whom it is about."""
    await require_person(ground, "grant something")
    await require(ground, "admin", "grants", "grant something")
    rows = await ground.database.fetch("tools.get", ground.principal.team, tool)
    if not rows:
        raise UnknownTool(f'no tool "{tool}" was ever seen here.', "See remit tools.")
    why = await doubt(ground, "agent", agent, known) if agent and not approval else ""
    if why:
        raise InvalidInput(
            f'a grant for "{agent}" would answer nothing: {why}.', "An agent is known once it was asked."
        )
    read = tuple(read_bound(text) for text in bounds)
    check_bounds(
        read, object_of(object_of(canonical.parse(rows[0][4] or rows[0][6])).get("parameters")), tool
    )
    length = _check_size(uses, within)
    row = await find_run(ground.database, run) if run else None
    if row is not None and row.status.ended:
        raise WrongState(f"{row.id} has ended, and needs no grant.")
    key: DataKey | None = None
    if subject:
        key = await ground.keys.subject_key(ground.principal.team, subject, ground.clock.now())
    elif row is not None:
        key = await ground.keys.for_run(row.key_id, row.team, ground.clock.now())
    terms = GrantTerms(tool, agent, row.id if row is not None else "", read)
    return await _made(ground, terms, uses, length, approval, key)


async def listed(ground: Ground) -> list[GrantView]:
    """Grants, newest first."""
    return [
        await _view(ground, row)
        for row in await ground.database.fetch("grants.list", ground.principal.team, _MOST)
    ]


async def show(ground: Ground, wanted: str) -> GrantView:
    """One grant."""
    return await _view(ground, await _find(ground, wanted))


async def revoke(ground: Ground, wanted: str, why: str = "") -> GrantView:
    """Let a grant cover nothing any more; whoever gave it can, and whoever administers grants."""
    row = await _find(ground, wanted)
    if row[11] != ground.principal.id or ground.principal.local:
        await require(ground, "admin", "grants", f"revoke {row[0]}")
    now, by = ground.clock.now(), ground.principal.id
    try:
        await record(
            ground, [GrantRevoked(row[0], by, why)], [Op("grants.revoke", (row[0], now, by), one=True)]
        )
    except Conflict:
        raise WrongState(f"{row[0]} was revoked already.", "See: remit grant list") from None
    return await show(ground, row[0])


def check_for_run(about: Opened, uses: int, within: str) -> None:
    """Refuse before the yes what could not be granted after it."""
    if "tool" not in object_of(about.value):
        raise NotAllowed(f"{about.row.id} is about no tool, and only calls of tools can be granted.")
    _check_size(uses, within)


async def for_run(ground: Ground, about: Opened, uses: int, within: str) -> GrantView:
    """After a yes: the same tool and agent need nobody to be asked again in this run, so often."""
    card, row = object_of(about.value), about.row
    return await make(
        ground, str(card["tool"]), uses=uses, within=within, agent=str(card.get("agent", "")), run=row.run,
        approval=row.id,
    )  # fmt: skip


async def is_grantable(ground: Ground) -> None:
    """Refuse early what a yes with a grant would refuse late."""
    if await governed(ground):
        await require(ground, "admin", "grants", "grant something")


def _check_size(uses: int, within: str) -> float:
    """How many seconds a grant is for; refuses one that nobody could use."""
    if not 1 <= uses <= _MOST_USES:
        raise InvalidInput(f"a grant can be used {uses} times by nobody.", f"Between 1 and {_MOST_USES:,}.")
    length = seconds(within)
    if not 0 < length <= LONGEST_SECONDS:
        raise InvalidInput(f'a grant for "{within}" is over before it begins.', "Such as --for 2h.")
    return length


async def _made(
    ground: Ground, terms: GrantTerms, uses: int, length: float, approval: str, key: DataKey | None
) -> GrantView:
    identity, now, by = f"g-{secrets.token_hex(4)}", ground.clock.now(), ground.principal.id
    until = now + int(length * MICROSECONDS)
    tool, agent, run = terms.tool, terms.agent, terms.run
    plain = [[bound.argument, bound.operator, bound.value] for bound in terms.bounds]
    event = GrantMade(identity, tool, agent, run, uses, until, by, plain, approval)
    stream, team = team_stream(ground.principal.team), ground.principal.team
    op = Op("grants.add", (identity, team, tool, agent, run, uses, until, stream, now, by))
    await record(ground, [event], [op], key)
    return await show(ground, identity)


async def _find(ground: Ground, wanted: str) -> Row:
    text = wanted.removeprefix("g-").replace("%", "").replace("_", "")
    rows = await ground.database.fetch("grants.get", f"g-{text}%") if text else []
    rows = [row for row in rows if row[1] == ground.principal.team]
    if len(rows) != 1:
        what = "could be several grants" if rows else "is no grant"
        raise UnknownGrant(f'"{wanted}" {what}.', "See: remit grant list")
    return rows[0]


async def _view(ground: Ground, row: Row) -> GrantView:
    identity, _, tool, agent, run, uses, used, until, stream, seq, at, by, revoked, _ = row
    try:
        made = (await ground.log.read_one(stream, seq)).event
    except Shredded:
        made = None
    said = made.bounds or () if isinstance(made, GrantMade) else ()
    bounds = [str(Bound(argument, operator, value)) for argument, operator, value in said]
    now = ground.clock.now()
    state = (
        "revoked"
        if revoked is not None
        else "used up"
        if used >= uses
        else "expired"
        if until <= now
        else "shredded"
        if made is None
        else "living"
    )
    return GrantView(identity, tool, agent, run, bounds, uses, used, state, until, by, at)
