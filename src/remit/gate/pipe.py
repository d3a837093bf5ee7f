"""The stages of an action and how long each took: what makes the gate visible in the log."""

from __future__ import annotations

from time import perf_counter_ns


class Pipe:
    """A stop-watch with names."""

    __slots__ = ("_last", "stages")

    def __init__(self) -> None:
        self.stages: dict[str, int] = {}
        """Microseconds by stage, in order."""
        self._last = perf_counter_ns()

    def passed(self, stage: str) -> None:
        """This stage is over."""
        now = perf_counter_ns()
        self.stages[stage] = self.stages.get(stage, 0) + (now - self._last) // 1000
        self._last = now

    def again(self) -> None:
        """Time that belongs to no stage has gone by."""
        self._last = perf_counter_ns()
