"""How well a question let somebody decide: asked of whoever decided, never demanded; a number, whose words stand in the
log under the key of the run. It does not know what becomes of the numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.approving.questions import Question
from remit.control.authority.acts import record
from remit.control.authority.duties import governed
from remit.domain.errors import InvalidInput, UnknownApproval, WrongState
from remit.domain.people_errors import NotAllowed
from remit.domain.people_events import ApprovalRated
from remit.store.database import Op
from remit.store.runs import run_row
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

WORST, BEST = 1, 5


async def rate(ground: Ground, question: str, rating: int, note: str = "") -> int:
    """Say how well one could decide, from 1 to 5; gives the position in the log. What is said last counts."""
    if not WORST <= rating <= BEST:
        raise InvalidInput(
            f"{rating} is no rating; it goes from {WORST} (I could not tell what I decided about) to {BEST}."
        )
    canonical.accept(note, "the note")
    row = await _decided(ground, question)
    who, now = ground.principal.id, ground.clock.now()
    said = {each[0] for each in await ground.database.fetch("ratings.voices", row.id)}
    if await governed(ground) and who not in said | set(row.decided_by.split(", ")):
        raise NotAllowed(f"{who} did not decide about {row.id}.", "Whoever did says how well they could.")
    give = Op("ratings.give", (row.id, who, row.team, rating, now))
    target = run_row((await ground.database.fetch("runs.get", row.run))[0])
    key = await ground.keys.for_run(target.key_id, row.team, now)
    return await record(ground, [ApprovalRated(row.run, row.id, rating, who, note)], [give], key)


async def _decided(ground: Ground, question: str) -> Question:
    """The question that is meant, once somebody has said something to it; a canary tells nothing of real ones."""
    team = ground.principal.team
    rows = await ground.database.fetch("approvals.get", question)
    rows = [row for row in rows if row[1] == team]
    if not rows:
        text = question.removeprefix("a-").replace("%", "").replace("_", "")
        rows = await ground.database.fetch("approvals.like", team, f"a-{text}%") if text else []
    found = [row for row in map(Question._make, rows) if not row.canary]
    if len(found) != 1:
        raise UnknownApproval(
            f'"{question}" could be {", ".join(row.id for row in found[:4])}.'
            if found
            else f'there is no question "{question}" to be rated.',
            "Say its whole id: remit inbox",
        )
    if found[0].status == "open" and not found[0].votes:
        raise WrongState(
            f"nobody has decided about {found[0].id} yet.", f"First: remit approve {found[0].id}"
        )
    return found[0]
