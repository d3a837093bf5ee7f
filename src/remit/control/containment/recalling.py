"""Recalling a bad source: what in the log descends from it, what of that can be undone, and the one run that does it.

A source is a step (`RUN/PATH`), a run, an item of memory (`memory:team:NAME/KEY`), a tool (`tool:NAME`), somebody
(`principal:NAME`), or a text that a read was asked with, such as an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.control import starting
from remit.control.containment.views import DescendantView, RecallView
from remit.domain.action_events import ActionAdmitted
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput, WrongState
from remit.domain.event import object_of
from remit.domain.events import RunCreated, RunEnded, StepClaimed, StepDone, WaitClosed
from remit.engine.outside import run_stream
from remit.gate.containment.recall import FLOW
from remit.gate.undoing import plan
from remit.policy.containment.tracing import Descent, Fact, FactKind, descent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.ground import Ground
    from remit.control.handle import RunHandle
    from remit.control.parts import Parts
    from remit.store.log import Entry

_MEMORY = "memory:"
_SHORTEST = 4


async def trace(parts: Parts, source: str, days: int = 30) -> RecallView:
    """What descends from a source, and what undo could do about each effect."""
    found, statuses = await _descent(parts.ground, source, days)
    effects: list[DescendantView] = []
    for run, since in sorted(found.runs.items(), key=lambda each: -each[1]):
        for receipt, planned in await plan(parts.house.gate.parts, parts.ground.log, run):
            if receipt.at >= since:
                effects.append(
                    DescendantView(
                        run,
                        planned.path,
                        planned.tool,
                        planned.objects,
                        planned.at,
                        planned.possible,
                        planned.why,
                    )
                )
    living = tuple(run for run in found.runs if statuses[run] not in {"succeeded", "failed", "cancelled"})
    return RecallView(
        source, found.via, {name: run for name, run in found.memory.items() if run}, tuple(effects),
        tuple(fact.run for fact in found.messages), living,
    )  # fmt: skip


async def recall(parts: Parts, source: str, days: int = 30) -> RunHandle:
    """Start the run that takes back all that descends from a source, the newest first."""
    found, statuses = await _descent(parts.ground, source, days)
    living = [run for run in found.runs if statuses[run] not in {"succeeded", "failed", "cancelled"}]
    if living:
        raise WrongState(
            f"{', '.join(living[:5])} had it in sight and did not end; what is yet to come could not be taken back.",
            f"Cancel them first: remit cancel {living[0]}",
        )
    newest = sorted(found.runs.items(), key=lambda each: -each[1])
    targets = [[run, since] for run, since in newest]
    return await starting.submit(parts, FLOW, {"source": source, "targets": targets})


async def _descent(ground: Ground, source: str, days: int) -> tuple[Descent, dict[str, str]]:
    if len(source.strip()) < _SHORTEST:
        raise InvalidInput(
            f'"{source}" names no source.', "Say RUN/PATH, RUN, memory:…, tool:NAME, or an address."
        )
    since = ground.clock.now() - days * 86_400 * MICROSECONDS
    rows = await ground.database.fetch("recall.runs", ground.principal.team, since)
    facts: list[Fact] = []
    for run, *_ in rows:
        entries, _ = await ground.log.read(run_stream(run), lenient=True)
        facts += _facts(run, entries, source)
    memory = [source] if source.startswith(_MEMORY) else []
    return descent(facts, memory), {row[0]: row[1] for row in rows}


def _facts(run: str, entries: list[Entry], source: str) -> Iterator[Fact]:
    """What one run's log says, as far as it can carry something on."""
    claimed: set[str] = set()
    asked: dict[str, Any] = {}
    for entry in entries:
        event, at, seq, path = entry.event, entry.at, entry.seq, entry.path
        match event:
            case RunCreated():
                if event.parent:
                    yield Fact(at, run, seq, FactKind.BORN, "", event.parent)
                if source in {run, f"principal:{event.by}"}:
                    yield Fact(at, run, seq, FactKind.SOURCE, source)
            case StepClaimed() | ActionAdmitted():
                asked[path] = object_of(event.detail).get("arguments")
                if isinstance(event, StepClaimed):
                    claimed.add(path)
            case StepDone():
                yield from _done(run, entry, event, source, asked.get(path), path in claimed)
            case WaitClosed(wait="child", ref=ref):
                yield Fact(at, run, seq, FactKind.HEARD, path, ref.removeprefix("run:").rpartition("#")[0])
            case RunEnded():
                yield Fact(at, run, seq, FactKind.ANSWERED)
            case _:
                pass


def _done(
    run: str, entry: Entry, event: StepDone, source: str, asked: Any, wrote: bool
) -> Iterator[Fact]:  # fmt: skip
    said = asked or object_of(event.detail).get("arguments")
    if source in {f"{run}/{entry.path}", f"tool:{event.name}"} or (said and source in str(said)):
        yield Fact(entry.at, run, entry.seq, FactKind.SOURCE, f"{run}/{entry.path}")
    yield from _moved(run, entry, event, wrote)


def _moved(run: str, entry: Entry, event: StepDone, wrote: bool) -> Iterator[Fact]:
    detail = object_of(event.detail)
    about = object_of(detail.get("memory"))
    if about.get("operation") == "recall":
        for item in cast("list[Any]", event.result or []):
            said = object_of(item)
            name = f"{_MEMORY}{said.get('scope')}/{said.get('key')}"
            yield Fact(entry.at, run, entry.seq, FactKind.RECALLED, entry.path, name)
    elif about:
        for image in detail.get("images", ()):
            yield Fact(
                entry.at, run, entry.seq, FactKind.REMEMBERED, entry.path, str(object_of(image).get("object"))
            )
    elif wrote:
        yield Fact(entry.at, run, entry.seq, FactKind.WROTE, entry.path, event.name)
