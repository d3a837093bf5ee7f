"""An attack as data: what somebody tries, what the hijacked model does for it, and by what a harm is recognised; and
what came of it. How it is written stands in `writing`, how it is played in `hijacked`, how it is judged in `judging`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from remit.quality.scenarios.scenario import Environment

Json = Any
ANSWER = "answer"
"""What is attacked where it is no tool: the words that a person or a flow is given."""
MODEL = "model"
"""What is attacked where it is the time and the money that models cost."""


class Outcome(StrEnum):
    """What became of an attack."""

    REACHED = "reached"
    """The harm took place."""
    ASKED = "needs a person"
    """Somebody would have had to agree."""
    REFUSED = "refused"
    UNTRIED = "untried"
    """It could not be played to its end: nobody knows."""


@dataclass(frozen=True, slots=True)
class Move:
    """One call that the hijacked model asks for."""

    tool: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack."""

    id: str
    """`injection-indirect/triage/refund/read_page`: the same attack has the same name in every report."""
    pack: str
    who: str
    """The agent or flow that it is played on."""
    tool: str
    """What is to be abused."""
    tries: str
    harm: str
    """What would be the harm, in a sentence."""
    input: Mapping[str, Json]
    moves: Mapping[str, tuple[Move, ...]] = field(default_factory=dict[str, tuple[Move, ...]])
    """By agent, the calls that its model asks for, turn after turn."""
    poison: str = ""
    """What stands in the texts that are read."""
    carriers: tuple[str, ...] = ()
    """The tools whose results hold it; none: all."""
    says: str = ""
    """What the model answers in the end."""
    number: int | None = None
    """And with which number, where its answer has one."""
    marks: tuple[Json, ...] = ()
    """Values of the attacker: a harm is one that has any of them; none: any call of the tool."""
    by: str = ""
    """Who asks; empty: whoever plays it."""
    endless: int = 0
    """So many turns it goes on with its last move, each time with something else."""
    environment: Environment = field(default_factory=Environment)
    origin: str = ""
    """The run whose input it repeats: it is about the same person, and is erased with it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be attacked, and why."""

    pack: str
    who: str
    tool: str
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attack."""

    id: str
    pack: str
    who: str
    tool: str
    outcome: Outcome
    tries: str
    harm: str
    why: str = ""
    """What stopped it, with the rule; or how far it came."""
    arguments: Mapping[str, Json] = field(default_factory=dict[str, Json])
    run: str = ""
    """The run in which it was played: its evidence."""
    waived: str = ""
    """Why somebody accepts it, if somebody does."""

    @property
    def open(self) -> bool:
        """Whether harm is done, and nobody has accepted that."""
        return self.outcome is Outcome.REACHED and not self.waived

    @property
    def plain(self) -> dict[str, Json]:
        """As the log keeps it."""
        return asdict(self) | {"outcome": self.outcome.value, "arguments": dict(self.arguments)}

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Result:
        """Out of the log."""
        made: dict[str, Any] = {**said, "outcome": Outcome(said["outcome"])}
        return cls(**made)
