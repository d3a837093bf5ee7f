"""Canaries: requests that ought to be refused, put among the real ones to see whether people look before they agree.

A canary is like one real question in everything that can be looked at (`runs.likeness`). It can perform nothing, and is
named as what it was once somebody has decided.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.control.approving.answers import check_arguments
from remit.control.approving.questions import Question, decided
from remit.control.approving.views import Verdict
from remit.control.authority.acts import record
from remit.control.authority.duties import require
from remit.control.runs.likeness import Model, model_at
from remit.domain.action_errors import BadArguments
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput, Shredded
from remit.domain.event import object_of
from remit.domain.ids import approval_id, new_run_id
from remit.domain.people_events import CanaryAnswered, CanarySeeded
from remit.engine.outside import team_stream
from remit.store.database import Conflict, Op
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.control.ground.ground import Ground
    from remit.domain.runs import RunRow
    from remit.store.keys import DataKey

_STRANGER = "x7@transfer-desk.example"
_TOO_MUCH = 1_000
_LEAST = 1_000_000
_MONTH = 30 * 86_400 * MICROSECONDS
_AIMED = frozenset({"destination", "url", "credential"})


class _Look(NamedTuple):
    """What a canary looks like."""

    row: Question
    model: Model
    key: DataKey
    """That of the run whose question it is like: what is erased there is erased here."""

    @property
    def card(self) -> dict[str, Any]:
        return object_of(self.model.asked.value)


async def seed(
    ground: Ground, group: str = "", tool: str = "", arguments: dict[str, Any] | None = None
) -> str:
    """Put one among the real questions; gives its id, which says nothing."""
    await require(ground, "admin", "canaries", "seed a canary")
    look = await anext(_models(ground, group, tool), None)
    if look is None:
        about = f" about {tool}" if tool else ""
        whom = f" of {group}" if group else ""
        raise InvalidInput(
            f"no question{about} was asked{whom} here that a canary could look like.",
            "It has to be like one that people know: let the rule ask once, or leave --tool and --group out.",
        )
    if arguments is not None:
        await check_arguments(ground, look.row.name, arguments)
    spoilt = arguments if arguments is not None else await _spoilt(ground, look.card)
    if spoilt is None:
        raise InvalidInput(
            f"nobody could say what is wrong with another {look.row.name}.",
            "Say what to ask for: remit inbox canary --tool NAME --arguments JSON",
        )
    return await _put(ground, look, spoilt, ground.principal.id)


async def seed_due(ground: Ground, percent: int, by: str) -> str:
    """Put one more among the questions of this month if that many in a hundred are to be canaries; else give nothing.

    One at a time, and only like something that was really asked. Of several processes that ask, one seeds.
    """
    if not percent:
        return ""
    await _close_late(ground, by)
    team, since = ground.principal.team, ground.clock.now() - _MONTH
    rows = await ground.database.fetch("approvals.numbers", team, since)
    seeded = sum(1 for row in rows if row[1])
    if 100 * seeded >= percent * (len(rows) - seeded) or any(row[1] and row[0] == "open" for row in rows):
        return ""
    async for look in _models(ground, "", ""):
        spoilt = await _spoilt(ground, look.card)
        if spoilt is not None:
            turn = Op("budgets.note", (f"canaries:{team}", f"{rows[-1][2]}/{len(rows)}/{seeded}"), one=True)
            try:
                return await _put(ground, look, spoilt, by, turn)
            except Conflict:
                return ""  # another process was first
    return ""


async def _close_late(ground: Ground, by: str) -> None:
    """What nobody answered in its time counts as that, as a real one does, and makes room for the next."""
    now = ground.clock.now()
    for (identity,) in await ground.database.fetch("canaries.late", ground.principal.team, now):
        op = Op("approvals.decide", (identity, "expired", "", now), one=True)
        with suppress(Conflict):
            await record(ground, [CanaryAnswered(identity, "expired", by)], [op])


async def _put(ground: Ground, look: _Look, arguments: dict[str, Any], by: str, *also: Op) -> str:
    (row, model, key), now, team = look, ground.clock.now(), ground.principal.team
    later = now - model.asked_at
    run = new_run_id(model.row.created_at + later)
    identity = approval_id(f"{run}.1", row.path)
    digest = canonical.digest(canonical.plain([run, row.path, arguments, secrets.token_hex(8)]))
    card = look.card | {"arguments": arguments, "digest": digest}
    like = {"run": row.run, "seq": row.seq}
    event = CanarySeeded(identity, model.row.flow, card, by, like)
    due = model.asked.due + later if model.asked.due is not None else None
    op = Op("approvals.seed", (
        identity, team, run, row.path, team_stream(team), row.name, row.group, now, due, row.requester, row.quorum,
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


async def _models(ground: Ground, group: str, tool: str) -> AsyncGenerator[_Look]:
    """Real questions of a tool's call as they were asked, the latest first; none that was handed on since, whose run
    has what another cannot show, or whose content is gone.
    """
    rows = await ground.database.fetch("approvals.latest", ground.principal.team, group or None)
    for row in [Question(*each) for each in rows]:
        if tool not in {"", row.name}:
            continue
        model = await model_at(ground, row.run, row.seq)
        if model is None or "tool" not in object_of(model.asked.value) or model.asked.group != row.group:
            continue
        key = await _key_of(ground, model.row)
        if key is not None:
            yield _Look(row, model, key)


async def _key_of(ground: Ground, row: RunRow) -> DataKey | None:
    with suppress(Shredded):
        return await ground.keys.for_run(row.key_id, row.team, ground.clock.now())
    return None


async def _spoilt(ground: Ground, card: dict[str, Any]) -> dict[str, Any] | None:
    """The same call as nobody should agree to it: to a stranger, or far too much; None if it has neither."""
    rows = await ground.database.fetch("tools.get", ground.principal.team, card["tool"])
    roles = object_of(object_of(canonical.parse(rows[0][4] or "{}")).get("roles")) if rows else {}
    given = object_of(card.get("arguments"))
    changed = {name: _worse(value, str(roles.get(name, ""))) for name, value in given.items()}
    if changed == given:
        return None
    try:
        await check_arguments(ground, str(card["tool"]), changed)
    except BadArguments:
        return None  # the tool takes no such call, so nobody would ever be asked about it
    return changed


def _worse(value: Any, role: str) -> Any:
    if role in _AIMED and isinstance(value, str):
        return _STRANGER
    if role in {"", "amount"} and isinstance(value, int | float) and not isinstance(value, bool):
        return max(value * _TOO_MUCH, _LEAST)
    return value
