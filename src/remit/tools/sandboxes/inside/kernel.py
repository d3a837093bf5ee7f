"""Calls to the kernel for which Python has no function. Each raises `OSError` with the name of the call."""

from __future__ import annotations

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_NOATIME, MS_NODIRATIME, MS_RELATIME = 1024, 2048, 1 << 21
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000 | 0x02000000
"""Mounts, host name, IPC, processes, network, control groups."""
NEW_USER = 0x10000000

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 24, 38, 22
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}


def unshare(flags: int) -> None:
    """Leave the namespaces that the others share."""
    _checked("unshare", _LIBC.unshare(flags))


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount."""
    done = _LIBC.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None
    )
    _checked(f"mount {target}", done)


def pivot_root(new: str, old: str) -> None:
    """Make a folder the root, and put the old root into another."""
    number = _PIVOT_ROOT[os.uname().machine]
    _checked("pivot_root", _LIBC.syscall(number, new.encode(), old.encode()))


def detach(target: str) -> None:
    """Unmount, now or as soon as nobody is in it."""
    _checked("umount2", _LIBC.umount2(target.encode(), MNT_DETACH))


def die_with_parent() -> None:
    """Be killed when the process that started this one is gone."""
    _prctl("set_pdeathsig", _PR_SET_PDEATHSIG, 9)


def no_new_privileges() -> None:
    """Whatever is executed from here on gains nothing by it."""
    _prctl("no_new_privs", _PR_SET_NO_NEW_PRIVS, 1)


def drop_bounding_set() -> None:
    """No capability can be gained again; without the privilege to say so, none could be anyhow."""
    for capability in range(_MOST_CAPABILITIES):
        _LIBC.prctl(_PR_CAPBSET_DROP, *_longs(capability))  # those that this kernel has not are refused


def drop_capabilities() -> None:
    """Keep no capability."""
    _LIBC.prctl(_PR_CAP_AMBIENT, *_longs(_PR_CAP_AMBIENT_CLEAR_ALL))
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked("capset", _LIBC.capset(header, (ctypes.c_uint32 * 6)()))


def filter_calls(program: bytes) -> None:
    """Let a filter decide about every system call from here on."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    code = ctypes.create_string_buffer(program, len(program))
    given = Program(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    pointer = ctypes.cast(ctypes.byref(given), ctypes.c_void_p).value or 0
    _prctl("seccomp", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, pointer)


def syscall(name: str, number: int, *args: object) -> int:
    """A call by its number."""
    return _checked(name, _LIBC.syscall(ctypes.c_long(number), *args))


def _prctl(name: str, *args: int) -> None:
    _checked(name, _LIBC.prctl(args[0], *_longs(*args[1:])))


def _longs(*args: int) -> list[ctypes.c_ulong]:
    return [ctypes.c_ulong(value) for value in (*args, 0, 0, 0, 0)[:4]]


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
