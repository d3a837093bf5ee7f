"""The part of the office where things are stopped: halts. It only hands on."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from collections.abc import Collection

    from remit.control.containment import halting, outboxing
    from remit.control.containment.views import HaltView, HeldView
    from remit.control.ground.ground import Ground
    from remit.engine.dispatcher import Dispatcher
else:
    halting = on_use("remit.control.containment.halting")
    outboxing = on_use("remit.control.containment.outboxing")


class ContainmentDesk:
    """What can be halted and lifted."""

    @property
    @abstractmethod
    def ground(self) -> Ground:
        """Database, keys, clock and principal."""

    @property
    @abstractmethod
    def dispatcher(self) -> Dispatcher:
        """Who carries hints to the workers."""

    @abstractmethod
    def names_of(self, kind: str) -> Collection[str]:
        """Names of agents or models that this process knows by their code, where it has any."""

    async def halts_changed(self) -> None:
        """Something was halted or lifted here; whoever acts in this process hears of it at once."""

    async def halt(
        self, scope: str, target: str = "", *, reason: str = "", quarantine: bool = False, within: str = ""
    ) -> HaltView:
        """Let something stand still: `all`, or a team, agent, release, tool, model, principal or run by name."""
        made = await halting.halt(
            self.ground, scope, target, reason=reason, quarantine=quarantine, within=within,
            known=self.names_of(scope),
        )  # fmt: skip
        await self.halts_changed()
        return made

    async def lift(self, halt: str, reason: str = "") -> list[HaltView]:
        """Let it act again: a halt by its id, or whatever stands on this name (`agent:desk`)."""
        lifted = await halting.lift(self.ground, halt, reason)
        await self.halts_changed()
        return lifted

    async def halts(self, *, everything: bool = False) -> list[HaltView]:
        """What stands still, newest first."""
        return await halting.listed(self.ground, everything=everything)

    async def held(self, run: str) -> list[HeldView]:
        """What of a run is held back, so that it can be called back."""
        return await outboxing.held(self.ground, run)

    async def call_back(self, run: str, reason: str = "") -> list[HeldView]:
        """Call back what of a run is held back; the run is told, and goes on."""
        return await outboxing.call_back(self, run, reason)
