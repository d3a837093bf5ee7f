"""Who may do what, and whether they ever do: the rights that the rules give, those that nobody has used, and reviews in
which somebody confirms or revokes each of them by a date. A revoked right is denied whatever a rule says.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.authority.duties import require
from remit.control.ground.identity import people_of
from remit.control.policy_life.requests import asked_since
from remit.domain.clock import MICROSECONDS
from remit.domain.decisions import AccessRequest, Outcome
from remit.domain.errors import InvalidInput, StoreCorrupt, WrongState
from remit.domain.policy_errors import UnknownReview
from remit.domain.policy_events import ReviewOpened, RightRestored, RightReviewed, RightRevoked
from remit.engine.outside import team_stream
from remit.engine.step import seconds
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.control.ground.ground import Ground
    from remit.control.running.parts import Parts
    from remit.domain.event import Event
    from remit.store.database import Row

_Asker = tuple[str, tuple[str, ...]]
"""Somebody, and the groups they are in."""
_MOST = 50
_OWNER: _Asker = ("owner", ())
"""Whoever holds the machine: acts without a key, whether the workspace has users or not."""


@dataclass(frozen=True, slots=True)
class RightView:
    """Somebody may do something."""

    right: str
    """`agent:triage/refund`: how it is confirmed and revoked."""
    who: str
    kind: str
    """`agent` or `user`."""
    tool: str
    effect: str
    answer: str
    """What the rules say before they see the arguments: `may`, `revoked`, or `overdue` where that is denied."""
    last_used: int | None
    """None: not once in the time that was looked at."""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review, and how far it is."""

    review: str
    due: int
    opened_at: int
    opened_by: str
    rights: int
    done: int
    overdue: bool
    open: tuple[str, ...]
    """Rights that nobody has said anything about."""


async def rights(parts: Parts, since: str = "30d") -> list[RightView]:
    """Every right that the rules in force give, the unused ones first."""
    ground, gate = parts.ground, parts.house.gate.parts
    start = ground.clock.now() - int(seconds(since) * MICROSECONDS)
    used: dict[str, int] = {}
    async for each in asked_since(parts, start):
        request = each.request
        if request is None or request.action != "call":
            continue
        for who in (f"user:{request.user}", *([f"agent:{request.agent}"] if request.agent else [])):
            used[f"{who}/{request.resource}"] = max(each.at, used.get(f"{who}/{request.resource}", 0))
    rows = await ground.database.fetch("people.all", ground.principal.team)
    users = [(person.id, tuple(sorted(person.roles))) for person in people_of(rows) if person.active]
    users.append(_OWNER)
    found = [
        _right(parts, kind, who, tool.name, used)
        for tool in sorted(gate.registry, key=lambda tool: tool.name)
        for kind, who, askers in _holders(parts, users, tool.name)
        if any(
            _may(parts, user, groups, who if kind == "agent" else "", tool.name) for user, groups in askers
        )
    ]
    said = await _verdicts(ground)
    views = [_with_verdict(view, said.get(view.right, "")) for view in found]
    return sorted(views, key=lambda view: (view.last_used is not None, view.effect == "read", view.right))


async def open_review(parts: Parts, due: str = "30d", since: str = "30d") -> ReviewView:
    """Begin a review of every right there is."""
    ground = parts.ground
    await require(ground, "change_policy", "policies", "open a review of access")
    length = seconds(due)
    if length <= 0:
        raise InvalidInput(f'a review that is due in "{due}" is over before it begins.', "Such as --due 30d.")
    names = [view.right for view in await rights(parts, since) if view.answer != "revoked"]
    if not names:
        raise WrongState(
            "there is no right to review: the rules let nobody call anything.", "See: remit policy check"
        )
    now, by = ground.clock.now(), ground.principal.id
    identity, until = f"v-{secrets.token_hex(4)}", now + int(length * MICROSECONDS)
    team = ground.principal.team
    op = Op("policy.open_review", (identity, team, team_stream(team), len(names), until, now, by))
    await record(ground, [ReviewOpened(identity, names, until, by)], [op])
    return (await reviews(ground))[0]


