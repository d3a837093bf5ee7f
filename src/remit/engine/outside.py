"""How anybody but its owner speaks to a run: an event on the team's stream and a row in its inbox, at once (S1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.store.database import Commit, EventRow, Head, Op, SharedEvent
from remit.store.pen import Pen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.events import Event
    from remit.domain.runs import RunRow
    from remit.store.database import Database
    from remit.store.keys import DataKey


async def tell_run(
    database: Database, key: DataKey, row: RunRow, event: Event, at: int, *,
    message: str, kind: str, name: str = "", before: Sequence[Op] = (),
) -> int:  # fmt: skip
    """Leave a message for a run and make it due; gives the position of the event, or raises `Conflict`."""
    stream = team_stream(row.team)
    ops = [
        *before,
        Op("inbox.add_shared", (row.id, message, kind, name, stream, at)),
        Op("runs.mail", (row.id, at), one=True),
    ]
    shared = shared_event(stream, row.team, key, event, at)
    committed = await database.submit(Commit([], [], ops, [shared]))
    database.announce()
    return committed.pos


def shared_event(stream: str, team: str, key: DataKey, event: Event, at: int, path: str = "") -> SharedEvent:
    """An event for a stream with many writers: sealed on whatever head the transaction finds."""

    def seal(head: Head) -> EventRow:
        return Pen(stream, team, key, head).write(event, path, at)

    draft = Pen(stream, team, key)
    draft.write(event, path, at)  # only for the blobs of a large one: where it will stand is not known yet
    return SharedEvent(stream, seal, tuple(draft.take_blobs()))


def team_stream(team: str) -> str:
    """The stream of a team."""
    return f"team:{team}"


def run_stream(run: str) -> str:
    """The stream of a run."""
    return f"run:{run}"


WORKSPACE_STREAM = "workspace"
