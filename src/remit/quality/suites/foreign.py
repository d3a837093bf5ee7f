"""Scenarios in the words of others: lines of JSON as most tools write data sets (`input` and `target` or `ideal`), and
the samples of Inspect AI, out of its data sets, its logs and its tasks. It is handed what was read as plain data; what
has no counterpart here is said, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from remit.domain.event import object_of
from remit.quality.scenarios.expectation import Expectation, Match, equals, text_of
from remit.quality.scenarios.scenario import Gold, Scenario, Source, Turn
from remit.quality.suites.node import of_value
from remit.quality.suites.scenario_reading import KEYS, read_scenario
from remit.quality.suites.scenario_writing import write_scenario

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = Any

OURS = "remit"
"""Where in the metadata of a sample the whole scenario stands, so that it comes back as it was."""
_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_ANSWERS = ("target", "ideal", "expected", "answer", "output", "reference")
_ASKED = ("input", "question", "prompt")
_SAYS_USER = "user"
_EXACT = {"exact", "equals"}
_GRADED = ("model_graded", "perplexity", "f1")


@dataclass(frozen=True, slots=True)
class Taken:
    """Scenarios that were made of samples, and what was left."""

    scenarios: tuple[Scenario, ...]
    notes: tuple[str, ...] = ()


def take(samples: Sequence[Mapping[str, Json]], file: str, scorers: Sequence[str] = ()) -> Taken:
    """Scenarios out of samples: an `input`, a `target`, an `id`, and `choices` where there are some."""
    found: list[Scenario] = []
    notes: dict[str, int] = {}
    names: set[str] = set()
    for number, sample in enumerate(samples, 1):
        try:
            scenario = _scenario(sample, file, number, tuple(scorers))
        except _Left as left:
            notes[str(left)] = notes.get(str(left), 0) + 1
            continue
        name = scenario.name
        again = 1
        while name in names:
            again += 1
            name = f"{scenario.name}-{again}"
        names.add(name)
        found.append(scenario if name == scenario.name else replace(scenario, name=name))
    if any(each.startswith(_GRADED) for each in scorers):
        notes["was graded by a model there: its target is not compared here, add a judge"] = len(found)
    return Taken(tuple(found), tuple(f"{count} × {why}" for why, count in notes.items()))


def give(scenario: Scenario) -> dict[str, Json]:
    """A scenario as a sample; what a sample cannot say is kept in its metadata."""
    question = scenario.input.get("question", dict(scenario.input))
    return {
        "id": scenario.name, "input": text_of(question), "target": _target(scenario.gold.answer),
        "metadata": {OURS: write_scenario(scenario), "family": scenario.cluster, "tags": list(scenario.tags)},
    }  # fmt: skip


def scorer_for(scenarios: Sequence[Scenario]) -> str:
    """The scorer of Inspect that comes closest: `exact` where every answer has to be equal, else `includes`."""
    answers = [each.gold.answer for each in scenarios if each.gold.answer is not None]
    same = all(each.match in {Match.EQUALS, Match.ONE_OF} for each in answers)
    return "exact" if answers and same else "includes"


class _Left(Exception):
    """Why a sample is not taken."""


def _scenario(sample: Mapping[str, Json], file: str, number: int, scorers: tuple[str, ...]) -> Scenario:
    own = object_of(object_of(sample.get("metadata")).get(OURS))
    if own or ("name" in sample and set(sample) <= set(KEYS)):
        return read_scenario(of_value(own or dict(sample), file, number))
    asked = next((sample[key] for key in _ASKED if sample.get(key) not in (None, "", [])), None)
    if asked is None:
        raise _Left("asks nothing: it has no input")
    if sample.get("sandbox") or sample.get("files") or sample.get("setup"):
        raise _Left("needs a sandbox or files, which a scenario does not have")
    question, turns = _asked(asked)
    choices = _list(sample.get("choices"))
    if choices:
        question = f"{question}\n\n{_lettered(choices)}"
    answer = next((sample[key] for key in _ANSWERS if sample.get(key) not in (None, "", [])), None)
    compared = answer is not None and not any(each.startswith(_GRADED) for each in scorers)
    gold = Gold(_expected(answer, choices, scorers) if compared else Expectation(Match.PRESENT, True))
    tags = _list(object_of(sample.get("metadata")).get("tags"))
    return Scenario(
        _name(sample.get("id"), number), {"question": question}, turns, gold=gold,
        tags=tuple(str(each) for each in tags),
        family=str(object_of(sample.get("metadata")).get("family") or ""),
        source=Source(file, number, f"import {file}"),
    )  # fmt: skip


def _asked(asked: Json) -> tuple[Json, tuple[Turn, ...]]:
    """The first thing that the user says, and what the user says after that."""
    if not isinstance(asked, list):
        return asked, ()
    messages = [object_of(each) for each in cast("list[Json]", asked)]
    if any(each.get("role") not in {_SAYS_USER, "system"} for each in messages):
        raise _Left("begins in the middle of a talk: what the agent said before cannot be put into its mouth")
    said = [_words(each.get("content")) for each in messages if each.get("role") == _SAYS_USER]
    if not said:
        raise _Left("asks nothing: no message is the user's")
    return said[0], tuple(Turn(each) for each in said[1:])


def _words(content: Json) -> str:
    if isinstance(content, str):
        return content
    parts = [object_of(each) for each in cast("list[Json]", content or [])]
    if any(each.get("type", "text") != "text" for each in parts):
        raise _Left("shows pictures or sounds, which a scenario does not hold")
    return "\n".join(str(each.get("text", "")) for each in parts)


def _lettered(choices: Sequence[Json]) -> str:
    return "\n".join(f"{chr(ord('A') + at)}) {text_of(each)}" for at, each in enumerate(choices))


def _expected(answer: Json, choices: Sequence[Json], scorers: tuple[str, ...]) -> Expectation:
    """What has to be in the answer; of several possible ones any; of a choice its letter."""
    several = (
        [text_of(each) for each in cast("list[Json]", answer)]
        if isinstance(answer, list)
        else [text_of(answer)]
    )
    if choices:
        letters = "|".join(re.escape(each) for each in several)
        return Expectation(Match.REGEX, rf"(^|[^A-Za-z])({letters})([^A-Za-z]|$)")
    if any(each in _EXACT for each in scorers):
        return equals(several[0]) if len(several) == 1 else Expectation(Match.ONE_OF, several)
    if len(several) == 1:
        return Expectation(Match.CONTAINS, several[0])
    return Expectation(Match.REGEX, "|".join(f"({re.escape(each)})" for each in several))


def _target(answer: Expectation | None) -> str | list[str]:
    if answer is None:
        return ""
    value: Json = answer.value
    if answer.match is Match.ONE_OF:
        return [text_of(each) for each in _list(value)]
    plain = answer.match in {Match.EQUALS, Match.CONTAINS, Match.NEAR} and not isinstance(value, (dict, list))
    return text_of(value) if plain else ""


def _list(value: Json) -> list[Json]:
    return cast("list[Json]", value) if isinstance(value, list) else []


def _name(given: Json, number: int) -> str:
    name = _NAME.sub("-", text_of(given)).strip("-.")[:80] if given not in (None, "") else ""
    return name or f"sample-{number}"
