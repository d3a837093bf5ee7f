"""Scenarios as plain JSON and back: what an experiment is given, and what another process is handed, is data that needs
no file of the workspace.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from remit.domain.effects import Effect
from remit.quality.scenarios.expectation import Expectation, Match
from remit.quality.scenarios.scenario import (
    Environment,
    Gold,
    GoldAction,
    Scenario,
    Source,
    StateCheck,
    ToolAnswer,
    Turn,
)
from remit.quality.trial import Act, ActStatus, ModelCall, Trial
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = Any


def plain_of(value: object) -> Json:
    """A scenario, or a part of one, as JSON; what is as it is by default is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        blank = _blank(type(value))
        given = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
        return {
            name: plain_of(said) for name, said in given.items() if name not in blank or blank[name] != said
        }
    if isinstance(value, (tuple, list)):
        return [plain_of(each) for each in cast("Iterable[object]", value)]
    if isinstance(value, dict):
        return {str(name): plain_of(said) for name, said in cast("dict[object, object]", value).items()}
    return canonical.plain(value)


def scenario_of(said: Mapping[str, Json]) -> Scenario:
    """The scenario that was written down."""
    made = dict(said)
    made["turns"] = turns_of(made.get("turns", ()))
    made["environment"] = environment_of(made.get("environment", {}))
    made["gold"] = _gold(made.get("gold", {}))
    made["tags"] = tuple(made.get("tags", ()))
    made["source"] = Source(**made.get("source", {}))
    return Scenario(**made)


def turns_of(said: Iterable[Mapping[str, Json]]) -> tuple[Turn, ...]:
    """The turns of a scripted user."""
    return tuple(Turn(**each) for each in said)


def environment_of(said: Mapping[str, Json]) -> Environment:
    """The world of a scenario."""
    answers = tuple(_answer(each) for each in said.get("answers", ()))
    rest = {name: value for name, value in said.items() if name not in {"answers", "real"}}
    return Environment(answers, real=tuple(said.get("real", ())), **rest)


def trial_plain(trial: Trial) -> dict[str, Json]:
    """A trial without its scenario, which whoever asked for it has."""
    said = plain_of(trial)
    del said["scenario"]
    return said


def trial_of(said: Mapping[str, Json], scenario: Scenario) -> Trial:
    """The trial that another process made."""
    made = dict(said)
    made["acts"] = tuple(map(_act, made.get("acts", ())))
    made["calls"] = tuple(ModelCall(**each) for each in made.get("calls", ()))
    return Trial(scenario, **made)


def _act(said: Mapping[str, Json]) -> Act:
    made = dict(said)
    made["effect"], made["status"] = Effect(made.get("effect", "read")), ActStatus(made.get("status", "done"))
    return Act(**made)


def _answer(said: Mapping[str, Json]) -> ToolAnswer:
    made = dict(said)
    made["args"] = None if made.get("args") is None else _expectations(made["args"])
    return ToolAnswer(**made)


def _gold(said: Mapping[str, Json]) -> Gold:
    made = dict(said)
    made["answer"] = None if made.get("answer") is None else _expectation(made["answer"])
    made["actions"] = tuple(map(_action, made.get("actions", ())))
    made["state"] = tuple(map(_check, made.get("state", ())))
    made["forbidden"] = tuple(made.get("forbidden", ()))
    return Gold(**made)


def _action(said: Mapping[str, Json]) -> GoldAction:
    made = dict(said)
    made["args"] = _expectations(made.get("args", {}))
    return GoldAction(**made)


def _check(said: Mapping[str, Json]) -> StateCheck:
    made = dict(said)
    made["expect"] = _expectation(made["expect"])
    return StateCheck(**made)


def _expectations(said: Mapping[str, Mapping[str, Json]]) -> dict[str, Expectation]:
    return {name: _expectation(each) for name, each in said.items()}


def _expectation(said: Mapping[str, Json]) -> Expectation:
    parts = tuple((str(name), _expectation(each)) for name, each in said.get("parts", ()))
    return Expectation(Match(said["match"]), said.get("value"), said.get("within", 0.0), parts)


@cache
def _blank(kind: type[Any]) -> dict[str, Any]:
    """What every field is that nobody has said."""
    found: dict[str, Any] = {}
    for each in fields(kind):
        if each.default is not MISSING:
            found[each.name] = each.default
        elif each.default_factory is not MISSING:
            found[each.name] = each.default_factory()
    return found
