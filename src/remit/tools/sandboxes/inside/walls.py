"""Namespaces: a file system that holds the interpreter and an empty folder, and no network, and no process but ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.tools.sandboxes.inside import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRATCH = "/scratch"
NOBODY = 65534
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")


def leave() -> bool:
    """Leave the namespaces of the machine; says whether this took a user namespace."""
    if os.geteuid() == 0:
        try:
            kernel.unshare(kernel.NEW_NAMESPACES)
        except PermissionError:  # root of a container, who may do no more than anybody
            pass
        else:
            return False
    outside = (os.geteuid(), os.getegid())
    kernel.unshare(kernel.NEW_USER | kernel.NEW_NAMESPACES)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {outside[0]} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {outside[1]} 1")
    return True


def build(root: str, shown: Sequence[str], scratch: int) -> None:
    """Make a root of our own out of what is shown, and let go of the one of the machine."""
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
    for path in shown:
        _show(root, path, kernel.MS_NODEV)
    for device in _DEVICES:
        _show(root, device, 0)
    inner = root + SCRATCH
    os.mkdir(inner)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("tmpfs", inner, "tmpfs", flags, f"size={scratch},nr_inodes=4096,mode=1777")
    os.chdir(root)
    kernel.pivot_root(".", ".")
    kernel.detach(".")
    os.chdir("/")
    flags = kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("none", "/", "", flags)


def become_nobody(*, in_user_namespace: bool) -> None:
    """Give away every privilege; in a user namespace we are nobody already."""
    kernel.no_new_privileges()
    if not in_user_namespace:
        os.setgroups([])
        kernel_ids: Any = (NOBODY, NOBODY, NOBODY)
        os.setresgid(*kernel_ids)
        bounding_first = kernel.drop_bounding
        bounding_first()
        os.setresuid(*kernel_ids)
    kernel.drop_capabilities()
