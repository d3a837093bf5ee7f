"""Service level objectives: what share of tasks is to go well, over how many days, and what going well is. Nouns and
how they are read from a table; how often that was missed is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from remit.domain.budgets import MICRO
from remit.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

Metric = Literal["success", "latency", "cost", "violations", "score"]
METRICS: tuple[Metric, ...] = ("success", "latency", "cost", "violations", "score")
_KEYS = (
    "metric",
    "objective",
    "window",
    "agent",
    "flow",
    "within",
    "usd",
    "people",
    "least",
    "score",
    "at_least",
)
_DURATION = re.compile(r"([1-9][0-9]{0,5})(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_DAY = 86_400
_MOST_DAYS = 90
_LEAST = 10


@dataclass(frozen=True, slots=True)
class Objective:
    """One of them."""

    name: str
    metric: Metric
    objective: float
    """The share of tasks that is to go well: 0.995."""
    days: int = 28
    agent: str = ""
    flow: str = ""
    limit: int = 0
    """What a task may take (microseconds) or cost (micro-units), where that is what is looked at."""
    people: bool = False
    """Whether waiting for people counts as time."""
    least: int = _LEAST
    """With fewer tasks in a stretch of time, nothing is said about it."""
    score: str = ""
    """Which score of live runs is looked at, where it is one: `groundedness`, or the name of a judge."""

    @property
    def allowed(self) -> float:
        """The share that may go wrong: the error budget."""
        return 1 - self.objective


def objectives_in(table: object) -> tuple[Objective, ...]:
    """Those of the section `slo` of the settings, or a sentence about the first that cannot be."""
    return tuple(
        _objective(name, _table(described, f"slo.{name}")) for name, described in _table(table, "slo").items()
    )


def _objective(name: str, said: Mapping[str, Any]) -> Objective:
    if not _NAME.fullmatch(name):
        raise InvalidSetting(
            f'an objective cannot be called "{name}".', "Use small letters, digits and hyphens."
        )
    for key in said:
        if key not in _KEYS:
            raise _wrong(name, key, "means nothing", f"It is one of {', '.join(_KEYS)}.")
    metric = said.get("metric")
    if metric not in METRICS:
        raise _wrong(name, "metric", f"is {metric!r}", f"It is one of {', '.join(METRICS)}.")
    share = said.get("objective")
    if not isinstance(share, float) or not 0 < share < 1:
        raise _wrong(name, "objective", f"is {share!r}", "It is a share between 0 and 1, such as 0.995.")
    return Objective(
        name, metric, share, _days(name, said.get("window", "28d")), _text(name, "agent", said),
        _text(name, "flow", said), _limit(name, metric, said), _people(name, metric, said), _least(name, said),
        _score(name, metric, said),
    )  # fmt: skip


def _limit(name: str, metric: str, said: Mapping[str, Any]) -> int:
    wanted = {"latency": "within", "cost": "usd"}.get(metric, "")
    for key in ("within", "usd"):
        if key in said and key != wanted:
            raise _wrong(name, key, f"means nothing for {metric}", "Leave it out.")
    if metric == "score":
        return _at_least(name, said)
    if not wanted:
        return 0
    value = said.get(wanted)
    if wanted == "within":
        return round(_seconds(name, "within", value) * MICRO)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 / MICRO <= value <= MICRO:
        raise _wrong(name, "usd", f"is {value!r}", "It is what a task may cost in dollars, such as 0.05.")
    return round(value * MICRO)


def _score(name: str, metric: str, said: Mapping[str, Any]) -> str:
    for key in ("score", "at_least"):
        if key in said and metric != "score":
            raise _wrong(name, key, f"means nothing for {metric}", "Leave it out.")
    if metric == "score" and not _text(name, "score", said):
        raise _wrong(name, "score", "is missing", 'It is a score of live runs, such as "groundedness".')
    return _text(name, "score", said)


def _at_least(name: str, said: Mapping[str, Any]) -> int:
    value = said.get("at_least", 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise _wrong(name, "at_least", f"is {value!r}", "It is the least that a score may be, from 0 to 1.")
    return round(value * MICRO)


def _seconds(name: str, key: str, value: object) -> float:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _wrong(name, key, f"is {value!r}", 'It is a time such as "90s", "10m", "2h" or "28d".')
    return int(match[1]) * _SECONDS[match[2]]


def _days(name: str, value: object) -> int:
    days = _seconds(name, "window", value) / _DAY
    if days != int(days) or not 1 <= days <= _MOST_DAYS:
        raise _wrong(name, "window", f"is {value!r}", f'It is "1d" to "{_MOST_DAYS}d".')
    return int(days)


def _people(name: str, metric: str, said: Mapping[str, Any]) -> bool:
    value = said.get("people", False)
    if not isinstance(value, bool) or ("people" in said and metric != "latency"):
        raise _wrong(
            name, "people", f"is {value!r}", "It is true or false: whether waiting for people counts as time."
        )
    return value


def _least(name: str, said: Mapping[str, Any]) -> int:
    value = said.get("least", _LEAST)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(name, "least", f"is {value!r}", "It is a whole number of at least 1.")
    return value


def _text(name: str, key: str, said: Mapping[str, Any]) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise _wrong(name, key, f"is {value!r}", "It is a name in quotes.")
    return value


def _table(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidSetting(f'remit.toml: "{place}" is a section; write [slo.NAME] and its keys below.')
    return cast("dict[str, Any]", value)


def _wrong(name: str, key: str, what: str, hint: str) -> InvalidSetting:
    return InvalidSetting(f"remit.toml: slo.{name}.{key} {what}.", f"{hint} See docs/reference/settings.md.")
