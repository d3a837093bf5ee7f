"""What people said in an original, for a copy of it that nobody is to be bothered with: each question is answered as
its like was answered there, in the same order. What nobody was asked there ends the copy: nothing says how it would go
on.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from remit.domain.errors import StopRun
from remit.domain.events import WaitClosed, WaitOpened

if TYPE_CHECKING:
    from remit.engine.asking import Question
    from remit.engine.journal import Journal

SHADOW = "shadow"
"""The channel of copies."""
DIVERGED = "diverged: "
"""How the end of a copy begins that nothing recorded could go on with."""


class Recorded:
    """The answers of an original, as far as they were taken."""

    def __init__(self, original: Journal | None) -> None:
        self._answers: defaultdict[tuple[str, str], deque[WaitClosed]] = defaultdict(deque)
        for entries in original.at_path.values() if original is not None else ():
            opened = next((e.event for e in entries if isinstance(e.event, WaitOpened)), None)
            closed = next((e.event for e in entries if isinstance(e.event, WaitClosed)), None)
            if opened is not None and closed is not None and opened.approval:
                self._answers[opened.wait, opened.name].append(closed)

    def __call__(self, question: Question) -> WaitClosed | StopRun:
        """What was said to the next question of this kind."""
        known = self._answers[question.kind, question.name]
        if not known:
            return StopRun(
                f"{DIVERGED}it asks {question.group or 'a person'} what nobody was asked in the original."
            )
        return known.popleft()
