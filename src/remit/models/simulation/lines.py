"""What the simulated model says in one turn, as data; and a script: whatever gives the line for a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.models.simulation.scene import Scene
from remit.wire.messages import ModelResponse

if TYPE_CHECKING:
    from remit.wire.messages import Finish, Usage

Json = Any


class Nothing:
    """The absence of an answer, where None is one."""


NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tool that the model asks for; `arguments` that are text are sent as they are, JSON or not."""

    tool: str
    arguments: dict[str, Json] | str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong; `faults.KINDS` are the kinds there are."""

    kind: str
    times: int | None = None
    """For the first so many attempts at the same turn; None: at every one."""
    retry_after: float | None = None
    """Seconds for which a failing provider asks to be left alone."""
    message: str = ""

    def strikes(self, attempt: int) -> bool:
        """Whether it happens in this attempt."""
        return self.times is None or attempt <= self.times


@dataclass(frozen=True, slots=True)
class Line:
    """One turn of the model."""

    text: str = ""
    calls: tuple[Wanted, ...] = ()
    answer: Json = NOTHING
    """A value that is said as JSON."""
    reasoning: str = ""
    finish: Finish | None = None
    """None: what goes with the rest."""
    usage: Usage | None = None
    """None: counted from what was sent and said."""
    fault: Fault | None = None
    """What goes wrong with it."""
    seconds: float = 0.0
    """How long it takes."""


Script = Callable[[Scene], Line | ModelResponse | str | None]
"""Gives the line of a scene, or None where it has nothing to say."""


def says(text: str) -> Line:
    """Words."""
    return Line(text=text)


def answers(value: Json) -> Line:
    """A value, said as JSON."""
    return Line(answer=value)


def calls(tool: str, /, **arguments: Json) -> Line:
    """One tool call."""
    return Line(calls=(Wanted(tool, arguments),))
