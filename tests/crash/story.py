"""What a run did, told for a person who has to find out why it broke a law: its journal, line by line."""

from __future__ import annotations

from dataclasses import fields

from remit.domain.events import Event
from remit.engine.outside import run_stream
from remit.store.log import Log
from tests.crash.driver import Case, Theatre
from tests.crash.world import WORLD

_UNTOLD = frozenset({"value", "result", "input", "name", "digest", "by", "comment", "flow", "pin"})


async def annotate(broken: Exception, seed: str, theatre: Theatre, cases: list[Case]) -> None:
    """Say of a broken law which seed broke it, and tell the stories of the runs it names, or of all."""
    broken.add_note(f"seed: {seed!r}, died at: {theatre.deaths}")
    for case in cases:
        broken.add_note(f"{case.tag} is {case.run}: {case.body}")
    if not WORLD.process:
        return
    runs = [summary.id for summary in await theatre.stage.platform.runs(limit=500)]
    named = [
        run for run in runs if run in str(broken) or any(c.run == run and c.tag in str(broken) for c in cases)
    ]
    for run in named or [case.run for case in cases if case.run]:
        broken.add_note(f"{run}:\n{await story_of(theatre.stage.platform.ground.log, run)}")


async def story_of(log: Log, run: str) -> str:
    """The journal of a run, one line for each event."""
    entries, _ = await log.read(run_stream(run))
    return "\n".join(f"  {e.seq:4} {e.at} {e.event.KIND:18} {e.path} {_details(e.event)}" for e in entries)


def _details(event: Event) -> str:
    names = [each.name for each in fields(event) if each.name not in _UNTOLD]
    told = ((name, str(getattr(event, name))) for name in names)
    return " ".join(f"{name}={value}" for name, value in told if value not in {"None", ""})
