"""Tier `process`: a process of its own, without environment, network or other processes, with limits. Not a wall:
what it may read is kept from it by Landlock alone, which not every kernel has.
"""

from __future__ import annotations

from remit.domain.tools import SandboxTier
from remit.tools.sandboxes.probing import ONE_PROCESS, TriedOnce


class ProcessSandbox(TriedOnce):
    """Implements `Sandbox`."""

    tier = SandboxTier.PROCESS
    _trial = ONE_PROCESS
