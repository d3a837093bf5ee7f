"""Noticing that an agent goes in circles: the same call with the same result, or two calls in turn, again and again.

What is compared is the call and what came of it, so polling something that changes is no loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import LoopDetected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.talk import Result
    from remit.wire.messages import ToolCall

_ROUND = 4
"""The most different turns that a circle is looked for in."""


class Detection:
    """What the last turns did."""

    def __init__(self, repeats: int) -> None:
        self._repeats = repeats
        self._turns: list[tuple[tuple[str, str, str], ...]] = []

    def see(self, calls: Sequence[ToolCall], results: Sequence[Result]) -> None:
        """One turn is over; raises `LoopDetected` once it is clear that nothing new comes of it."""
        turn = tuple(
            (call.name, call.arguments, each.text) for call, each in zip(calls, results, strict=True)
        )
        self._turns = [*self._turns, turn][-_ROUND * (self._repeats + 1) :]
        again = self._turns.count(turn)
        if again <= self._repeats:
            return
        circle = dict.fromkeys(self._turns[-_ROUND:])
        names = ", ".join(sorted({name for each in circle for name, _, _ in each}))
        how = (
            "repeats the same call"
            if len(circle) == 1
            else f"takes turns between the same {len(circle)} steps"
        )
        raise LoopDetected(
            f"the agent {how} ({names}) and gets the same answers, {again} times now.",
            "Look at what the tool answers: remit show. Its message may not say what to do instead.",
        )
