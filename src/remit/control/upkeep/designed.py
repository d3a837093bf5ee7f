"""The review of a design as part of a check: what of it is an error, what is only named, and where.

In prod whatever lets a run do harm or never end is an error, and so is a question that nobody has answered; elsewhere
one line says that there is something to look at. Whoever asks for the review is failed by all of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remit.control.designing.gathering import Ground, blueprint_of
from remit.control.designing.telling import verdict
from remit.control.upkeep.bench import Problem
from remit.control.upkeep.kept import with_database
from remit.domain.clock import MICROSECONDS, SystemClock
from remit.quality.design.review import review

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.upkeep.bench import Bench, Severity
    from remit.quality.design.findings import Review
    from remit.store.database import Database

CHECK = "design"
_PROD = "prod"
_LATEST = 5000
_ENOUGH = 20
_SHARE = 0.95


async def design_problems(bench: Bench) -> list[Problem]:
    """What the review found; without code or models there is nothing that could be looked at."""
    if bench.code is None or bench.models is None:
        return []
    ground = Ground(
        bench.root, bench.chosen, bench.code, bench.models, bench.registry, bench.world, tuple(bench.guards),
        bench.objectives, bench.suites, await _measured(bench),
    )  # fmt: skip
    bench.review = review(blueprint_of(ground, SystemClock().now()))
    prod = bench.chosen.workspace.environment == _PROD
    if bench.strict or prod:
        return list(_problems(bench.review, strict=bench.strict))
    if bench.review.ok:
        return []
    return [Problem(CHECK, "warning", f"{verdict(bench.review)}.", "See what: remit check --design")]


async def _measured(bench: Bench) -> dict[tuple[str, str], float]:
    """How long calls take that were recorded often enough; a database that cannot be read says nothing here."""
    found: dict[tuple[str, str], list[float]] = {}

    async def look(database: Database) -> list[Problem]:
        for kind, name, took in await database.fetch("designing.times", bench.chosen.workspace.team, _LATEST):
            found.setdefault((kind, name), []).append(max(took, 0) / MICROSECONDS)
        return []

    await with_database(bench, CHECK, look)
    return {
        of: sorted(times)[math.ceil(_SHARE * len(times)) - 1]
        for of, times in found.items()
        if len(times) >= _ENOUGH
    }


def _problems(found: Review, *, strict: bool) -> Iterator[Problem]:
    for fault in found.open_faults:
        severity: Severity = "error" if strict or fault.kind.harm else "warning"
        yield Problem(CHECK, severity, f"{fault.place}: {fault.kind.value}: {fault.message}.", fault.fix)
    for answer in found.open_answers:
        yield Problem(
            CHECK, "error", f"{answer.flow}: {answer.question} {answer.said}.",
            "Mend that, or write the answer down in design.toml: docs/how-to/review-a-design.md",
        )  # fmt: skip
