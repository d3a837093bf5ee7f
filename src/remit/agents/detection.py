"""Noticing that an agent goes in circles: the same call with the same result, or two calls in turn, again and again.

What is compared is the call and what came of it, so polling something that changes is no loop.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from remit.domain.action_errors import LoopDetected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.talk import Result
    from remit.wire.messages import ToolCall

_Turn = tuple[tuple[str, str, str], ...]
_ROUND = 4
"""The most different turns that a circle is looked for in."""


class Detection:
    """What the last turns did."""

    def __init__(self, repeats: int) -> None:
        self._repeats = repeats
        self._turns: deque[_Turn] = deque(maxlen=_ROUND * (repeats + 1))
        self._times: dict[_Turn, int] = {}
        """How often each of them is among these."""

    def see(self, calls: Sequence[ToolCall], results: Sequence[Result]) -> None:
        """One turn is over; raises `LoopDetected` once it is clear that nothing new comes of it."""
        turn = tuple(
            [(call.name, call.arguments, each.text) for call, each in zip(calls, results, strict=True)]
        )
        if len(self._turns) == self._turns.maxlen:
            self._forget(self._turns[0])
        self._turns.append(turn)
        again = self._times[turn] = self._times.get(turn, 0) + 1
        if again <= self._repeats:
            return
        circle = dict.fromkeys(list(self._turns)[-_ROUND:])
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

    def _forget(self, turn: _Turn) -> None:
        self._times[turn] -= 1
        if not self._times[turn]:
            del self._times[turn]
