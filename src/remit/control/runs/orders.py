"""What an operator may tell a run, and the upkeep of the data; each is an event before it is anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.runs.inspection import find
from remit.domain.errors import InvalidName, WrongState
from remit.domain.events import BackupMade, RunControlled, SignalSent
from remit.domain.ids import is_code_name, worker_id
from remit.domain.runs import ParkReason, RunStatus
from remit.engine.outside import WORKSPACE_STREAM, shared_event, tell_run
from remit.store.backup import BackupSummary, back_up
from remit.store.database import Commit, Conflict, Op
from remit.store.exports import register_export
from remit.wire import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.control.runs.reach import Reach
    from remit.domain.events import Event
    from remit.domain.runs import RunRow


_STUCK = frozenset({ParkReason.CODE_CHANGED.value, ParkReason.NEEDS_RELEASE.value})
"""Why a run waits for other code."""


async def signal(reach: Reach, run: str, name: str, payload: object) -> int:
    """Leave a signal for a run; it is kept until the run asks for it."""
    if not is_code_name(name):
        raise InvalidName(
            f'a signal cannot be called "{name}".', "Names are code; put data into the payload."
        )
    row = await _living(reach, run)
    said = canonical.accept(payload, "the payload")
    event = SignalSent(row.id, name, said, reach.ground.principal.id)
    return await _tell(reach, row, event, "signal", name)


async def control(
    reach: Reach, run: str, order: str, detail: str = "", renames: dict[str, str] | None = None
) -> int:
    """Order a run to pause, resume, cancel or migrate."""
    canonical.accept([detail, renames], f"what is said with the order to {order}")
    row = await _living(reach, run)
    check(row, order)
    event = RunControlled(row.id, order, reach.ground.principal.id, detail, renames or {})
    flags = {
        "pause": [Op("runs.pause", (row.id, 1))],
        "resume": [Op("runs.pause", (row.id, 0))],
        "cancel": [Op("runs.pause", (row.id, 0)), Op("runs.hasten", (row.id, reach.ground.clock.now()))],
        "migrate": [],
    }
    return await _tell(reach, row, event, order, order, flags[order])


async def migrate(reach: Reach, run: str, release: str, renames: dict[str, str]) -> int:
    """Order a run to follow other code: that of a release, or the code as it stands."""
    row = await _living(reach, run)
    check(row, "migrate", release)
    event = RunControlled(row.id, "migrate", reach.ground.principal.id, release, renames)
    move = Op("releases.move", (row.id, release, reach.ground.clock.now()), one=True)
    return await _tell(reach, row, event, "migrate", "migrate", [move])


async def backup(ground: Ground, archive: Path, keys: Path | None) -> BackupSummary:
    """Write a backup, and note that it was made."""
    now = ground.clock.now()
    made = await back_up(ground.database, archive, at=now, keys=keys)
    event = BackupMade(ground.principal.id, made.upto)
    key = await ground.keys.team_key("workspace", now)
    if keys is not None:  # a deletion has to find the keys that lie there
        who = ground.principal
        await register_export(ground.database, ground.keys, "keys", keys, team=who.team, by=who.id, at=now)
    await ground.database.submit(
        Commit([], [], [], [shared_event(WORKSPACE_STREAM, "workspace", key, event, now)])
    )
    return made


async def _living(reach: Reach, run: str) -> RunRow:
    row = await find(reach.ground.database, run)
    if row.status.ended:
        raise WrongState(
            f"{row.id} has ended ({row.status.value}); nothing can be said to it any more.",
            f"See what it did: remit show {row.id}",
        )
    return row


def check(row: RunRow, order: str, release: str = "") -> None:
    """Refuse an order that the run, as it stands, cannot follow; to a release, every run that waits can be moved."""
    if order == "resume" and not row.paused and row.reason != ParkReason.TROUBLE.value:
        raise WrongState(f"{row.id} is not paused; it is {row.status.value}.")
    if order == "migrate" and (row.status is not RunStatus.PARKED or not (row.reason in _STUCK or release)):
        raise WrongState(
            f"{row.id} is {row.status.value} {row.reason}".rstrip()
            + ", not parked because its code changed.",
            "Only a run that stopped at changed code can be moved to it; to a release, any that is parked.",
        )


async def _tell(
    reach: Reach, row: RunRow, event: Event, kind: str, name: str, before: list[Op] | None = None
) -> int:
    ground = reach.ground
    key = await ground.keys.for_run(row.key_id, row.team, ground.clock.now())
    message = f"{kind}-{worker_id()}"
    try:
        pos = await tell_run(
            ground.database, key, row, event, ground.clock.now(),
            message=message, kind=kind, name=name, before=before or [],
        )  # fmt: skip
    except Conflict:
        raise WrongState(f"{row.id} ended in this very moment; nothing was said to it.") from None
    reach.dispatcher.wake(row.id)
    return pos
