"""Queues: opening one, and putting things into it: runs by name, by lot or because something stood out, and lines of a
file that others may have labelled already.
"""

from __future__ import annotations

import json
import random
import secrets
from typing import TYPE_CHECKING

from remit.control.authority.acts import record
from remit.control.authority.duties import require
from remit.control.labelling import reading
from remit.control.labelling.reading import AREA
from remit.control.labelling.views import AddedView
from remit.control.runs.matters import matter_of_run
from remit.control.searching.finding import up_to_date
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput, InvalidName, WrongState
from remit.domain.ids import is_code_name
from remit.domain.judging_events import LabelsAdded, LabelsOpened
from remit.engine.outside import team_stream
from remit.quality.matter import plain_matter
from remit.store.database import Conflict, Op
from remit.store.runs import run_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground
    from remit.quality.matter import Matter

_DAY = 86_400 * MICROSECONDS
_MOST_LABELLERS = 9
_NEWEST = 5_000
"""Out of so many runs a lot is drawn."""


async def open_queue(
    ground: Ground,
    name: str,
    choices: Sequence[str],
    labellers: int,
    readers: Sequence[str],
    *,
    ordinal: bool,
) -> int:
    """A queue of things that people are to label; gives the position in the log."""
    await require(ground, "admin", AREA, "open a queue of labels")
    if not is_code_name(name):
        raise InvalidName(f'a queue cannot be called "{name}".', "Use letters, digits, dots, dashes and _.")
    if len(set(choices)) < 2 or len(set(choices)) < len(choices) or not all(map(is_code_name, choices)):  # noqa: PLR2004
        raise InvalidInput("labels are at least two different words.", "Such as --choices pass,fail")
    if not 1 <= labellers <= _MOST_LABELLERS:
        raise InvalidInput(f"{labellers} people cannot label each thing; it is 1 to {_MOST_LABELLERS}.")
    who, now, team = ground.principal.id, ground.clock.now(), ground.principal.team
    scale = "ordinal" if ordinal else "nominal"
    event = LabelsOpened(name, list(choices), scale, labellers, list(readers), who)
    given = (team, name, json.dumps(list(choices)), scale, labellers, json.dumps(list(readers)), now, who)
    try:
        return await record(ground, [event], [Op("labels.open_queue", given, one=True)])
    except Conflict:
        raise WrongState(f'there is a queue "{name}" already.', "Give this one another name.") from None


async def add_runs(ground: Ground, queue: str, runs: Sequence[str], flag: str = "") -> AddedView:
    """Put runs into a queue, as they stand in the log."""
    await require(ground, "admin", AREA, "put things into a queue of labels")
    chosen = await reading.queue_named(ground, queue)
    known = await _sources(ground, queue)
    added: list[str] = []
    for run in runs:
        matter = await matter_of_run(ground, run)
        if matter.id not in known:
            known.add(matter.id)
            added.append(await _add(ground, chosen.name, matter, run=matter.id, flag=flag))
    return AddedView(queue, len(added), len(runs) - len(added), tuple(added))


async def sample(
    ground: Ground, queue: str, n: int, *, since_days: int, flow: str = "", agent: str = "", flagged: bool = False,
    seed: int = 0,
) -> AddedView:  # fmt: skip
    """Put so many runs of the last days into a queue, by lot: any, or only those in which something stood out."""
    await up_to_date(ground)
    since = ground.clock.now() - since_days * _DAY
    rows = await ground.database.fetch(
        "labels.candidates", ground.principal.team, since, flow, agent, int(flagged), _NEWEST
    )
    known = await _sources(ground, queue)
    left = sorted(row[0] for row in rows if row[0] not in known)
    drawn = random.Random(seed).sample(left, min(n, len(left)))  # noqa: S311 - the same lot again by its seed
    return await add_runs(ground, queue, drawn, "flagged" if flagged else "sampled")


async def add_matters(ground: Ground, queue: str, matters: Sequence[tuple[Matter, str]]) -> AddedView:
    """Put lines of a file into a queue; those with a label are settled by whoever brings them."""
    await require(ground, "admin", AREA, "put things into a queue of labels")
    chosen = await reading.queue_named(ground, queue)
    odd = next((label for _, label in matters if label and label not in chosen.choices), "")
    if odd:
        raise InvalidInput(f'"{odd}" is no label of {queue}.', f"It is one of {', '.join(chosen.choices)}.")
    known = await _sources(ground, queue)
    fresh = [(matter, label) for matter, label in matters if _source(ground, queue, matter) not in known]
    added = [await _add(ground, queue, matter, label=label) for matter, label in fresh]
    return AddedView(queue, len(added), len(matters) - len(added), tuple(added))


def _source(ground: Ground, queue: str, matter: Matter) -> str:
    """What stands for a line of a file in the database: its id is somebody's text."""
    return f"file:{ground.keys.tag(f'labels|{ground.principal.team}|{queue}|{matter.id}')}"


async def _sources(ground: Ground, queue: str) -> set[str]:
    rows = await ground.database.fetch("labels.sources", ground.principal.team, queue)
    return {row[0] for row in rows}


async def _add(
    ground: Ground, queue: str, matter: Matter, *, run: str = "", label: str = "", flag: str = ""
) -> str:
    """What shows a run is sealed with its key: a shred of the run takes it out of the queue."""
    team, who, now = ground.principal.team, ground.principal.id, ground.clock.now()
    identity = f"l-{secrets.token_hex(5)}"
    event = LabelsAdded(queue, identity, run, plain_matter(matter), who, label, flag)
    key = None
    if run:
        row = run_row((await ground.database.fetch("runs.get", run))[0])
        key = await ground.keys.for_run(row.key_id, row.team, now)
    given = (
        identity, team, queue, run, run or _source(ground, queue, matter), "settled" if label else "open", label,
        who if label else "", team_stream(team), now,
    )  # fmt: skip
    await record(ground, [event], [Op("labels.add", given)], key)
    return identity
