"""Tiers that no machine has here: they say what is missing, and run nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.tools import SandboxTier
from remit.tools.sandbox import Probed
from remit.tools.sandboxes.probing import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.tools.sandbox import Outcome, SandboxLimits

_INSTEAD = 'Use tier = "namespace".'
_MISSING = {
    SandboxTier.WASM: "a Python interpreter compiled to WebAssembly (WASI) would be needed, and Remit ships none",
    SandboxTier.VM: "a hypervisor with an image to boot would be needed, and Remit does not drive one",
}


class AbsentSandbox:
    """Implements `Sandbox` for a tier that cannot be had."""

    def __init__(self, tier: SandboxTier) -> None:
        self.tier = tier

    async def probe(self) -> Probed:
        """There is nothing to try."""
        return Probed(self.tier, _MISSING[self.tier], _INSTEAD)

    async def run(self, code: str, data: str, limits: SandboxLimits, shown: Sequence[str] = ()) -> Outcome:
        """Refuse."""
        del code, data, limits, shown
        raise refusal(await self.probe())
