"""Where trials are made: the contract between an experiment, which says what is tried, and whoever has the workers and
the processes to do it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.quality.experiments.plan import Item, Plan
    from remit.quality.experiments.rows import Row
    from remit.quality.score import Scorer
    from remit.quality.trial import Trial


Json = Any


class Bench(Protocol):
    """One process in which experiments are made."""

    def scorers(self, plan: Plan) -> Sequence[Scorer]:
        """How the suite is scored, gold first; raises if that is not what the plan was made with."""
        ...

    async def known(self, plan: Plan, item: Item) -> Trial | None:
        """The same go, if it was made before by the same code with the same seed."""
        ...

    async def make(self, experiment: str, plan: Plan, item: Item, attempt: int) -> Trial:
        """Make a go, or find the one of this very attempt that a process had begun which died meanwhile."""
        ...

    async def earlier(self, experiment: str) -> list[Row]:
        """The rows of an experiment that was made before, of the arm that it judged."""
        ...

    async def read(self, plan: Plan, row: Row, item: Item) -> Trial:
        """The trial of a row again, for whoever judges it later."""
        ...

    def saw(self, experiment: str, row: Row) -> None:
        """Another go has ended, or is known to have."""
        ...

    def add_up(self, plan: Plan, rows: Sequence[Row]) -> dict[str, Json]:
        """What it comes to, reckoned from its rows alone; plain, for the log."""
        ...
