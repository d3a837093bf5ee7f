"""The contract of a dispatcher: it says when there may be something to do, and nothing else.

A run's own row is its queue entry, so hints may be lost, doubled or late without harm: the row, the lease and the
fence decide. Implementations live in `dispatchers/` and pass one suite.
"""

from __future__ import annotations

from typing import Protocol


class Dispatcher(Protocol):
    """Carries hints to whoever claims runs."""

    def submit(self, run: str) -> None:
        """A run was created and is due."""
        ...

    def wake(self, run: str) -> None:
        """A run has mail: it is due now if it was parked, and has to look if it is in memory."""
        ...

    def delay(self, run: str, until: int) -> None:
        """A run is due at a time."""
        ...

    def cancel(self, run: str) -> None:
        """A run was ordered to cancel."""
        ...

    def schedule(self, at: int) -> None:
        """A schedule is due at a time."""
        ...

    def mail(self) -> set[str]:
        """The runs that got mail since this was last asked, as far as this process knows."""
        ...

    async def wait(self, until: int | None) -> bool:
        """Return when a hint came, the time has come, or others may have committed; true in the last case."""
        ...
