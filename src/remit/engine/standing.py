"""A run in memory that is to take no further step: it was paused, its worker leaves, or it is halted.

Whoever comes to its next step stands there, durably, until the hold is over. Why there is a hold is decided by
whoever orders it.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NoReturn

from remit.domain.runs import ParkReason
from remit.engine.waits import DUE

if TYPE_CHECKING:
    from remit.domain.runs import RunRow
    from remit.engine.mailbox import Message
    from remit.engine.scope import Scope
    from remit.engine.services import Services
    from remit.engine.waits import Waits


class Standing:
    """What an execution knows about standing still."""

    row: RunRow
    services: Services
    waits: Waits
    dry: bool
    holding: bool
    draining: bool
    cancelling: bool
    sealed: bool
    active: int
    halted: int | None

    @abstractmethod
    async def wait(self, scope: Scope, path: str, reason: ParkReason, due: int | None) -> Message | str:
        """Wait durably."""

    @abstractmethod
    def must_leave(self, scope: Scope) -> bool:
        """Whether a cancel is due."""

    @abstractmethod
    def deliver_cancel(self, scope: Scope) -> NoReturn:
        """Tell a scope that it is cancelled."""
        raise AssertionError(scope)  # every execution does it in its own way

    @abstractmethod
    def leave_soon(self) -> None:
        """See in a moment whether it is time to leave memory."""

    @property
    def must_stand(self) -> bool:
        """Whether no further step is to be taken now."""
        return self.dry or self.holding or self.halted is not None

    def hold(self, *, draining: bool = False) -> None:
        """Take no further step and leave memory as soon as every branch stands."""
        self.holding = True
        self.draining = self.draining or draining
        if self.active == 0:
            self.leave_soon()

    async def stand(self, scope: Scope) -> None:
        """Take no step before the hold is over; a cancel that came meanwhile counts."""
        while self.must_stand and not self.sealed:
            paused = self.dry or self.holding
            reason, due = (ParkReason.PAUSED, None) if paused else (ParkReason.HALTED, self.halted or None)
            await self.wait(scope, f"{scope.path}/held", reason, due)
            self.heed()
        if self.must_leave(scope):
            self.deliver_cancel(scope)

    def proceed(self) -> None:
        """Go on after a hold."""
        self.holding, self.halted = False, None
        self._wake(ParkReason.PAUSED, ParkReason.HALTED)

    def heed(self) -> None:
        """See whether the run as a whole is halted, or not any more; a cancel goes before that."""
        halts = self.services.halted
        if halts is None or self.dry or self.sealed or self.cancelling:
            return
        until = halts(self.row)
        self.halted = until
        if until is None:
            self._wake(ParkReason.HALTED)  # also an action that is halted by itself: it looks again

    def _wake(self, *reasons: ParkReason) -> None:
        for wait in self.waits:
            if wait.reason in reasons:
                self.waits.resolve(wait, DUE)
