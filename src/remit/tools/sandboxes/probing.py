"""Whether a tier's walls stand on this machine: tried with code that runs against them, once for each process."""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING

from remit.domain.action_errors import IsolationMissing
from remit.tools.sandbox import Ending, Probed, SandboxLimits
from remit.tools.sandboxes.call_filter import known
from remit.tools.sandboxes.starting import run_isolated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.tools import SandboxTier
    from remit.tools.sandbox import Outcome

_LIMITS = SandboxLimits(seconds=10.0)
_KERNEL = "Run Remit on Linux 5.13 or newer, on x86_64 or aarch64, where seccomp may be used."

ONE_PROCESS = """
import json, os, socket, sys
def refused(attempt):
    try:
        attempt()
    except OSError:
        return True
    return False
found = {
    "the environment is inherited": len(set(os.environ) - {"LC_CTYPE"}) > 0,
    "processes can be made": not refused(lambda: os.fork() or os._exit(0)),
    "programs can be executed": not refused(lambda: os.posix_spawn("/bin/true", ["true"], {})),
    "sockets can be opened": not refused(socket.socket),
    "another process can be signalled": not refused(lambda: os.kill(os.getppid() or 1, 0)),
    "files are inherited": not refused(lambda: os.fstat(3)),
}
"""
_REPORT = "\nprint(json.dumps([name for name, bad in found.items() if bad]))\n"


class TriedOnce:
    """A tier that is tried before it is used for the first time, and refuses with what was found missing."""

    tier: SandboxTier
    _trial: str
    """Python that puts into `found` what should not be so."""
    _remedy = _KERNEL

    def __init__(self) -> None:
        self._probed: Probed | None = None

    async def probe(self) -> Probed:
        """Try whether isolation is what it has to be."""
        if self._probed is None:
            missing = await self._missing()
            self._probed = Probed(self.tier, missing, self._remedy if missing else "")
        return self._probed

    async def run(self, code: str, data: str, limits: SandboxLimits, shown: Sequence[str] = ()) -> Outcome:
        """Run Python code behind the walls."""
        probed = await self.probe()
        if not probed.works:
            raise refusal(probed)
        return await run_isolated(self.tier, code, data, limits, shown)

    async def _missing(self) -> str:
        if sys.platform != "linux":
            return f"it needs Linux, and this is {sys.platform}"
        if not known(platform.machine()):
            return f"it has no filter of system calls for {platform.machine()}"
        try:
            outcome = await run_isolated(self.tier, self._trial + _REPORT, "", _LIMITS)
        except (IsolationMissing, OSError) as wrong:
            return getattr(wrong, "message", str(wrong)).rstrip(".")
        if outcome.ending is not Ending.DONE:
            return f"the trial ended with {outcome.exit}: {outcome.errors.strip()[-200:]}"
        return ", ".join(json.loads(outcome.output))


def refusal(probed: Probed) -> IsolationMissing:
    """The refusal of a tier that this machine does not have."""
    return IsolationMissing(
        f"this machine has no sandbox of tier {probed.tier}: {probed.missing}. Nothing was run.",
        probed.remedy,
    )
