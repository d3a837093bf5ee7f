"""Noticing that an agent goes in circles: the same call with the same result, or two calls in turn, again and again.

What is compared is the call and what came of it, so polling something that changes is no loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import LoopDetected
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.talk import Result
    from remit.wire.messages import ToolCall

_WINDOW = 12


class Detection:
    """What the last turns did."""

    def __init__(self, repeats: int) -> None:
        self._repeats = repeats
        self._turns: list[str] = []

    def see(self, calls: Sequence[ToolCall], results: Sequence[Result]) -> None:
        """One turn is over; raises `LoopDetected` once it is clear that nothing new comes of it."""
        turn = canonical.digest([[c.name, c.arguments, r.text] for c, r in zip(calls, results, strict=True)])
        self._turns = [*self._turns, turn][-_WINDOW:]
        again = self._turns.count(turn)
        if again <= self._repeats:
            return
        names = ", ".join(dict.fromkeys(call.name for call in calls))
        ping_pong = len(set(self._turns[-2 * self._repeats :])) == 2  # noqa: PLR2004 - two that take turns
        how = "takes turns between the same two calls" if ping_pong else "repeats the same call"
        raise LoopDetected(
            f"the agent {how} ({names}) and gets the same answer, {again} times now.",
            "Look at what the tool answers: remit show. Its message may not say what to do instead.",
        )