async def decide(ground: Ground, named: Iterable[str], verdict: str, why: str = "") -> ReviewView | None:
    """Confirm or revoke rights in the latest review; revoking also works without one, and holds at once."""
    await require(ground, "change_policy", "policies", f"{verdict.removesuffix('ed')} a right")
    found = await ground.database.fetch("policy.reviews", ground.principal.team, 1)
    asked = set(await _asked(ground, found[0])) if found else set[str]()
    if verdict == "confirmed" and not found:
        raise UnknownReview(
            "no review was ever opened here.", "Open one: remit policy review --open --due 30d"
        )
    now, by, team = ground.clock.now(), ground.principal.id, ground.principal.team
    events: list[Event] = []
    ops: list[Op] = []
    for right in named:
        _check_right(right)
        if found and right in asked:
            events.append(RightReviewed(found[0][0], right, verdict, by))
            ops.append(Op("policy.say", (found[0][0], right, verdict, now, by)))
        elif verdict == "confirmed":
            raise UnknownReview(
                f'the review {found[0][0]} is not about "{right}".', "See: remit policy review"
            )
        if verdict == "revoked":
            kind, subject = _subject(right)
            events.append(RightRevoked(kind, subject, by, why))
            ops.append(Op("policy.revoke", (team, kind, subject, now, by)))
    await record(ground, events, ops)
    return (await reviews(ground))[0] if found else None


async def restore(ground: Ground, right: str) -> None:
    """Let the rules decide about a right again."""
    await require(ground, "change_policy", "policies", "restore a right")
    _check_right(right)
    kind, subject = _subject(right)
    op = Op("policy.restore", (ground.principal.team, kind, subject), one=True)
    try:
        await record(ground, [RightRestored(kind, subject, ground.principal.id)], [op])
    except Conflict:
        raise WrongState(f"{right} is not revoked.", "See: remit policy review") from None


async def reviews(ground: Ground) -> list[ReviewView]:
    """Reviews, the latest first."""
    rows = await ground.database.fetch("policy.reviews", ground.principal.team, _MOST)
    return [await _view(ground, row) for row in rows]


async def _view(ground: Ground, row: Row) -> ReviewView:
    identity, _, _, count, due, at, by, done = row
    said = {each[0] for each in await ground.database.fetch("policy.reviewed", identity)}
    left = tuple(right for right in await _asked(ground, row) if right not in said)
    return ReviewView(identity, due, at, by, count, done, bool(left) and due <= ground.clock.now(), left)


async def _asked(ground: Ground, row: Row) -> list[str]:
    opened = (await ground.log.read_one(row[1], row[2])).event
    if not isinstance(opened, ReviewOpened):
        raise StoreCorrupt(f"{row[0]} refers to another event.", "remit doctor --deep")
    return opened.rights


async def _verdicts(ground: Ground) -> dict[str, str]:
    rows = await ground.database.fetch("policy.reviews", ground.principal.team, 1)
    said = await ground.database.fetch("policy.reviewed", rows[0][0]) if rows else []
    return {each[0]: each[1] for each in said}


def _holders(parts: Parts, users: list[_Asker], tool: str) -> Iterable[tuple[str, str, list[_Asker]]]:
    """Who could have a right to a tool, and on whose behalf: an agent acts for whoever asks it."""
    for name in sorted(parts.house.agents):
        if tool in parts.house.agent(name).tool_names:
            yield "agent", name, users
    yield from (("user", user[0], [user]) for user in users)


def _may(parts: Parts, user: str, groups: tuple[str, ...], agent: str, tool: str) -> bool:
    """Whether the rules let a call of this tool be made, before they see its arguments."""
    gate = parts.house.gate.parts
    facts = {"digest": gate.registry.get(tool).manifest.digest}
    asked = AccessRequest(
        user,
        parts.ground.principal.team,
        agent,
        "list",
        tool,
        facts,
        groups=groups,
        environment=gate.environment,
    )
    return gate.authority.decide(asked).outcome is Outcome.ALLOW


def _right(parts: Parts, kind: str, who: str, tool: str, used: dict[str, int]) -> RightView:
    gate, right = parts.house.gate.parts, f"{kind}:{who}/{tool}"
    late = "overdue" if gate.standing.is_late(right) else "may"
    answer = "revoked" if gate.standing.is_revoked("right", right) else late
    effect = gate.registry.get(tool).manifest.effect.value
    return RightView(right, who, kind, tool, effect, answer, used.get(right))


def _with_verdict(view: RightView, verdict: str) -> RightView:
    return RightView(
        view.right, view.who, view.kind, view.tool, view.effect, view.answer, view.last_used, verdict
    )


def _subject(right: str) -> tuple[str, str]:
    """What is revoked: a right, or a capability by its digest."""
    kind, _, rest = right.partition(":")
    return ("capability", rest) if kind == "capability" else ("right", right)


def _check_right(right: str) -> None:
    if re.fullmatch(r"capability:[0-9a-f]{64}", right):
        return
    kind, _, rest = right.partition(":")
    who, _, tool = rest.partition("/")
    if kind not in {"agent", "user"} or not who or not tool:
        raise InvalidInput(f'"{right}" is no right.', "Such as agent:triage/refund; see: remit policy review")
