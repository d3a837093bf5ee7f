"""Whose fault it was that a run came out wrong, as the log tells it; of a go at a scenario, also by what would have
been right there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.control.runs.inspection import find
from remit.domain.errors import RemitError
from remit.domain.events import RunCreated
from remit.domain.trials import TRIAL
from remit.engine.outside import run_stream
from remit.quality.attribution.episode import Episode, episode_of
from remit.quality.attribution.fault import Fault, fault_of
from remit.quality.experiments.plan import Plan

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.quality.scenarios.scenario import Gold

_GO = re.compile(r"(?P<experiment>.+)\.\d+-(?P<scenario>\d+)-\d+-\d+")


async def fault_in(ground: Ground, run: str) -> tuple[Episode, Fault | None]:
    """What was done in a run, and who is suspected."""
    row = await find(ground.database, run)
    entries, _ = await ground.log.read(run_stream(row.id), row.base_seq, lenient=True)
    episode = episode_of(row.id, entries)
    gold = await _gold(ground, row.id) if row.flow.startswith(TRIAL) else None
    return episode, fault_of(episode, gold)


async def _gold(ground: Ground, run: str) -> Gold | None:
    """What would have been right in a go, by the plan of its experiment; nothing where that is not kept."""
    go = _GO.fullmatch(run)
    if go is None:
        return None
    try:
        first = (await ground.log.read_one(run_stream(go["experiment"]), 1)).event
    except RemitError:
        return None
    scenarios = Plan.read(first.input["plan"]).scenarios if isinstance(first, RunCreated) else ()
    number = int(go["scenario"])
    return scenarios[number].gold if number < len(scenarios) else None
