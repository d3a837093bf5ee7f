"""A judge as data: the rule it judges by, the route to its model, what it is shown and how often it is asked. It asks
nobody itself; its digest names everything that shapes what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from remit.domain.ids import is_code_name
from remit.domain.judge_errors import InvalidJudge
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDING = "1"
"""Which way of asking this is; another one is another judge."""
PREFIX = "judge."
"""What the names of agents begin with that are judges, in rules, in costs and in the log."""
SHOWN = ("input", "answer", "acts", "expected")
"""What a judge may be shown of a trial."""
_MOST_VOTES = 9


class Kind(StrEnum):
    """How a judge judges."""

    RUBRIC = "rubric"
    """One answer, by a rule: pass or fail."""
    PAIRWISE = "pairwise"
    """Two answers against each other, in both orders: what it says of only one order is a tie."""
    FAULT = "fault"
    """Of a run that came out wrong, the agent and the step that went wrong first."""


@dataclass(frozen=True, slots=True)
class Judge:
    """One of them."""

    name: str
    rubric: str
    """The rule, in words for the model."""
    kind: Kind = Kind.RUBRIC
    route: str = "strong"
    votes: int = 1
    """How often it is asked about one thing; the majority counts."""
    shows: tuple[str, ...] = ("input", "answer")
    """What it is shown beside the answer: `input`, `acts` (calls of tools), `expected` (the gold answer)."""
    usd: float = 0.05
    """The most that one vote may cost."""
    temperature: float = 0.0
    harm: bool = False
    """Whether a fail is a harm, which no average makes good."""
    max_age_days: int = 90
    """For how long a calibration lets it gate."""
    least_kappa: float = 0.4
    """How far it has to agree with people, beyond chance, to gate."""
    place: str = ""
    """Where it is written, for people."""

    def __post_init__(self) -> None:
        kind: str = self.kind
        if kind not in {each.value for each in Kind}:
            known = ", ".join(each.value for each in Kind)
            raise InvalidJudge(f'judge {self.name} has the kind "{kind}".', f"It is one of {known}.")
        object.__setattr__(self, "kind", Kind(kind))  # whoever writes Python writes it as a text
        object.__setattr__(self, "shows", tuple(self.shows))
        _check(self)

    def digest(self, models: Sequence[str] = ()) -> str:
        """The name of this judge with these models behind its route."""
        said: list[Any] = [
            WORDING, self.name, self.rubric, self.kind.value, self.route, self.votes, list(self.shows),
            self.temperature, sorted(models),
        ]  # fmt: skip
        return canonical.digest(canonical.plain(said))[:16]

    @property
    def metric(self) -> str:
        """The name of its score."""
        return self.name


def plain_judge(judge: Judge) -> dict[str, Any]:
    """A judge as JSON, for the input of a run."""
    return {
        "name": judge.name, "rubric": judge.rubric, "kind": judge.kind.value, "route": judge.route,
        "votes": judge.votes, "shows": list(judge.shows), "usd": judge.usd, "temperature": judge.temperature,
    }  # fmt: skip


def judge_of(said: dict[str, Any]) -> Judge:
    """The judge that `plain_judge` wrote down, as far as it says how to judge."""
    return Judge(
        said["name"], said["rubric"], Kind(said["kind"]), said["route"], said["votes"], tuple(said["shows"]),
        float(said["usd"]), float(said["temperature"]),
    )  # fmt: skip


def _check(judge: Judge) -> None:
    """What could judge nothing is refused where it is written."""
    where = f"{judge.place}: " if judge.place else ""
    if not is_code_name(judge.name):
        raise InvalidJudge(
            f'{where}a judge cannot be called "{judge.name}".', "Use letters, digits, dots, dashes and _."
        )
    problem, hint = _problem(judge)
    if problem:
        raise InvalidJudge(f"{where}judge {judge.name} {problem}.", hint)


def _problem(judge: Judge) -> tuple[str, str]:
    odd = next((each for each in judge.shows if each not in SHOWN), "")
    if not judge.rubric.strip():
        return "has no rubric", "Say in `rubric` what makes an answer pass."
    if judge.votes not in range(1, _MOST_VOTES + 1) or judge.votes % 2 == 0:
        return (
            f"has votes = {judge.votes}",
            f"It is an odd number up to {_MOST_VOTES}, so that there is a majority.",
        )
    if odd or "answer" not in judge.shows:
        return (f'shows "{odd}"' if odd else "does not show the answer"), f"It is of {', '.join(SHOWN)}."
    if not 0 < judge.usd <= 100:  # noqa: PLR2004 - a hundred dollars for one vote is a slip
        return f"may spend {judge.usd:g} on a vote", "Say `usd`, the most that one vote may cost: 0.05."
    if not 0 <= judge.temperature <= 2:  # noqa: PLR2004 - what providers take
        return f"has temperature = {judge.temperature:g}", "It is a number from 0 to 2."
    if not 0 <= judge.least_kappa <= 1:
        return f"has least_kappa = {judge.least_kappa:g}", "It is a number from 0 to 1, such as 0.4."
    if judge.max_age_days < 1:
        return f"has max_age_days = {judge.max_age_days}", "It is a whole number of days."
    return "", ""
