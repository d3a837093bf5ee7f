"""Figures of quality made slowly: every run of an experiment is read from its beginning, and what canaries and
scores came to is read from the stream of the team. It shares no code with what it is held against.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from remit.domain.events import RunCreated, RunEnded
from remit.domain.judging_events import RunScored
from remit.domain.release_events import CanaryDecided, CanaryStarted, ReleaseCreated
from remit.engine.outside import run_stream, team_stream

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

Pair = tuple[int, int] | None


async def assured(ground: Ground) -> dict[str, Pair]:
    """Numerator and denominator of each; None where there is nothing to count."""
    gates = await _gates(ground)
    last = {(suite, *arms): verdict for _, suite, arms, verdict, _ in gates if verdict}
    came = Counter(last.values())
    told = [each.event for each in (await ground.log.read(team_stream(ground.principal.team)))[0]]
    begun = {each.canary: "" for each in told if isinstance(each, CanaryStarted)}
    begun |= {each.canary: each.outcome for each in told if isinstance(each, CanaryDecided)}
    outcomes = Counter(begun.values())
    scores = [score for each in told if isinstance(each, RunScored) for score in each.scores]
    looked_up = [value for metric, value, *_ in scores if metric == "groundedness" and value is not None]
    escaped = await _escaped(ground, gates, [each for each in told if isinstance(each, ReleaseCreated)])
    return {
        "gate_pass": _of(came["pass"], sum(came.values())),
        "regression_escape": _of(escaped, escaped + came["fail"]),
        "rollback": _of(outcomes["rolled_back"], outcomes["rolled_back"] + outcomes["promoted"]),
        "hallucination": _of(sum(value < 1 for value in looked_up), len(looked_up)),
    }


async def sizes(ground: Ground) -> dict[str, int]:
    """How many scenarios each suite had at its last gate."""
    return {suite: size for _, suite, _, _, size in await _gates(ground)}


async def _gates(ground: Ground) -> list[tuple[int, str, tuple[str, str], str, int]]:
    """When each gate was asked, about which suite and code, what it said and how many scenarios it had."""
    found: list[tuple[int, str, tuple[str, str], str, int]] = []
    for row in await ground.database.fetch("runs.list", None, None, None, 10_000):
        if not row[2].startswith("remit.experiment"):
            continue
        entries, _ = await ground.log.read(run_stream(row[0]))
        created, ended = entries[0].event, entries[-1].event
        assert isinstance(created, RunCreated)
        plan: dict[str, Any] = created.input["plan"]
        verdict = ended.result.get("verdict", "") if isinstance(ended, RunEnded) and ended.result else ""
        arms = [*(each["fingerprint"] for each in plan["arms"]), ""]
        if plan["gate"]:
            found.append((entries[0].at, plan["suite"], (arms[0], arms[1]), verdict, len(plan["scenarios"])))
    return sorted(found)


async def _escaped(ground: Ground, gates: list[Any], releases: list[ReleaseCreated]) -> int:
    """Every failed task in the order in which they began: whose release showed its kind first, and was it let pass."""
    shown: set[str] = set()
    escaped = 0
    arms = {each.release: {each.release, each.settings.get("arm")} for each in releases}
    rows = await ground.database.fetch("runs.list", None, None, None, 10_000)
    for row in sorted(rows, key=lambda each: each[0]):
        entries, _ = await ground.log.read(run_stream(row[0]))
        ended = entries[-1].event
        if row[2].startswith("remit.") or not isinstance(ended, RunEnded) or ended.status != "failed":
            continue
        ((release, _),) = await ground.database.fetch("releases.of_run", row[0])
        first = (kind := f"{row[2]} {ended.error}") not in shown
        shown.add(kind)
        said = {
            (g[1], g[2][1]): g[3] for g in gates if g[2][0] in arms.get(release, ()) and g[0] < entries[0].at
        }
        escaped += first and "pass" in said.values() and "fail" not in said.values()
    return escaped


def _of(part: int, whole: int) -> Pair:
    return (part, whole) if whole else None
