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
        now, stages = perf_counter_ns(), self.stages
        spent, self._last = (now - self._last) // 1000, now
        stages[stage] = stages[stage] + spent if stage in stages else spent

    def again(self) -> None:
        """Time that belongs to no stage has gone by."""
        self._last = perf_counter_ns()
