"""Canaries: requests that ought to be refused, put among the real ones to see whether people look before they agree.

A canary looks like a question of a rule, can perform nothing, and is named as what it was once somebody has decided.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from remit.control.acts import record
from remit.control.approving.questions import Question, decided, open_question
from remit.control.duties import require
from remit.control.people_views import Verdict
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.domain.ids import approval_id, new_run_id
from remit.domain.people_events import CanaryAnswered, CanarySeeded
from remit.engine.outside import team_stream
from remit.store.database import Conflict, Op
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground import Ground

_STRANGER = "x7@transfer-desk.example"
_TOO_MUCH = 1_000
_LEAST = 1_000_000
_HOURS = 24
_AIMED = frozenset({"destination", "url", "credential"})
_HINT = "Say what to ask: remit inbox canary --tool NAME --arguments JSON --group GROUP"


async def seed(
    ground: Ground, group: str = "", tool: str = "", arguments: dict[str, Any] | None = None
) -> str:
    """Put one among the real questions; gives its id, which says nothing."""
    await require(ground, "admin", "canaries", "seed a canary")
    model = await _model(ground, group, tool)
    if model is None and (not tool or arguments is None or not group):
        raise InvalidInput("no question was asked here that a canary could look like.", _HINT)
    card, flow, asked = model or ({"tool": tool, "agent": "", "for": "", "undo": "none"}, "", group)
    spoilt = arguments if arguments is not None else await _spoilt(ground, card)
    if spoilt is None:
        raise InvalidInput(f"nobody could say what is wrong with another {card['tool']}.", _HINT)
    now, team = ground.clock.now(), ground.principal.team
    run = new_run_id(now)
    path = f"{card.get('agent') or 'flow'}/{card['tool']}/approval"
    identity = approval_id(f"{run}.1", path)
    digest = canonical.digest(canonical.plain([run, path, spoilt, secrets.token_hex(8)]))
    shown = {"rule": "irreversible", "reason": "this cannot be taken back"} | card
    event = CanarySeeded(
        identity, flow, {**shown, "arguments": spoilt, "digest": digest}, ground.principal.id
    )
    due = now + _HOURS * 3600 * 1_000_000
    op = Op("approvals.seed", (
        identity, team, run, path, team_stream(team), card["tool"], asked, now, due, str(card.get("for", "")),
    ))  # fmt: skip
    await record(ground, [event], [op])
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


async def _model(ground: Ground, group: str, tool: str) -> tuple[dict[str, Any], str, str] | None:
    """The latest real question of a tool's call: what it says, in which flow, and who was asked."""
    rows = await ground.database.fetch("approvals.latest", ground.principal.team, group or None)
    for row in [Question(*each) for each in rows]:
        about = await open_question(ground, row)
        card = object_of(about.value)
        if "tool" in card and tool in {"", card["tool"]}:
            return card, about.flow, row.group
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
