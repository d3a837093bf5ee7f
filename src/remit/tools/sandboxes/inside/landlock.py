"""Landlock: the kernel itself refuses files below no named folder, TCP, and signals to processes outside.

It needs no privilege. A kernel without it is said to have version 0, and whoever promises it refuses then.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from typing import TYPE_CHECKING

from remit.tools.sandboxes.inside import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_ONLY, _BENEATH = 1, 1
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_READING = _EXECUTE | _READ_FILE | _READ_FOLDER
_ON_FILES = _EXECUTE | 1 << 1 | _READ_FILE | 1 << 14 | 1 << 15
_ACCESSES = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many kinds of access to files a version knows; 16 from version 5 on."""
_TCP_SINCE, _SCOPES_SINCE = 4, 6


def version() -> int:
    """The version of the kernel's Landlock; 0: it has none."""
    try:
        return kernel.syscall("landlock", _CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_ONLY))
    except OSError:
        return 0


def restrict(readable: Sequence[str], writable: Sequence[str]) -> None:
    """From here on nothing but these, and what is below them. Does nothing where the kernel has no Landlock."""
    known = version()
    if known == 0:
        return
    every = (1 << _ACCESSES.get(known, 16)) - 1
    rules = kernel.syscall("landlock_create_ruleset", _CREATE, *_ruleset(known, every), ctypes.c_uint32(0))
    try:
        for paths, access in ((readable, _READING & every), (writable, every & ~_EXECUTE)):
            for path in paths:
                _allow(rules, path, access)
        kernel.syscall("landlock_restrict_self", _RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)


def _ruleset(known: int, every: int) -> tuple[bytes, ctypes.c_size_t]:
    attributes = [every]
    if known >= _TCP_SINCE:
        attributes.append(0b11)  # bind and connect; no port is allowed
    if known >= _SCOPES_SINCE:
        attributes.append(0b11)  # abstract unix sockets and signals stay inside
    return struct.pack(f"={len(attributes)}Q", *attributes), ctypes.c_size_t(8 * len(attributes))


def _allow(rules: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no permission
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _ON_FILES
        beneath = struct.pack("=Qi", access, place)
        kernel.syscall(
            "landlock_add_rule",
            _ADD,
            ctypes.c_int(rules),
            ctypes.c_int(_BENEATH),
            beneath,
            ctypes.c_uint32(0),
        )
    finally:
        os.close(place)
