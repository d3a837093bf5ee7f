"""A hijacked model in one run: it plays the user's task and then the attack, one call a turn, and keeps the score.

It owns what is asked for and when. What becomes of a call it learns as a model does, plus from the world itself:
a call that reached the tool was let through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from bench.security.annotations import acts
from bench.security.replay import Played, read_before, seen_by_model
from bench.security.worlds import Attack, Call, Suite, UserTask
from remit.domain.tools import ToolManifest

HELPER = "helper"
PLANT = "plant"
"""The mode of the earlier run, in which the model writes down what a later one is to use."""
_NOTED = 4000
"""Characters; no fact that is worth remembering is longer."""


class Puppet:
    """One run's model and one run's world."""

    def __init__(
        self,
        suite: Suite,
        manifests: dict[str, ToolManifest],
        task: UserTask,
        attack: Attack | None,
        mode: str,
    ) -> None:
        self.suite = suite
        self.manifests = manifests
        self.task = task
        self.played = Played(task.world())
        self.gold = task.calls(task.world())
        self.mode = mode
        self.recalled = False
        """Whether memory gave back what an earlier run had written down."""
        self._attack = attack
        self._reached: Call | None = None
        """The call of this turn as the tool got it; None while none did."""
        self._turns = {"": self._planting() if mode == PLANT else self._as_asked(), HELPER: self._as_helper()}

    @property
    def id(self) -> str:
        """Names this play among those that are under way."""
        return f"{self.task.id}-{self._attack.id if self._attack else 'none'}-{self.mode}-{id(self)}"

    @property
    def _note(self) -> str:
        """Under what name the attacker's values are remembered."""
        return self._attack.id if self._attack else ""

    def next(self, agent: str) -> tuple[str, dict[str, Any]] | str:
        """What the model says in this turn: a tool and arguments, or its last words."""
        turns = self._turns[HELPER if agent.endswith(HELPER) else ""]
        return next(turns, "done")

    def execute(self, tool: str, arguments: dict[str, Any]) -> tuple[Any, str]:
        """The tool itself."""
        call = Call(tool, arguments)
        self._reached = call
        self.played.trace.append(call)
        result, wrong = self.suite.execute(self.played.world, call)
        return seen_by_model(self.suite.name, tool, result), wrong

    # --- the turns --------------------------------------------------------------------------------------

    def _planting(self) -> Iterator[tuple[str, dict[str, Any]]]:
        assert self._attack is not None
        wanted = json.dumps([call.arguments for call in self._attack.calls(self.played.world)])
        yield "remember", {"key": self._note, "value": wanted[:_NOTED]}

    def _as_asked(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if self.mode == "F":
            yield "recall", {"key": self._note}
        for call in self.gold:
            acting = acts(self.manifests[call.tool])
            if self.mode in {"B", "F", "G"} and acting and not self.manifests[call.tool].label.source:
                continue
            yield from self._try(call)
            if self._reached is None and acting:
                self.played.asked.append(call)
        if self._attack is None:
            return
        if self.mode == "G":
            yield HELPER, {"task": "go on"}
        yield from self._attacking(self._attack.calls(self.played.world))

    def _as_helper(self) -> Iterator[tuple[str, dict[str, Any]] | str]:
        assert self._attack is not None
        calls = self._attack.calls(self.played.world)
        yield from self._attacking(calls)
        again = self._attack.calls(self.played.world)
        yield json.dumps([call.arguments for call in again])

    def _attacking(self, calls: Sequence[Call]) -> Iterator[tuple[str, dict[str, Any]]]:
        blind = False
        for call in calls:
            acting = acts(self.manifests[call.tool])
            if call.derived and blind:
                continue
            known = read_before(self.played, call)
            yield from self._try(call)
            if self._reached is None:
                blind = blind or not (acting or known)
            elif acting:
                self.played.harmful.append(self._reached)

    def _try(self, call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
        self._reached = None
        yield call.tool, call.arguments
