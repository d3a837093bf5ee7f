"""What a suite in Python is written with: `from remit.evals import suite, Scenario, gold, action, scorer`. It owns
short spellings of what a suite in YAML says as well, and knows nothing that reading one does not.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import InvalidInput
from remit.quality.judging.judge import Judge
from remit.quality.scenarios.expectation import Expectation, Match, equals
from remit.quality.scenarios.scenario import (
    Environment,
    Gold,
    GoldAction,
    Scenario,
    StateCheck,
    ToolAnswer,
    Turn,
)
from remit.quality.score import Score, Scorer
from remit.quality.scorers.answers import AnswerScorer
from remit.quality.scorers.function import scorer
from remit.quality.scorers.grounding import CitationScorer, GroundednessScorer
from remit.quality.scorers.limits import Limit, PolicyScorer
from remit.quality.scorers.trajectory import Trajectory
from remit.quality.suite import Suite
from remit.quality.suites.expecting import KEYS
from remit.quality.suites.reading import check_whole
from remit.quality.trial import Act, ModelCall, Trial
from remit.quality.verdicts import Rule
from remit.tools.arguments import check_schema
from remit.tools.patterns import PatternError, compiled

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Act",
    "AnswerScorer",
    "CitationScorer",
    "Environment",
    "Expectation",
    "Gold",
    "GoldAction",
    "GroundednessScorer",
    "Judge",
    "Limit",
    "ModelCall",
    "PolicyScorer",
    "Rule",
    "Scenario",
    "Score",
    "Scorer",
    "StateCheck",
    "Suite",
    "ToolAnswer",
    "Trajectory",
    "Trial",
    "Turn",
    "action",
    "answers",
    "contains",
    "equals",
    "gold",
    "lacks",
    "near",
    "one_of",
    "present",
    "regex",
    "schema",
    "scorer",
    "suite",
]

Json = Any


def suite(
    name: str, target: str, scenarios: Iterable[Scenario], *, scorers: Iterable[Scorer] = (),
    margins: Mapping[str, float | Rule] | None = None, trials: int = 1, owner: str = "", about: str = "",
) -> Suite:  # fmt: skip
    """A suite; refused where it says nothing, or the same twice. A margin is a share, such as 0.03."""
    file, line = _caller()
    placed = tuple(
        each
        if each.source.file
        else replace(
            each,
            source=replace(
                each.source, file=file, line=line, provenance=each.source.provenance or "written",
                owner=each.source.owner or owner,
            ),
        )
        for each in scenarios
    )  # fmt: skip
    rules = {
        metric: said if isinstance(said, Rule) else Rule(said) for metric, said in (margins or {}).items()
    }
    made = Suite(name, target, placed, tuple(scorers), rules, trials, owner, file, about)
    check_whole(made)
    return made


def gold(
    answer: Json = None, *, actions: Iterable[GoldAction] | None = None, others: bool | None = None,
    state: Mapping[str, Json] | Iterable[StateCheck] = (), forbidden: Iterable[str] = (), ends: str = "",
) -> Gold:  # fmt: skip
    """What would be right. Values mean themselves, a table names fields of the answer; `others`: further writes are
    allowed; `actions=[]`: none is.
    """
    listed = tuple(actions or ())
    closed = None if others is None else not others
    if actions is not None and not listed and others is None:
        closed = True
    checks = (
        tuple(_by_path(path, want) for path, want in cast("Mapping[str, Json]", state).items())
        if isinstance(state, Mapping)
        else tuple(state)
    )
    return Gold(None if answer is None else _expected(answer), listed, closed, checks, tuple(forbidden), ends)


def action(tool: str, *, order: int | None = None, times: int = 1, **args: Json) -> GoldAction:
    """A call that has to take place; arguments that are not named do not matter."""
    return GoldAction(tool, {name: _value(each) for name, each in args.items()}, order, times)


def answers(tool: str, result: Json = None, **args: Json) -> ToolAnswer:
    """What a tool answers, to calls with these arguments."""
    return ToolAnswer(tool, {name: _value(each) for name, each in args.items()} if args else None, result)


def one_of(*values: Json) -> Expectation:
    """The same as one of these."""
    return Expectation(Match.ONE_OF, list(values))


def contains(*parts: Json) -> Expectation:
    """A text with all of these in it, whatever their case; a list with all of these values."""
    return Expectation(Match.CONTAINS, list(parts))


def lacks(*parts: Json) -> Expectation:
    """A text or list with none of these."""
    return Expectation(Match.LACKS, list(parts))


def regex(pattern: str) -> Expectation:
    """A text in which this pattern is found."""
    try:
        compiled(pattern)
    except PatternError as wrong:
        raise InvalidInput(f"the pattern {pattern} cannot be used: {wrong}.") from None
    return Expectation(Match.REGEX, pattern)


def near(value: float, within: float) -> Expectation:
    """A number no further away than that."""
    if within < 0:
        raise InvalidInput(f"within is at least 0, not {within:g}.")
    return Expectation(Match.NEAR, value, within)


def schema(said: Mapping[str, Json]) -> Expectation:
    """What this JSON Schema takes."""
    check_schema(dict(said), "an answer")
    return Expectation(Match.SCHEMA, dict(said))


def present(*, there: bool = True) -> Expectation:
    """Anything but nothing; or nothing."""
    return Expectation(Match.PRESENT, there)


def _value(said: Json) -> Expectation:
    return said if isinstance(said, Expectation) else equals(said)


def _caller() -> tuple[str, int]:
    """Where a suite is written, for whoever has to mend it."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)


def _by_path(path: str, want: Json) -> StateCheck:
    return StateCheck(path, _expected(want), path)


def _expected(said: Json) -> Expectation:
    """A value, or the fields of one."""
    if not isinstance(said, dict) or not said:
        return _value(said)
    fields = cast("dict[str, Json]", said)
    wrong = KEYS & fields.keys()
    if wrong:
        word = min(wrong)
        raise InvalidInput(f'"{word}" is a word of YAML here.', f"In Python: {word}(…), or equals({{…}}).")
    return Expectation(Match.FIELDS, parts=tuple((name, _expected(each)) for name, each in fields.items()))
