"""The filter of system calls (seccomp), as a program for the kernel: what code in a sandbox never needs is refused.

No other process is made, no other program executed, no socket opened, no other process touched. It is what makes
the limits hold: they count for one process, and there is one.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass

THIS_PROCESS = 0xCAFECAFE
"""Stands for the process's own number, which the process fills in."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _UNKNOWN, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_CALL, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_NEW_THREAD = 0x00010000
_OTHER_ABI = 0x40000000


@dataclass(frozen=True, slots=True)
class _Processor:
    machine: int
    clone: int
    own_only: tuple[int, ...]
    """kill, tgkill: to oneself only."""
    refused: tuple[int, ...]


_NEW = (424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 442)
"""pidfd_send_signal, io_uring, mounts of the new kind, pidfd_open, pidfd_getfd: the same number everywhere."""
_CLONE3 = 435

_PROCESSORS = {
    "x86_64": _Processor(
        0xC000003E, 56, (62, 234),
        (
            57, 58, 59, 322,  # fork, vfork, execve, execveat
            41, 101, 310, 311, 312, 200,  # socket, ptrace, process_vm_readv, process_vm_writev, kcmp, tkill
            129, 297, 109, 112,  # rt_sigqueueinfo, rt_tgsigqueueinfo, setpgid, setsid
            165, 166, 155, 161, 272, 308,  # mount, umount2, pivot_root, chroot, unshare, setns
            321, 298, 323, 246, 320, 175, 313, 176,  # bpf, perf_event_open, userfaultfd, kexec, modules
            248, 249, 250, 303, 304, 167, 168, 169, 163,  # keys, file handles, swap, reboot, acct
            164, 159, 305, 227, 170, 171, 172, 173, 103, 135,  # clocks, host name, ports, syslog, personality
        ),
    ),
    "aarch64": _Processor(
        0xC00000B7, 220, (129, 131),
        (
            221, 281, 198, 117, 270, 271, 272, 130, 138, 240, 154, 157, 40, 39, 41, 51, 97, 268,
            280, 241, 282, 104, 294, 105, 273, 106, 217, 218, 219, 264, 265, 224, 225, 142, 89,
            170, 171, 266, 112, 161, 162, 116, 92,
        ),
    ),
}  # fmt: skip
"""For each processor what is refused, in the order of the first."""


def known(machine: str) -> bool:
    """Whether there is a filter for this processor."""
    return machine in _PROCESSORS and sys.byteorder == "little"


def call_filter(machine: str) -> bytes:
    """The program for a processor."""
    processor = _PROCESSORS[machine]
    steps = [
        _step(_LOAD, _MACHINE),
        _step(_EQUAL, processor.machine, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _CALL),
        _step(_AT_LEAST, _OTHER_ABI, 0, 1),
        _step(_RETURN, _REFUSE),
        _step(_EQUAL, _CLONE3, 0, 1),
        _step(_RETURN, _UNKNOWN),  # so that threads are made by the call that can be looked into
        *_if_argument(processor.clone, _ANY_BIT, _NEW_THREAD),
    ]
    for call in processor.own_only:
        steps += _if_argument(call, _EQUAL, THIS_PROCESS)
    for call in (*processor.refused, *_NEW):
        steps += [_step(_EQUAL, call, 0, 1), _step(_RETURN, _REFUSE)]
    steps.append(_step(_RETURN, _ALLOW))
    return b"".join(steps)


def _if_argument(call: int, test: int, value: int) -> list[bytes]:
    """Allow a call if its first argument passes the test, or else refuse it."""
    return [
        _step(_EQUAL, call, 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(test, value, 0, 1),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, _REFUSE),
    ]


def _step(operation: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_so, if_not, value)
