"""A scenario drafted from what really happened: what was asked, what was read (which becomes its world), what people
answered, and what was done with their consent (which becomes its gold). It is a draft: whether what was done was right
is said by a person, except where a person has said so by correcting it.

It is handed what was recorded as data, and reads no log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from remit.policy.data_classes import classes_of
from remit.quality.scenarios.equality import same
from remit.quality.scenarios.expectation import Expectation, Match, equals, shown
from remit.quality.scenarios.scenario import Environment, Gold, GoldAction, Scenario, Source, ToolAnswer, Turn
from remit.quality.suites.veiling import Veil, telling
from remit.quality.trial import ActStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from remit.domain.tools import ToolManifest
    from remit.quality.trial import Act

Json = Any
_LONGEST_WORD = 24
_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Answered:
    """What a run waited for, and what came."""

    signal: str = ""
    group: str = ""
    asked: Json = None
    value: Json = None
    approved: bool = True
    reason: str = ""
    call: bool = False
    """Whether it was about a call that a rule asked for."""

    @property
    def corrects(self) -> bool:
        """Whether somebody said no, or something else."""
        if self.signal:
            return False
        return not self.approved or not same(self.value, self.asked)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run, as far as a scenario can be made of it."""

    run: str
    flow: str
    input: Mapping[str, Json]
    acts: Sequence[Act]
    answered: Sequence[Answered] = ()
    result: Json = None
    error: str = ""
    lost: Sequence[str] = ()
    """What the scenario cannot hold."""
    classes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where in the input classed data stands."""

    @property
    def corrections(self) -> int:
        """How often a person said no, or something else."""
        return sum(each.corrects for each in self.answered)


@dataclass(frozen=True, slots=True)
class Draft:
    """A scenario, and what a person should know who is to answer for it."""

    scenario: Scenario
    veiled: Mapping[str, int]
    """How many different things of each kind were replaced."""
    notes: tuple[str, ...]


def draft(
    recorded: Recorded, tools: Mapping[str, ToolManifest], *, name: str = "", owner: str = "",
    tags: Sequence[str] = (), family: str = "", personal: Collection[str] = (),
) -> Draft:  # fmt: skip
    """A scenario out of a run; what stands in fields called as `personal` says is about somebody."""
    veil = Veil()
    veil.learn(dict(recorded.input), recorded.classes)
    veil.learn_fields([dict(recorded.input), recorded.result], personal)
    for act in recorded.acts:
        _learn(veil, act, tools.get(act.tool))
        veil.learn_fields([dict(act.args), act.result], personal)
    source = f"{'correction of ' if recorded.corrections else ''}run {recorded.run}"
    scenario = Scenario(
        name or _name(recorded),
        veil.over(dict(recorded.input)),
        tuple(_turn(each, veil) for each in recorded.answered),
        Environment(tuple(_answer(act, veil) for act in recorded.acts if _tells(act))),
        _gold(recorded, veil),
        tuple(tags),
        family,
        source=Source(provenance=source, owner=owner),
    )
    return Draft(scenario, veil.counts, tuple(_notes(recorded, scenario)))


def _learn(veil: Veil, act: Act, manifest: ToolManifest | None) -> None:
    if manifest is None:
        return
    veil.learn(dict(act.args), classes_of(manifest.parameters))
    if act.result is not None and (manifest.result or manifest.label.data_class):
        veil.learn(act.result, classes_of(manifest.result or {}, manifest.label.data_class))


def _tells(act: Act) -> bool:
    """Whether a call says something about the world: reads, what writes gave, and what the world refused."""
    if act.status is ActStatus.FAILED:
        return True
    return act.status.took_place and (not act.effect.acts or act.result is not None)


def _answer(act: Act, veil: Veil) -> ToolAnswer:
    args = {name: equals(veil.over(value)) for name, value in act.args.items()}
    if act.status is ActStatus.FAILED:
        return ToolAnswer(act.tool, args, error=veil.over(act.reason) or "it failed")
    return ToolAnswer(act.tool, None if act.effect.acts else args, veil.over(act.result))


def _turn(answered: Answered, veil: Veil) -> Turn:
    """What people said is said again: about a call yes or no, for the gold says what it has to be."""
    says = None
    if answered.signal or (answered.approved and not answered.call and answered.value != answered.asked):
        says = veil.over(answered.value)
    return Turn(says, answered.signal, answered.group, answered.approved, veil.over(answered.reason))


def _gold(recorded: Recorded, veil: Veil) -> Gold:
    done = [act for act in recorded.acts if act.effect.acts and act.status.took_place]
    actions = tuple(
        GoldAction(act.tool, {name: _expected(veil.over(value)) for name, value in act.args.items()})
        for act in done
    )
    return Gold(_result(veil.over(recorded.result), recorded.error), actions, None if actions else True)


def _expected(value: Json) -> Expectation:
    """A value, or of a text in sentences only that there is one: nobody writes the same twice."""
    return Expectation(Match.PRESENT, True) if _is_prose(value) else equals(value)


def _result(result: Json, error: str) -> Expectation:
    """What of a result stands however it is worded."""
    fields = {
        name: value
        for name, value in (cast("dict[str, Json]", result) if isinstance(result, dict) else {}).items()
        if isinstance(value, (bool, int, float))
        or (isinstance(value, str) and value and not _is_prose(value))
    }
    if not fields or error:
        return Expectation(Match.PRESENT, True)
    return Expectation(Match.FIELDS, parts=tuple((name, equals(value)) for name, value in fields.items()))


def _is_prose(value: Json) -> bool:
    return isinstance(value, str) and (len(value) > _LONGEST_WORD or value.count(" ") > 1)


def _notes(recorded: Recorded, scenario: Scenario) -> list[str]:
    notes = ["names of people in free text have no form: look for them before you commit it"]
    seen = telling([dict(scenario.input), *(each.result for each in scenario.environment.answers)])
    if seen:
        named = ", ".join(f"{name} ({shown(said)})" for name, said in sorted(seen.items()))
        notes.append(f"who somebody is may stand in {named}: --personal {min(seen)}")
    if recorded.error:
        notes.append(f"the run failed ({recorded.error}): say in gold what would have been right")
    elif not recorded.corrections:
        notes.append("its gold is what the run did: say whether that was right")
    notes += [f"{each} is not in the scenario, which holds no files" for each in recorded.lost]
    if any(act.status is ActStatus.HELD for act in recorded.acts):
        notes.append("a call still waits for a person, and is not in its gold")
    if not scenario.environment.answers:
        notes.append("nothing was read: its world is empty")
    return notes


def _name(recorded: Recorded) -> str:
    flow = _NAME.sub("-", recorded.flow.lower()).strip("-")
    return f"{flow}-{recorded.run.removeprefix('r-')[-8:].lower()}"
