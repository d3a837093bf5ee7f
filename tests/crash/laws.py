"""What must hold when everything has ended, whatever died on the way. Each law names what it protects."""

from __future__ import annotations

import json
from collections.abc import Iterator

from remit.control.auditing.integrity import examine_log
from remit.control.ground.ground import Ground
from remit.domain.errors import RunWasCancelled
from remit.domain.events import Event, RunResumed, StepAbsent, StepClaimed, StepDone, StepFailed, StepUnknown
from remit.domain.runs import RunStatus
from remit.engine.outside import run_stream
from remit.store.log import Entry
from remit.testing.programs import HOPELESS, WRITES, Node, expected
from tests.crash.driver import Case, Theatre
from tests.crash.world import BY_THE_CLOCK, WORLD, hourly

UNCERTAIN = frozenset({"first", "spoiled", "expired"})
"""Kinds whose branches may be cancelled anywhere."""


async def check(theatre: Theatre, cases: list[Case]) -> None:
    """Every law, for every run of these cases and whatever they started."""
    platform = theatre.stage.platform
    assert not WORLD.lies, WORLD.lies
    for case in cases:
        await _came_to_its_end(theatre, case)
        _acted_as_promised(case)
    nonces = WORLD.journaled
    before = WORLD.performed
    for summary in await platform.runs(limit=500):
        if summary.id in theatre.checked:
            continue
        if not RunStatus(summary.status).ended:
            assert summary.flow == hourly.name, summary  # the clock has started it this very moment
            continue
        theatre.checked.add(summary.id)
        entries, _ = await platform.ground.log.read(run_stream(summary.id))
        nonces |= set(_nonces(entries))
        is_honest_about_writes(summary.id, entries)
        report = await platform.replay(summary.id)
        assert report.verdict == "equal", report
        if summary.flow == hourly.name:
            assert len(WORLD.keys[BY_THE_CLOCK + summary.id]) == 1
    assert WORLD.performed == before, "a replay acted on the world"
    told = {WORLD.told[label] for label in WORLD.answers}
    assert told <= nonces, f"acknowledged and lost: {told - nonces}"


async def check_chain(ground: Ground) -> None:
    """Nothing in the log is missing, altered or out of place."""
    findings = await examine_log(ground.database, ground.log)
    assert [f for f in findings if f.state != "ok"] == []


async def _came_to_its_end(theatre: Theatre, case: Case) -> None:
    run = await theatre.stage.platform.run(case.run)
    try:
        result = await run.result()
        assert result == expected(case.body), (
            f"{case.tag} came to {result}, not {expected(case.body)}: {case.body}"
        )
    except RunWasCancelled:
        assert case.cancelled


def _acted_as_promised(case: Case) -> None:
    """Certain writes act exactly once, those of cancelled branches at most once, each under one key."""
    for label, node, certain in calls_of(case.body, case.tag):
        if node.kind not in {*WRITES, "think"}:
            continue
        least = 0 if case.cancelled or not certain or node.amount >= HOPELESS else 1
        most = 0 if node.amount >= HOPELESS else 1
        assert least <= WORLD.effects[label] <= most, (
            f"{label} {node.kind} acted {WORLD.effects[label]} times"
        )
        assert len(WORLD.keys[label]) <= 1, f"{label} came with {len(WORLD.keys[label])} keys"


def calls_of(node: Node, tag: str, *, certain: bool = True) -> Iterator[tuple[str, Node, bool]]:
    """Every node with its label in the world, and whether it is certain to be carried out."""
    yield f"{tag}/{node.id}", node, certain
    for number, part in enumerate(node.parts):
        inside = (
            f"{tag}:{number}"
            if node.kind == "again"
            else f"{tag}/{node.id}+"
            if node.kind == "child"
            else tag
        )
        yield from calls_of(part, inside, certain=certain and node.kind not in UNCERTAIN)


def _nonces(entries: list[Entry]) -> Iterator[int]:
    for entry in entries:
        if isinstance(entry.event, StepDone):
            yield entry.event.result["nonce"]


def is_honest_about_writes(run: str, entries: list[Entry]) -> None:
    """What a death left open of a write without key or reconcile is reported; only a person's no repeats it."""
    claimed: dict[str, bool] = {}
    for entry in entries:
        event: Event = entry.event
        match event:
            case RunResumed():
                claimed = dict.fromkeys(claimed, True)
            case StepClaimed(name="unkeyed" | "mail"):
                assert entry.path not in claimed, (
                    f"{run}: {entry.path} was performed again though nobody said it did not happen"
                )
                claimed[entry.path] = False
            case (
                StepUnknown(name="unkeyed" | "mail")
                | StepAbsent(name="unkeyed" | "mail")
                | StepFailed(name="unkeyed" | "mail")
            ):
                claimed.pop(entry.path, None)
            case StepDone(name="unkeyed" | "mail"):
                assert not claimed.pop(entry.path, False), (
                    f"{run}: {entry.path}: nobody could know that it was done"
                )
            case _:
                pass
    assert not any(claimed.values()), f"{run}: left open without a word: {json.dumps(claimed)}"
