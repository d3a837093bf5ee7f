"""The sandbox of a tier, one for each process of Remit, so that each tier is tried once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from remit.domain.tools import SandboxTier
from remit.tools.sandboxes.absent import AbsentSandbox
from remit.tools.sandboxes.namespace import NamespaceSandbox
from remit.tools.sandboxes.process import ProcessSandbox

if TYPE_CHECKING:
    from remit.tools.sandbox import Probed, Sandbox

TIERS = (SandboxTier.PROCESS, SandboxTier.NAMESPACE, SandboxTier.WASM, SandboxTier.VM)
"""Weakest first."""


@cache
def sandbox_of(tier: SandboxTier) -> Sandbox:
    """The sandbox of a tier; whether it works is found out when it is first used."""
    match tier:
        case SandboxTier.PROCESS:
            return ProcessSandbox()
        case SandboxTier.NAMESPACE:
            return NamespaceSandbox()
        case _:
            return AbsentSandbox(tier)


async def probe_all() -> list[Probed]:
    """What this machine has."""
    return [await sandbox_of(tier).probe() for tier in TIERS]
