"""The world of one trial: it answers what tools ask of it and remembers what was done to it. Nothing is sent, nothing
is waited for, and the same calls in the same order give the same answers, so that it can be made again from a journal.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.quality.scenarios.paths import MISSING, filled, follow, parts_of, put

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.quality.scenarios.scenario import Environment, ToolAnswer

Json = Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answers: a result, or the words with which it fails."""

    result: Json = None
    error: str = ""
    scripted: bool = True
    """Whether the environment says so, rather than nothing at all."""


class World:
    """An environment, as the calls so far have left it."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._asked: Counter[int] = Counter()
        self.state: dict[str, Json] = deepcopy(dict(environment.state))
        """What is so now."""

    def is_real(self, tool: str) -> bool:
        """Whether a tool is really called, whatever it does."""
        return tool in self._environment.real

    def read(self, tool: str, args: Mapping[str, Json]) -> Answer | None:
        """What a read gives; None: nothing here answers it."""
        found = self._find(tool, args)
        return None if found is None else self._said(found, args)

    def write(self, tool: str, args: Mapping[str, Json]) -> Answer:
        """Accept a write, unless this environment says that it fails."""
        found = self._find(tool, args)
        if found is None:
            return Answer(scripted=False)
        if not found.error:
            for path, value in found.sets.items():
                put(self.state, parts_of(path, args), deepcopy(filled(value, args)))
        return self._said(found, args)

    def _find(self, tool: str, args: Mapping[str, Json]) -> ToolAnswer | None:
        """The first that fits. Of several that say the same of the arguments each has its turn; the last one stays."""
        fitting = [
            (at, each)
            for at, each in enumerate(self._environment.answers)
            if each.tool == tool and _fits(each, args)
        ]
        if not fitting:
            return None
        first = fitting[0][0]
        alike = [each for _, each in fitting if each.args == fitting[0][1].args]
        turn = min(self._asked[first], len(alike) - 1)
        self._asked[first] += 1
        return alike[turn]

    def _said(self, found: ToolAnswer, args: Mapping[str, Json]) -> Answer:
        if found.error:
            return Answer(error=found.error)
        if not found.state:
            return Answer(deepcopy(found.result))
        there = follow(self.state, parts := parts_of(found.state, args))
        if there is MISSING:
            return Answer(error=f"there is no {'.'.join(parts)}")
        return Answer(deepcopy(there))


def _fits(answer: ToolAnswer, args: Mapping[str, Json]) -> bool:
    return answer.args is None or all(not each.unmet(args.get(name)) for name, each in answer.args.items())
