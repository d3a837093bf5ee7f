"""The work of one agent, the same for every contender: so many turns, each of them one call of one typed tool with
arguments that nobody used before, then an answer.

It owns the words that are said and the fake model's mind: which turn follows, by how many the conversation has. It
must import the standard library only, because it runs in the environments of the rivals too.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass

INSTRUCTIONS = "Look up what you are asked about, then answer."
ANSWER = "done"
PROMPT_TOKENS, ANSWER_TOKENS = 100, 10

_fresh = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call of the tool that the fake model asks for."""

    id: str
    n: int
    note: str

    @property
    def arguments(self) -> str:
        """The same as a model writes it."""
        return f'{{"n": {self.n}, "note": "{self.note}"}}'


def row(n: int, note: str) -> str:
    """What the tool answers."""
    return f"row {n} of {note}"


def question(steps: int) -> str:
    """What the agent is asked."""
    return f"look {steps} times"


def next_call(turns: int, steps: int) -> Wanted | None:
    """What the fake model asks for after so many turns; None: it answers."""
    if turns >= steps:
        return None
    n = next(_fresh)
    return Wanted(f"call_{n}", n, f"note {n}")


def check(answer: object) -> None:
    """Whoever skipped the work must not win."""
    if answer != ANSWER:
        raise RuntimeError(f"the agent answered {answer!r}, not {ANSWER!r}")


def be_quiet() -> None:
    """No contender writes logs."""
    logging.disable(logging.CRITICAL)
