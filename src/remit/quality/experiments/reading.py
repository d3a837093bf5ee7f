"""What the log says about a trial, as scorers may see it. A trial is read from nothing but its own run and the children
of that; whoever has the log can read it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionHeld
from remit.domain.clock import MICROSECONDS
from remit.domain.effects import Effect
from remit.domain.event import object_of
from remit.domain.events import ChildSpawned, RunCreated, RunEnded, StepDone, StepFailed
from remit.engine.outside import run_stream
from remit.gate.trying.stand_in import NO_ANSWER
from remit.insight.tracing.failures import class_of
from remit.quality.experiments.scripted import Scripted
from remit.quality.experiments.trying import CHECKS
from remit.quality.scenarios.expectation import text_of
from remit.quality.trial import Act, ActStatus, ModelCall, Trial
from remit.store.conversations import refers, resolve

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest
    from remit.engine.services import Services
    from remit.quality.scenarios.scenario import Scenario
    from remit.store.log import Entry

Json = Any
_GROUND = frozenset({
    "no_route", "provider_busy", "provider_down", "provider_refused", "stream_cut", "model_failed", "circuit_open",
    "secret_unavailable", "halted", "quarantined", "isolation_missing", "arm_lost",
})  # fmt: skip
"""What ends a run and says nothing about an agent, beside what ends the process or the log."""
_INFRASTRUCTURE = "infrastructure"
_DENIED = frozenset({"denied", "blocked", "quarantined", "unknown_tool", "budget_exhausted"})
_HELD = "StopRun"


@dataclass(slots=True)
class _Seen:
    """What was found so far."""

    acts: list[Act] = field(default_factory=list[Act])
    calls: list[ModelCall] = field(default_factory=list[ModelCall])
    infra: str = ""
    steps: int = 0
    simulated: bool = False
    checks: dict[str, Json] = field(default_factory=dict[str, Json])
    """What was looked at in the end, by its scope."""


async def read_trial(
    services: Services, run: str, scenario: Scenario, index: int, seed: int, tools: dict[str, ToolManifest]
) -> Trial:
    """The trial that a run is. One that has not ended counts as ended by the ground: nobody let it go on."""
    entries, _ = await services.log.read(run_stream(run))
    seen = _Seen()
    found = await _with_children(services, entries)
    for each in found:
        _look(each, seen, tools)
    ended = next((each.event for each in reversed(entries) if isinstance(each.event, RunEnded)), None)
    result, error, infra = None, "it was not over in time", True
    if ended is not None:
        result = (
            await resolve(ended.result, services.database, services.keys)
            if refers(ended.result)
            else ended.result
        )
        error = f"{ended.error}: {ended.message}" if ended.error else ""
        if ended.status == "cancelled":
            error = "it was cancelled, or took longer than a trial may"
        infra = _is_ground(ended.error) or ended.status == "cancelled"
    prices = [call.cost_micro for call in seen.calls]
    return Trial(
        scenario, index, seed, answer="" if result is None else text_of(result), result=result, error=error,
        infra=infra or bool(seen.infra), acts=tuple(seen.acts), calls=tuple(seen.calls),
        cost_micro=None if None in prices else sum(each for each in prices if each is not None),
        seconds=_seconds(entries), steps=seen.steps,
        denials=sum(act.status is ActStatus.DENIED for act in seen.acts), run_id=run, simulated=seen.simulated,
        state=_state(scenario, seen.acts, tools), checks=_checks(scenario, seen.checks),
    )  # fmt: skip


def _is_ground(code: str) -> bool:
    return code in _GROUND or class_of(code) == _INFRASTRUCTURE


async def _with_children(services: Services, entries: list[Entry]) -> list[list[Entry]]:
    found = [entries]
    for entry in entries:
        if isinstance(entry.event, ChildSpawned):
            child, _ = await services.log.read(run_stream(entry.event.child))
            found += await _with_children(services, child)
    return found


def _look(entries: list[Entry], seen: _Seen, tools: dict[str, ToolManifest]) -> None:
    said: dict[str, dict[str, Json]] = {}
    held: set[str] = set()
    found: list[tuple[int, Act]] = []
    begun: dict[str, int] = {}
    for entry in entries:
        event, path = entry.event, entry.path
        at = begun.setdefault(path, entry.seq)
        if isinstance(event, ActionHeld):
            held.add(path)
        detail = object_of(getattr(event, "detail", None))
        if detail and path:
            said[path] = said.get(path, {}) | detail
        if not isinstance(event, StepDone | StepFailed):
            continue
        seen.steps += 1
        known = said.get(path, {})
        if event.name == "model" and ("route" in known or "model" in known):
            seen.calls.append(_call(path, known))
            seen.simulated = seen.simulated or (bool(known.get("simulated")) and not known.get("cassette"))
        elif path.partition("#")[0].partition("/")[0] == CHECKS:
            seen.checks[path.partition("/")[0]] = event.result if isinstance(event, StepDone) else None
        elif "tool_digest" in known or "tool" in known:
            found.append((at, _act(event, path, known, held, tools)))
        if isinstance(event, StepFailed):
            why = object_of(known.get("why"))
            if why.get("trial") == NO_ANSWER:
                seen.infra = seen.infra or event.message
    seen.acts += [act for _, act in sorted(found, key=lambda each: each[0])]


def _act(
    event: StepDone | StepFailed, path: str, known: dict[str, Json], held: set[str],
    tools: dict[str, ToolManifest],
) -> Act:  # fmt: skip
    arguments = object_of(object_of(known.get("edited")).get("arguments") or known.get("arguments"))
    manifest = tools.get(event.name)
    effect = manifest.effect if manifest is not None else Effect(known.get("effect", Effect.READ))
    if isinstance(event, StepDone):
        rehearsed = bool(known.get("rehearsed")) and effect.acts
        status = ActStatus.SIMULATED if rehearsed else ActStatus.DONE
        return Act(event.name, effect, arguments, status, event.result, path, "", str(known.get("agent", "")))
    status = ActStatus.FAILED
    if event.error in _DENIED:
        status = ActStatus.DENIED
    elif event.error == "rejected":
        status = ActStatus.REJECTED
    elif event.error == _HELD and path in held:
        status = ActStatus.HELD
    tool = str(known.get("tool") or event.name)
    return Act(tool, effect, arguments, status, None, path, event.message, str(known.get("agent", "")))


def _call(path: str, known: dict[str, Json]) -> ModelCall:
    used, latency = object_of(known.get("used")), object_of(known.get("latency"))
    money, total = used.get("money"), latency.get("total")
    model = known.get("served") or known.get("model") or next(iter(known.get("order") or ()), "")
    return ModelCall(
        str(model), int(used.get("tokens", 0)), money if isinstance(money, int) else None,
        total / MICROSECONDS if isinstance(total, int) else 0.0, path, str(known.get("agent", "")),
        str(known.get("route", "")),
    )  # fmt: skip


def _state(scenario: Scenario, acts: list[Act], tools: dict[str, ToolManifest]) -> dict[str, Json]:
    """The state of the world at the end: what was done to it, done again."""
    world = Scripted(scenario.environment, ())
    for act in acts:
        if act.tool in tools and not world.is_real(act.tool):
            reached = act.status in {ActStatus.DONE, ActStatus.SIMULATED, ActStatus.FAILED}
            if reached:
                world.retell(tools[act.tool], dict(act.args))
    return json.loads(json.dumps(world.world.state))


def _checks(scenario: Scenario, found: dict[str, Json]) -> dict[str, Json]:
    """What each check was told, in the order in which they stand in the scenario."""
    asked = [check.name for check in scenario.gold.state if check.tool]
    places = [f"{CHECKS}#{number}" if number > 1 else CHECKS for number in range(1, len(asked) + 1)]
    return {name: found[place] for name, place in zip(asked, places, strict=True) if place in found}


def _seconds(entries: list[Entry]) -> float:
    """From the first event to the last: nobody waits in a trial."""
    created = [each for each in entries if isinstance(each.event, RunCreated)]
    return max(0.0, (entries[-1].at - created[0].at) / MICROSECONDS) if created else 0.0
