"""Who may do what in a course: which writes an agent or the flow's own code can come to, whether anything that nobody
trusts leads there, and what rules would say. It asks the rules and makes no call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Effect
from remit.domain.tools import Undo
from remit.models.simulation.filling import fill
from remit.models.simulation.hints import Hints
from remit.policy.provenance.roles import schema_of
from remit.quality.design.course import FOREIGN
from remit.quality.redteam.attempts import attempts
from remit.quality.redteam.scenario import Mode, Reach, Scenario, Sink
from remit.quality.redteam.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.agents.agent import Agent
    from remit.domain.contracts import ContractTemplate
    from remit.domain.tools import ToolManifest
    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course, Hop

_MOST_TRIED = 60


@dataclass(frozen=True, slots=True)
class Act:
    """A write that a course can come to."""

    number: int
    """The hop from which."""
    hop: Hop
    tool: str
    """Empty: a step of the flow's own."""
    manifest: ToolManifest | None
    holder: Agent | None = None
    """The agent whose model chooses it; None: the flow's own code makes the call."""
    fixed: tuple[tuple[str, Any], ...] = ()
    """The arguments that no model fills."""

    @property
    def name(self) -> str:
        """For people."""
        return self.tool or self.hop.name

    @property
    def undoable(self) -> bool:
        """Whether it can be taken back."""
        return self.manifest is not None and self.manifest.undo is not Undo.NONE

    @property
    def final(self) -> bool:
        """Whether it says itself that nothing takes it back."""
        effect = self.manifest.effect if self.manifest is not None else self.hop.does.effect
        return effect is Effect.IRREVERSIBLE


def acts_of(plan: Blueprint, course: Course) -> Iterator[Act]:
    """Every write within reach."""
    for number, hop in enumerate(course.hops):
        if hop.kind == "step" and hop.does.acts:
            yield Act(number, hop, "", None)
        elif hop.kind == "tool":
            manifest = plan.manifests.get(hop.name)
            if manifest is not None and manifest.effect.acts:
                fixed = (*hop.fixed.items(), *((name, None) for name, each in hop.given.items() if not each))
                yield Act(number, hop, hop.name, manifest, None, fixed)
        elif hop.kind == "agent":
            for holder in plan.family(hop.agent):
                for tool in sorted(holder.tool_names):
                    manifest = plan.manifests.get(tool)
                    if manifest is not None and manifest.effect.acts:
                        yield Act(number, hop, tool, manifest, holder)


def contracts_of(course: Course, act: Act) -> tuple[ContractTemplate, ...]:
    """What binds whoever acts."""
    own = act.holder.contract if act.holder is not None else None
    asked = act.hop.agent.contract if act.hop.kind == "agent" else None
    flow = course.flow.contract if course.flow is not None else None
    return tuple(each for each in (flow, asked, own) if each is not None)


def untrusted(plan: Blueprint, course: Course, act: Act) -> str:
    """What that nobody trusts leads to a write, in words; empty if nothing does."""
    if act.holder is not None:
        if course.name in plan.served:
            return "what strangers ask it"
        if act.holder.memory:
            return "its memory"
        for tool in sorted(act.holder.tool_names - {act.tool}):
            manifest = plan.manifests.get(tool)
            if manifest is not None and not manifest.effect.acts and not manifest.label.trusted:
                return f"what {tool} gives"
    return _in_sources(plan, course, act.hop.sources)


def seen_by_people(course: Course, act: Act) -> bool:
    """Whether a person agreed to what the flow's own code hands on before it does."""
    if act.holder is not None:
        return False
    seen = [hop.sources for number, hop in course.of("human") if number < act.number]
    return any(act.hop.sources & sources for sources in seen)


def _in_sources(plan: Blueprint, course: Course, sources: frozenset[int]) -> str:
    for number in sorted(sources):
        if number == FOREIGN:
            return "what somebody else wrote, and the run is started with"
        hop = course.hops[number]
        manifest = plan.manifests.get(hop.name) if hop.kind == "tool" else None
        if hop.kind == "agent":
            return f"what {hop.name} answers"
        if hop.kind == "tool" and (manifest is None or not manifest.label.trusted):
            return f"what {hop.name} gives"
    return ""


def judged(plan: Blueprint, course: Course, act: Act) -> frozenset[Reach]:
    """What rules would say of an attacker's calls of it; nothing where they cannot be asked."""
    if plan.court is None or act.manifest is None:
        return frozenset()
    sink = Sink(act.tool, {name: _sample(act.manifest, name, value) for name, value in act.fixed})
    who = act.holder.name if act.holder is not None else ""
    trial = Trial(plan.court, Scenario("design", who, course.name, sinks=(sink,)))
    found = set[Reach]()
    for number, attempt in enumerate(attempts(sink, act.manifest, Mode.APPEND, (), plan.numbers)):
        found.add(trial.judge(attempt).reach)
        if number >= _MOST_TRIED:
            break
    return frozenset(found)


def _sample(manifest: ToolManifest, name: str, value: Any) -> Any:
    """A value for an argument that the flow fills by itself."""
    if value is not None:
        return value
    said = schema_of(manifest, name)
    return fill(said, Hints("value", []))
