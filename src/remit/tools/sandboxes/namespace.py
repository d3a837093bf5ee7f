"""Tier `namespace`: what `process` has, and a file system of its own in memory, and no sight of anything else."""

from __future__ import annotations

from remit.domain.tools import SandboxTier
from remit.tools.sandboxes.probing import ONE_PROCESS, TriedOnce

_ALONE = """
found |= {
    "files of the machine are seen": any(map(os.path.exists, ("/etc/passwd", "/proc/self", "/home", "/var"))),
    "the root can be written": not refused(lambda: os.mkdir("/x")),
    "other processes are seen": os.getpid() > 2,
    "it is somebody": os.getresuid() != (65534,) * 3 or os.getresgid() != (65534,) * 3 or len(os.getgroups()) > 1,
}
"""


class NamespaceSandbox(TriedOnce):
    """Implements `Sandbox`."""

    tier = SandboxTier.NAMESPACE
    _trial = ONE_PROCESS + _ALONE
