"""What models were used for by agents that are not ours: counted here, and taken along to the database every few
seconds by a settlement that goes there anyway. Figures, not accounts: a process that dies takes its last seconds along.
"""

from __future__ import annotations

from datetime import UTC, datetime
from operator import add
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.wire.messages import Usage

EVERY = 2 * MICROSECONDS
_NONE = (0, 0, 0, 0, 0)
_DAY = 86_400 * MICROSECONDS


class Figures:
    """Counts of this process that are not in the database yet."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], tuple[int, ...]] = {}
        self._taken = 0
        self._day = (0, "")
        """The number of a day, and its name."""

    def called(self, route: str, model: str, usage: Usage | None, now: int) -> None:
        """A model answered."""
        prompt, cached = (usage.prompt, usage.cache_read) if usage is not None else (0, 0)
        self._add(route, model, (1, prompt, cached, 0, 0), now)

    def spared(self, route: str, model: str, avoided: int, now: int) -> None:
        """An answer was given again."""
        self._add(route, model, (0, 0, 0, 1, avoided), now)

    def take(self, now: int) -> Sequence[Op]:
        """What is to be committed now; mostly nothing."""
        if now - self._taken < EVERY or not self._counts:
            return ()
        self._taken = now
        counts, self._counts = self._counts, {}
        return [Op("figures.add", (*key, *values)) for key, values in sorted(counts.items())]

    def _add(self, route: str, model: str, more: tuple[int, ...], now: int) -> None:
        number, day = self._day
        if now // _DAY != number:
            day = datetime.fromtimestamp(now // MICROSECONDS, UTC).date().isoformat()
            self._day = (now // _DAY, day)
        known = self._counts.get((day, route, model), _NONE)
        self._counts[day, route, model] = tuple(map(add, known, more))
