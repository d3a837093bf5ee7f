"""Namespaces: a file system that holds the interpreter and an empty folder, and no network, and no process but ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from remit.tools.sandboxes.inside import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRATCH = "/scratch"
NOBODY = 65534
_LOCKED = (
    (os.ST_RDONLY, kernel.MS_RDONLY),
    (os.ST_NODEV, kernel.MS_NODEV),
    (os.ST_NOEXEC, kernel.MS_NOEXEC),
    (os.ST_NOATIME, kernel.MS_NOATIME),
    (os.ST_NODIRATIME, kernel.MS_NODIRATIME),
    (os.ST_RELATIME, kernel.MS_RELATIME),
)
"""Who may not change these in a user namespace has to repeat them."""
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
        _show(root, path)
    for device in _DEVICES:
        _show(root, device, device=True)
    inner = root + SCRATCH
    Path(inner).mkdir()
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
    kernel.drop_bounding_set()
    if not in_user_namespace:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    kernel.drop_capabilities()


def _show(root: str, path: str, *, device: bool = False) -> None:
    """Let a file or folder be seen at its own place, to be read only."""
    target = root + path
    if Path(target).exists() or not Path(path).exists():
        return
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    if Path(path).is_symlink():
        Path(target).symlink_to(Path(path).readlink())
        return
    if Path(path).is_dir():
        Path(target).mkdir()
    else:
        Path(target).touch()
    kernel.mount(path, target, "", kernel.MS_BIND)
    here = os.statvfs(target).f_flag
    kept = sum(flag for bit, flag in _LOCKED if here & bit)
    bounds = kernel.MS_NOSUID if device else kernel.MS_NOSUID | kernel.MS_RDONLY | kernel.MS_NODEV
    kernel.mount("none", target, "", kernel.MS_REMOUNT | kernel.MS_BIND | bounds | kept)
