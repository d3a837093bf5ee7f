"""Where somebody wants to be told how a task goes: kept under the key of the task's run, so that it is erased with it.
Only hosts on the operator's list are taken; what is sent there stands in `herald`.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.control.tasking import tasks
from remit.control.tasking.views import task_of
from remit.domain.errors import InvalidInput
from remit.domain.task_errors import UnknownHook
from remit.domain.task_events import TaskHooked, TaskUnhooked
from remit.engine.outside import shared_event, team_stream
from remit.store.database import Commit, Op
from remit.tools.egress import Egress, host_of

if TYPE_CHECKING:
    from yarl import URL

    from remit.control.running.parts import Parts
    from remit.control.tasking.served import Served
    from remit.domain.event import Event
    from remit.domain.fronting import Caller
    from remit.domain.runs import RunRow

_MOST = 16
_LONGEST = 2_048


@dataclass(frozen=True, slots=True)
class Hook:
    """Whom to tell, and what to show them so that they believe it."""

    url: str
    id: str = ""
    token: str = ""
    """Sent back as it is, in a header of its own."""
    scheme: str = ""
    credentials: str = ""


def egress_of(served: Served) -> Egress:
    """The hosts that may be told."""
    return Egress(served.push, served.push_private)


def check(served: Served, hook: Hook) -> URL:
    """The address to tell, or why nobody is told there."""
    if max(map(len, asdict(hook).values())) > _LONGEST:
        raise InvalidInput(f"a notification with more than {_LONGEST} characters in a field.", "Shorten it.")
    if not hook.id.isprintable():
        raise InvalidInput("the id of the notification holds what nobody could type.", "Leave it out.")
    egress = egress_of(served)
    url = egress.check(hook.url)
    if (hook.token or hook.credentials) and url.scheme != "https" and not egress.may_be_inside(url):
        raise InvalidInput(
            f"{host_of(url)} would be sent a secret over a line that others can read.", "Use https."
        )
    return url


async def add(
    parts: Parts, served: Served, caller: Caller, task: str, hook: Hook, *, from_start: bool = False
) -> Hook:
    """Keep it, if its host is on the list; with `from_start`, the state of now is told as well."""
    row, url = await tasks.find(parts, caller, task), check(served, hook)
    known = await _rows(parts, row.id)
    chosen = replace(hook, id=hook.id or secrets.token_hex(8), url=str(url))
    if chosen.id not in known and len(known) >= _MOST:
        raise InvalidInput(f"{row.id} has {_MOST} notifications already.", "Delete one of them.")
    ground = parts.ground
    key = await ground.keys.get(row.key_id)
    sealed = key.seal(json.dumps(asdict(chosen)).encode(), _place(row.id, chosen.id))
    told = "" if from_start else (await task_of(ground, row)).state.value
    seen = "" if from_start else f"{row.status.value}:{row.reason}"
    add_it = Op("tasks.hook", (row.id, chosen.id, sealed, key.id, seen, told, ground.clock.now()))
    await _commit(parts, row, TaskHooked(row.id, chosen.id, host_of(url), caller.principal), add_it)
    return chosen


async def listed(parts: Parts, caller: Caller, task: str) -> list[Hook]:
    """All of a task."""
    row = await tasks.find(parts, caller, task)
    return list((await _rows(parts, row.id)).values())


async def drop(parts: Parts, caller: Caller, task: str, hook: str) -> None:
    """Keep it no longer; one that is not there is gone already."""
    row = await tasks.find(parts, caller, task)
    if hook.isprintable() and hook in await _rows(parts, row.id):
        await _commit(
            parts, row, TaskUnhooked(row.id, hook, caller.principal), Op("tasks.unhook", (row.id, hook))
        )


async def hook_of(parts: Parts, run: str, hook: str) -> Hook:
    """One of a run's, for whoever tells."""
    found = (await _rows(parts, run)).get(hook)
    if found is None:
        raise UnknownHook(f"{run} has no notification {hook} any more.")
    return found


async def _rows(parts: Parts, run: str) -> dict[str, Hook]:
    found: dict[str, Hook] = {}
    for _, name, sealed, key_id, _, _ in await parts.ground.database.fetch("tasks.hooks", run):
        key = await parts.ground.keys.get(key_id)
        plain: dict[str, Any] = json.loads(key.open(bytes(sealed), _place(run, name)))
        found[name] = Hook(**plain)
    return found


def _place(run: str, hook: str) -> bytes:
    return f"hook|{run}|{hook}".encode()


async def _commit(parts: Parts, row: RunRow, event: Event, op: Op) -> None:
    """The event and the row it is about, together."""
    ground, now = parts.ground, parts.ground.clock.now()
    key = await ground.keys.for_run(row.key_id, row.team, now)
    shared = shared_event(team_stream(row.team), row.team, key, event, now)
    await ground.database.submit(Commit([], [], [op], [shared]))
