"""What other rules would have decided over what was really asked, and golden decisions taken from the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from remit.control.authority.policy_in_force import FOLDER, archive_of
from remit.control.policy_life import checking as policies
from remit.control.policy_life.requests import asked_in, asked_since
from remit.control.runs.inspection import find
from remit.control.workspace.world import world_of
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput, UnknownStep
from remit.engine.outside import run_stream
from remit.engine.step import seconds
from remit.policy import checking
from remit.policy.authority import Authority
from remit.policy.comparing import Change, compare
from remit.policy.loading import read_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.running.parts import Parts
    from remit.domain.decisions import AccessRequest
    from remit.policy.checking import Tried

_EXAMPLES = "examples.yaml"


@dataclass(frozen=True, slots=True)
class Simulation:
    """What became of it."""

    policy: str
    """The rules in force."""
    other: str
    """The rules that were tried."""
    since: int
    requests: int
    same: int
    erased: int
    """Requests whose content is gone, so that nobody can judge them again."""
    unknown: int
    """Calls of tools that are no more."""
    new_denials: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A golden decision that was taken from the log."""

    example: dict[str, Any]
    file: str


async def simulate(parts: Parts, wanted: str, since: str = "7d") -> Simulation:
    """Judge what was asked since then by the rules in a folder, or by a version that was once in force."""
    gate, ground = parts.house.gate.parts, parts.ground
    start = ground.clock.now() - int(seconds(since) * MICROSECONDS)
    other = Authority.of(await _files(parts, wanted), gate.authority.world)
    made: list[tuple[str, AccessRequest]] = []
    erased = unknown = 0
    async for each in asked_since(parts, start):
        if each.request is None:
            erased, unknown = erased + each.erased, unknown + (not each.erased)
        else:
            made.append((each.place, each.request))
    found = compare(gate.authority, other, made)
    return Simulation(
        gate.authority.version, other.version, start, found.requests, found.same, erased, unknown,
        found.new_denials, found.changes,
    )  # fmt: skip


async def record_example(parts: Parts, place: str, name: str = "") -> Recorded:
    """Write down, as a golden decision, what the rules in force say to a request that was really made."""
    wanted, _, path = place.partition("/")
    ground, gate = parts.ground, parts.house.gate.parts
    row = await find(ground.database, wanted)
    entries, _ = await ground.log.read(run_stream(row.id), lenient=True)
    asked = {each.path: each.request for each in asked_in(parts, row.id, entries)}
    request = asked.get(path)
    if request is None:
        known = ", ".join(each for each, found in asked.items() if found is not None)
        raise UnknownStep(
            f'{row.id} asked nothing of the rules at "{path}" that is still known.',
            f"It has: {known or 'nothing'}.",
        )
    decision = gate.authority.decide(request, ground.clock.now())
    case: dict[str, Any] = {"example": name or f"as in {row.id}/{path}", request.action: request.resource}
    case |= {"with": request.context} if request.context else {}
    case |= {"user": request.user} | ({"agent": request.agent} if request.agent else {})
    case |= {"groups": list(request.groups)} if request.groups else {}
    case["expect"] = decision.outcome.value
    rule = next((reason.rule for reason in decision.reasons if reason.rule), "")
    case |= {"by": rule} if rule else {}
    file = ground.workspace / FOLDER / _EXAMPLES
    text = yaml.safe_dump([case], sort_keys=False, allow_unicode=True)
    before = file.read_text("utf-8") if file.exists() else ""
    file.write_text(f"{before.rstrip()}\n\n{text}" if before.strip() else text, "utf-8")
    return Recorded(case, f"{FOLDER}/{_EXAMPLES}")


async def test(root: Path, code: Sequence[str], team: str, environment: str) -> tuple[Tried, ...]:
    """Hold the rules in the folder against every golden decision."""
    world, _ = await world_of(root, code, team, environment)
    folder = root / FOLDER
    return checking.tried(folder, world, policies.examples(folder / _EXAMPLES), environment)


async def _files(parts: Parts, wanted: str) -> dict[str, str]:
    folder = parts.ground.workspace / wanted
    if folder.is_dir():
        return read_files(folder)
    kept = await archive_of(parts.ground).files(wanted)
    if kept is None:
        raise InvalidInput(
            f'"{wanted}" is no folder here, and no version of the rules that was ever in force.',
            "Such as --policies policies, or the digest of rules that were in force once.",
        )
    return dict(kept)
