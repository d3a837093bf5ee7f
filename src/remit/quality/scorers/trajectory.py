"""Which tools were used, in which order, how often, and which never: a rule for every trial of a suite. Further reads
never count against an agent, unless they are more than `at_most` says.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from remit.quality.score import INFRA, Score
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.quality.trial import Trial


@dataclass(frozen=True, slots=True)
class Trajectory:
    """1 where the calls that took place are as they should be."""

    tools: tuple[str, ...] = ()
    """All of these are used."""
    ordered: bool = True
    """In this order; others may come between."""
    never: tuple[str, ...] = ()
    """Names or patterns (`send_*`)."""
    at_most: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often at most, by tool."""
    name: str = "trajectory"

    @property
    def metrics(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    @property
    def digest(self) -> str:
        """By what it asks for."""
        return canonical.digest(canonical.plain(["trajectory", 1, asdict(self)]))

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """One score."""
        if trial.infra:
            return (Score(self.name, None, INFRA),)
        why = self._wrong([act.tool for act in trial.acts if act.status.took_place])
        return (Score(self.name, float(not why), why),)

    def _wrong(self, used: list[str]) -> str:
        for tool in used:
            if any(fnmatchcase(tool, each) for each in self.never):
                return f"{tool} was used"
        counts = Counter(used)
        for tool, most in self.at_most.items():
            if counts[tool] > most:
                return f"{tool} was used {counts[tool]} times, at most {most} are allowed"
        for tool, times in Counter(self.tools).items():
            if counts[tool] < times:
                often = f"{times} times" if times > 1 else ""
                return f"{tool} was not used {often}".rstrip()
        return self._out_of_order(used) if self.ordered else ""

    def _out_of_order(self, used: list[str]) -> str:
        rest = iter(used)
        for tool in self.tools:
            if tool not in rest:  # takes what comes before it off the rest
                return f"{tool} was not used in its place: {', '.join(used)}"
        return ""
