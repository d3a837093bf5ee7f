"""Canaries: requests that ought to be refused, put among the real ones to see whether people look before they agree.

A canary looks like a question of a rule, can perform nothing, and is named as what it was once somebody has decided.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.control.approving.questions import Question, decided, open_question
from remit.control.approving.views import Verdict
from remit.control.authority.acts import record
from remit.control.authority.duties import require
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput, Shredded
from remit.domain.event import object_of
from remit.domain.ids import approval_id, new_run_id
from remit.domain.people_events import CanaryAnswered, CanarySeeded
from remit.engine.outside import team_stream
from remit.store.database import Conflict, Op
from remit.store.runs import run_row
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.control.ground.ground import Ground
    from remit.store.keys import DataKey

_STRANGER = "x7@transfer-desk.example"
_TOO_MUCH = 1_000
_LEAST = 1_000_000
_HOURS = 24
_MONTH = 30 * 86_400 * MICROSECONDS
_AIMED = frozenset({"destination", "url", "credential"})
_HINT = "Say what to ask: remit inbox canary --tool NAME --arguments JSON --group GROUP"


class _Look(NamedTuple):
    """What a canary looks like."""

    card: dict[str, Any]
    flow: str
    group: str
    arguments: dict[str, Any]
    key: DataKey | None = None
    """That of the run whose question it is like: what is erased there is erased here."""


async def seed(
    ground: Ground, group: str = "", tool: str = "", arguments: dict[str, Any] | None = None
) -> str:
    """Put one among the real questions; gives its id, which says nothing."""
    await require(ground, "admin", "canaries", "seed a canary")
    model = await anext(_models(ground, group, tool), None)
    if model is None and (not tool or arguments is None or not group):
        raise InvalidInput("no question was asked here that a canary could look like.", _HINT)
    card, flow, asked, key = model or (
        {"tool": tool, "agent": "", "for": "", "undo": "none"},
        "",
        group,
        None,
    )
    spoilt = arguments if arguments is not None else await _spoilt(ground, card)
    if spoilt is None:
        raise InvalidInput(f"nobody could say what is wrong with another {card['tool']}.", _HINT)
    return await _put(ground, _Look(card, flow, asked, spoilt, key), ground.principal.id)


async def seed_due(ground: Ground, percent: int, by: str) -> str:
    """Put one more among the questions of this month if that many in a hundred are to be canaries; else give nothing.

    One at a time, and only like something that was really asked. Of several processes that ask, one seeds.
    """
    if not percent:
        return ""
    team, since = ground.principal.team, ground.clock.now() - _MONTH
    rows = await ground.database.fetch("approvals.numbers", team, since)
    seeded = sum(1 for row in rows if row[1])
    if 100 * seeded >= percent * (len(rows) - seeded) or any(row[1] and row[0] == "open" for row in rows):
        return ""
    async for card, flow, group, key in _models(ground, "", ""):
        spoilt = await _spoilt(ground, card)
        if spoilt is not None:
            turn = Op("budgets.note", (f"canaries:{team}", f"{rows[-1][2]}/{len(rows)}/{seeded}"), one=True)
            try:
                return await _put(ground, _Look(card, flow, group, spoilt, key), by, turn)
            except Conflict:
                return ""  # another process was first
    return ""


async def _put(ground: Ground, look: _Look, by: str, *also: Op) -> str:
    card, flow, group, arguments, key = look
    now, team = ground.clock.now(), ground.principal.team
    run = new_run_id(now)
    path = f"{card.get('agent') or 'flow'}/{card['tool']}/approval"
    identity = approval_id(f"{run}.1", path)
    digest = canonical.digest(canonical.plain([run, path, arguments, secrets.token_hex(8)]))
    shown = {"rule": "irreversible", "reason": "this cannot be taken back"} | card
    event = CanarySeeded(identity, flow, {**shown, "arguments": arguments, "digest": digest}, by)
    due = now + _HOURS * 3600 * MICROSECONDS
    op = Op("approvals.seed", (
        identity, team, run, path, team_stream(team), card["tool"], group, now, due, str(card.get("for", "")),
    ))  # fmt: skip
    await record(ground, [event], [*also, op], key)
    return identity


async def answer(ground: Ground, row: Question, verdict: str, who: str, comment: str) -> Verdict:
    """Somebody decided about one: nothing happens, and they are told what it was."""
    now = ground.clock.now()
    op = Op("approvals.decide", (row.id, verdict, who, now), one=True)
    try:
        pos = await record(ground, [CanaryAnswered(row.id, verdict, who, comment)], [op])
    except Conflict:
        raise decided(Question(*(await ground.database.fetch("approvals.get", row.id))[0])) from None
    return Verdict(row.id, "approved" if verdict == "approved" else "rejected", pos, canary=True)


async def _models(
    ground: Ground, group: str, tool: str
) -> AsyncGenerator[tuple[dict[str, Any], str, str, DataKey], None]:
    """Real questions of a tool's call, the latest first: what each says, in which flow, who was asked, and the key
    that it is under; none whose content is gone.
    """
    rows = await ground.database.fetch("approvals.latest", ground.principal.team, group or None)
    for row in [Question(*each) for each in rows]:
        about = await open_question(ground, row)
        card = object_of(about.value)
        if "tool" in card and tool in {"", card["tool"]}:
            key = await _key_of(ground, row.run)
            if key is not None:
                yield card, about.flow, row.group, key


async def _key_of(ground: Ground, run: str) -> DataKey | None:
    row = run_row((await ground.database.fetch("runs.get", run))[0])
    with suppress(Shredded):
        return await ground.keys.for_run(row.key_id, row.team, ground.clock.now())
    return None


async def _spoilt(ground: Ground, card: dict[str, Any]) -> dict[str, Any] | None:
    """The same call as nobody should agree to it: to a stranger, or far too much; None if it has neither."""
    rows = await ground.database.fetch("tools.get", ground.principal.team, card["tool"])
    roles = object_of(object_of(canonical.parse(rows[0][4] or "{}")).get("roles")) if rows else {}
    given = object_of(card.get("arguments"))
    changed = {name: _worse(value, str(roles.get(name, ""))) for name, value in given.items()}
    return changed if changed != given else None


def _worse(value: Any, role: str) -> Any:
    if role in _AIMED and isinstance(value, str):
        return _STRANGER
    if role in {"", "amount"} and isinstance(value, int | float) and not isinstance(value, bool):
        return max(value * _TOO_MUCH, _LEAST)
    return value
