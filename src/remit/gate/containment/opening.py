"""Making and lifting halts: the event, the row and the new state of the halts are one commit (S1, S20).

Who may do so is decided above, by people's roles; a breaker does it by itself.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from remit.domain.halt_events import HaltLifted, HaltOpened
from remit.domain.halts import Halt, HaltMode, HaltScope
from remit.engine.outside import WORKSPACE_STREAM, shared_event, team_stream
from remit.store.database import Commit, Op

if TYPE_CHECKING:
    from remit.domain.event import Event
    from remit.store.database import Database
    from remit.store.keys import KeyRing

Json = Any


async def open_halt(
    database: Database, keys: KeyRing, now: int, *, team: str, by: str, scope: HaltScope, target: str, reason: str,
    mode: HaltMode = HaltMode.HALT, until: int | None = None, evidence: Json = None,
) -> tuple[Halt, int]:  # fmt: skip
    """Halt something from now on; gives the halt and the position of its event."""
    halt = Halt(f"h-{secrets.token_hex(4)}", scope, target, mode, team, by, now, until, reason)
    event = HaltOpened(halt.id, scope.value, target, mode.value, reason, by, until, evidence)
    stream = WORKSPACE_STREAM if scope is HaltScope.ALL else team_stream(team)
    row = (halt.id, team, scope.value, target, mode.value, now, by, until, stream)
    pos = await _commit(database, keys, now, stream, team, event, [Op("halts.add", row)])
    return halt, pos


async def lift_halt(
    database: Database, keys: KeyRing, now: int, halt: Halt, *, by: str, reason: str = ""
) -> int:
    """Let it act again; raises `Conflict` if that was done already."""
    stream = WORKSPACE_STREAM if halt.scope is HaltScope.ALL else team_stream(halt.team)
    event, op = HaltLifted(halt.id, by, reason), Op("halts.lift", (halt.id, now, by), one=True)
    return await _commit(database, keys, now, stream, halt.team, event, [op])


async def _commit(
    database: Database, keys: KeyRing, now: int, stream: str, team: str, event: Event, ops: list[Op]
) -> int:
    owner = "workspace" if stream == WORKSPACE_STREAM else team
    shared = shared_event(stream, owner, await keys.team_key(owner, now), event, now)
    committed = await database.submit(Commit([], [], [*ops, Op("halts.bump", ())], [shared]))
    database.announce()
    return committed.pos
