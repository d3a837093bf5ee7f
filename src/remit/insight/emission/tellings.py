"""When there is something to tell: a run that lies down or comes to its end has spans that are over. It is a projection
like others, and is there only where somebody is told. Nothing is sent here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.events import RunContinued, RunEnded, RunParked
from remit.insight.projection import RUN
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.insight.projection import Happened, Tables


class Tellings:
    """Implements `Projection`."""

    name = "tellings"
    kinds = frozenset({RunEnded.KIND, RunParked.KIND, RunContinued.KIND})
    tables = ("tellings",)

    def __init__(self) -> None:
        self._newest: int | None = None

    async def take(self, batch: Sequence[Happened], tables: Tables) -> list[Op]:
        """One telling for each pause and each end."""
        marks = [each for each in batch if each.kind in self.kinds and each.stream.startswith(RUN)]
        if not marks:
            return []
        number = self._newest
        if number is None:
            number = (await tables.fetch("emission.newest"))[0][0] or 0
        told: dict[str, int] = {}
        ops: list[Op] = []
        for each in marks:
            trace = each.stream.removeprefix(RUN)
            if trace not in told:
                told[trace] = (await tables.fetch("emission.of_trace", trace))[0][0] or 0
            since, upto = told[trace], max(told[trace], each.at)
            over = each.kind == RunEnded.KIND
            number += 1
            ops.append(Op("emission.add", (number, trace, since, upto, int(over))))
            told[trace] = upto
        self._newest = number
        return ops

    async def again(self, run: str, happened: Sequence[Happened], tables: Tables) -> list[Op]:  # noqa: ARG002
        """When a run lay down and when it ended is no content: it stays as it is."""
        return []

    def forget(self) -> None:
        """The last batch was not written: look again where the numbers stand."""
        self._newest = None
