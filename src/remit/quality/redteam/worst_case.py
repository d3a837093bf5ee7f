"""The worst case: every mode of attack with every tool within reach, the worst of each kept, and what is accepted said.

Pure: it is given scenarios and somebody to judge them. An attempt that gets through is a finding until it is mended,
or until somebody accepts it by name and says why.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remit.policy.provenance.roles import is_consequential
from remit.quality.redteam.attempts import attempts, protected
from remit.quality.redteam.scenario import Attempt, Finding, Mode, Reach, Sink, WorstCase
from remit.quality.redteam.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.domain.tools import ToolManifest
    from remit.quality.redteam.scenario import Judged, Scenario
    from remit.quality.redteam.trial import Court
    from remit.quality.redteam.waivers import Waiver

_BY_CHOICE = (Mode.LITERAL, Mode.REFERENCE, Mode.CONTENT)
Key = tuple[str, str, Mode]


@dataclass(slots=True)
class _Worst:
    """The worst of one kind so far."""

    finding: Finding
    tried: int = 0


def worst_case(
    scenarios: Sequence[Scenario], court: Court, bounds: Sequence[float], waivers: Sequence[Waiver] = (),
    notes: Iterable[str] = (),
) -> WorstCase:  # fmt: skip
    """What a hijacked model could do from these scenarios."""
    found: dict[Key, _Worst] = {}
    counts: Counter[str] = Counter()
    for scenario in scenarios:
        trial = Trial(court, scenario)
        for attempt in _all(trial, bounds):
            judged = trial.judge(attempt)
            counts[judged.reach.value] += 1
            _keep(found, scenario, trial, attempt, judged)
    findings = [replace(worst.finding, tried=worst.tried) for worst in found.values()]
    waived = [_waived(finding, waivers) for finding in _in_order(findings)]
    unused = [
        waiver
        for waiver in waivers
        if not (waiver.pack or any(waiver.covers(each) for each in findings if _through(each)))
    ]
    said = [
        *notes,
        *(f"the waiver of {waiver.named} accepts nothing that happens: remove it" for waiver in unused),
    ]
    whole = {reach.value: counts[reach.value] for reach in reversed(Reach)}
    return WorstCase(tuple(waived), len(scenarios), sum(counts.values()), whole, tuple(said))


def _all(trial: Trial, bounds: Sequence[float]) -> Iterator[Attempt]:
    """Every attempt; choosing among trusted values is tried where the attacker's own do not get through anyway."""
    scenario, manifests = trial.scenario, trial.court.manifests
    for sink in scenario.sinks:
        manifest = manifests.get(sink.tool)
        if manifest is None or not is_consequential(manifest):
            continue
        through = False
        for mode in (Mode.APPEND, Mode.SUBSTITUTE, Mode.MEMORY):
            for attempt in attempts(sink, manifest, mode, trial.seen, bounds):
                through = through or trial.judge(attempt).reach is Reach.ALLOWED
                yield attempt
        for mode in () if through else _BY_CHOICE:
            chosen = list(attempts(sink, manifest, mode, trial.seen, bounds))
            yield from chosen if mode is Mode.CONTENT else _real_choices(trial, manifest, chosen)
    yield from _by_others(trial, bounds)


def _real_choices(trial: Trial, manifest: ToolManifest, chosen: list[Attempt]) -> list[Attempt]:
    """Without the calls that were made, which nobody is attacked by; and where none was, without the only one that
    could be: it is the request itself.
    """
    made = [
        protected(seen.arguments, manifest, trial.seen)
        for seen in trial.scenario.calls
        if seen.tool == manifest.name
    ]
    others = [each for each in chosen if protected(each.arguments, manifest, trial.seen) not in made]
    through = [each for each in others if trial.judge(each).reach is Reach.ALLOWED]
    ways = {repr(sorted(protected(each.arguments, manifest, trial.seen).items())) for each in through}
    return others if made or len(ways) > 1 else [each for each in others if each not in through]


def _by_others(trial: Trial, bounds: Sequence[float]) -> Iterator[Attempt]:
    """The same by agents that this one may let act for it."""
    scenario, manifests = trial.scenario, trial.court.manifests
    for agent, tools in scenario.delegates.items():
        for tool in tools:
            manifest = manifests.get(tool)
            if manifest is not None and is_consequential(manifest):
                for attempt in attempts(Sink(tool), manifest, Mode.SUB_AGENT, trial.seen, bounds):
                    yield replace(attempt, by=agent)


def _keep(
    found: dict[Key, _Worst], scenario: Scenario, trial: Trial, attempt: Attempt, judged: Judged
) -> None:
    who = f"{scenario.who} → {attempt.by}" if attempt.by else scenario.who
    key = (who, attempt.tool, attempt.mode)
    known = found.get(key)
    if known is None or judged.reach.weight > known.finding.reach.weight:
        effect = trial.court.manifests[attempt.tool].effect.value
        finding = Finding(
            who, attempt.tool, effect, attempt.mode, judged.reach, scenario.name, attempt.arguments,
            judged.rule, judged.place, judged.text, judged.remedies or _remedies(trial, judged),
        )  # fmt: skip
        known = found[key] = _Worst(finding, known.tried if known is not None else 0)
    known.tried += 1


def _remedies(trial: Trial, judged: Judged) -> tuple[str, ...]:
    """What to do about an attempt that gets through."""
    if judged.reach is not Reach.ALLOWED:
        return ()
    if not trial.bounds:
        who = trial.scenario.who
        return (f"Give {who} a contract.", "Let a rule ask a person (@ask), or forbid it.")
    return (
        "Narrow the contract: name the value, or what it is looked up in.",
        "Let a rule ask a person (@ask).",
    )


def _waived(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    if not _through(finding):
        return finding
    reason = next((waiver.reason for waiver in waivers if waiver.covers(finding)), "")
    return replace(finding, waived=reason)


def _through(finding: Finding) -> bool:
    return finding.reach is Reach.ALLOWED


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Tool by tool; those first through which something gets, and of each its worst first."""
    worst: dict[tuple[str, str], int] = {}
    for each in findings:
        worst[each.who, each.tool] = max(worst.get((each.who, each.tool), 0), each.reach.weight)
    modes = list(Mode)
    return sorted(
        findings,
        key=lambda each: (
            -worst[each.who, each.tool], each.who, each.tool, -each.reach.weight, modes.index(each.mode),
        ),
    )  # fmt: skip
