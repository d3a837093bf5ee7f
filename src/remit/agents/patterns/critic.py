"""A critic: one agent writes, another one reviews, the first revises, until it is good or the rounds are used up.

Use it when quality can be judged more easily than it can be produced, and the critic has something the writer has not:
a rubric, tools that check, another model. Do not use it with the same prompt and model on both sides: they agree with
each other. Two rounds find most of what there is to find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from remit.wire import canonical

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.agents.run import Run


class Review(Protocol):
    """What a critic's output type has at least."""

    @property
    def good(self) -> bool:
        """Whether it may stay as it is."""
        ...

    @property
    def advice(self) -> str:
        """What to change."""
        ...


@dataclass(frozen=True)
class Reviewed:
    """The last draft, and whether the critic was content with it."""

    draft: Any
    good: bool
    rounds: int
    advice: str = ""


async def critic(run: Run, writer: Agent, reviewer: Agent, task: object, *, rounds: int = 2) -> Reviewed:
    """The draft after at most `rounds` revisions; it is returned also if the critic is not content, and says so."""
    draft = await run.ask(writer, task)
    for number in range(rounds + 1):
        review: Review = await run.ask(reviewer, task=canonical.plain(task), draft=canonical.plain(draft))
        if review.good or number == rounds:
            return Reviewed(draft, review.good, number, review.advice)
        draft = await run.ask(
            writer, task=canonical.plain(task), draft=canonical.plain(draft), advice=review.advice
        )
    raise AssertionError(rounds)  # the loop returns
