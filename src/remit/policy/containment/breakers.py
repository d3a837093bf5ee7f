"""When an agent has to be stopped without anybody being asked: what it did within a window, against four limits.

Pure arithmetic over what was told, on times that were told: no clock, no store. What is done about a trip stands in the
gate.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from remit.domain.clock import MICROSECONDS


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """What an agent may do within a window; 0 of anything: as much as it likes."""

    window: int = 60 * MICROSECONDS
    deny_percent: int = 80
    """Of its actions, how many may be refused."""
    deny_least: int = 20
    """So many refusals there have to be before the rate means anything."""
    repeats: int = 50
    """How often it may do the same: one tool with the same arguments."""
    cost: int = 0
    """Money, in millionths."""
    fan_out: int = 0
    """How often it may hand on to other agents."""

    @property
    def any(self) -> bool:
        """Whether there is anything to watch."""
        return bool(self.deny_percent or self.repeats or self.cost or self.fan_out)


class Act(Struct, frozen=True, gc=False):
    """One action, as far as a breaker looks at it."""

    at: int
    signature: int = 0
    """The same for the same tool with the same arguments; 0: it cannot repeat itself."""
    denied: bool = False
    money: int = 0
    hands_on: bool = False


@dataclass(frozen=True, slots=True)
class Trip:
    """A limit was passed, and by what."""

    breaker: str
    """deny_rate, repeated_signature, cost_velocity, fan_out."""
    saw: int
    limit: int
    evidence: dict[str, Any]

    @property
    def sentence(self) -> str:
        """What was seen, in words."""
        seconds = self.evidence["seconds"]
        match self.breaker:
            case "deny_rate":
                denied, actions = self.evidence["denied"], self.evidence["actions"]
                return f"{denied} of {actions} actions were refused within {seconds:g} s"
            case "repeated_signature":
                return f"the same call was made {self.saw} times within {seconds:g} s"
            case "cost_velocity":
                return f"{self.saw / 1_000_000:.2f} were spent within {seconds:g} s"
            case _:
                return f"it handed on to other agents {self.saw} times within {seconds:g} s"


class Window:
    """What one agent did lately."""

    __slots__ = ("_acts", "_denied", "_handed", "_limits", "_money", "_same")

    def __init__(self, limits: BreakerLimits) -> None:
        self._limits = limits
        self._acts: deque[Act] = deque()
        self._denied = self._money = self._handed = 0
        self._same: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._acts)

    def saw(self, act: Act) -> Trip | None:
        """It did this; gives the first limit that it has passed by that."""
        acts, oldest = self._acts, act.at - self._limits.window
        acts.append(act)
        self._denied += act.denied
        self._money += act.money
        self._handed += act.hands_on
        if act.signature:
            self._same[act.signature] = self._same.get(act.signature, 0) + 1
        while acts and acts[0].at <= oldest:
            self._forget(acts.popleft())
        return self._trip(act)

    def _forget(self, act: Act) -> None:
        self._denied -= act.denied
        self._money -= act.money
        self._handed -= act.hands_on
        if act.signature:
            self._same[act.signature] -= 1
            if not self._same[act.signature]:
                del self._same[act.signature]

    def _trip(self, act: Act) -> Trip | None:
        limits, actions = self._limits, len(self._acts)
        if limits.deny_percent and act.denied and self._denied >= max(1, limits.deny_least):
            percent = 100 * self._denied // actions
            if percent >= limits.deny_percent:
                return self._made("deny_rate", percent, limits.deny_percent)
        if limits.repeats and act.signature and self._same[act.signature] > limits.repeats:
            return self._made("repeated_signature", self._same[act.signature], limits.repeats)
        if limits.cost and self._money > limits.cost:
            return self._made("cost_velocity", self._money, limits.cost)
        if limits.fan_out and act.hands_on and self._handed > limits.fan_out:
            return self._made("fan_out", self._handed, limits.fan_out)
        return None

    def _made(self, breaker: str, saw: int, limit: int) -> Trip:
        evidence = {
            "breaker": breaker, "saw": saw, "limit": limit, "seconds": self._limits.window / MICROSECONDS,
            "actions": len(self._acts), "denied": self._denied, "money": self._money, "handed_on": self._handed,
            "from": self._acts[0].at, "to": self._acts[-1].at,
        }  # fmt: skip
        return Trip(breaker, saw, limit, evidence)
