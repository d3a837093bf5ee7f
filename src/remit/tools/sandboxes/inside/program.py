"""The program of a sandbox's process: it reads what it is to do, builds the walls, and runs the code.

It says `ready` on its status pipe when every wall stands, or what could not be built. Nothing of the code runs before.
"""

from __future__ import annotations

import json
import linecache
import os
import resource
import sys
import traceback
from types import ModuleType
from typing import Any

from remit.tools.sandboxes.inside import kernel, landlock, walls

_NAME = "code.py"
_NO_WALLS = 97
_SIGNALLED = 128


def main(order_fd: int, status_fd: int) -> None:
    """Do what the order says; what follows is the code's own."""
    kernel.die_with_parent()
    with os.fdopen(order_fd, "rb") as file:
        order: dict[str, Any] = json.load(file)
    try:
        if order["tier"] == "namespace":
            _enter_namespaces(order, status_fd)
        else:
            kernel.no_new_privileges()
            kernel.drop_bounding_set()
            kernel.drop_capabilities()
        _limit(order)
        os.chdir(order["scratch"])
        landlock.restrict(order["readable"], [order["scratch"], "/dev/null"])
        kernel.filter_calls(_for_this_process(bytes.fromhex(order["filter"])))
    except Exception as wrong:  # noqa: BLE001 - whatever it was, there is no wall, and so no code runs
        os.write(status_fd, f"{wrong}".encode())
        os._exit(_NO_WALLS)
    os.write(status_fd, b"ready")
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0] + 64)
    sys.exit(_run(order["code"]))


def _enter_namespaces(order: dict[str, Any], status_fd: int) -> None:
    """Two generations: the first process of the new namespace only waits, and is nobody's to signal."""
    in_user_namespace = walls.leave()
    first = os.fork()
    if first:
        _follow(first, status_fd)
    walls.build(order["root"], order["readable"], order["scratch_bytes"])
    walls.become_nobody(in_user_namespace=in_user_namespace)
    kernel.die_with_parent()
    second = os.fork()
    if second:
        _follow(second, status_fd)
    order["readable"], order["scratch"] = ["/"], walls.SCRATCH


def _follow(child: int, status_fd: int) -> None:
    """Wait for a child and end as it did; its pipes are not ours to hold open."""
    os.close(status_fd)
    os.closerange(0, 3)
    _, how = os.waitpid(child, 0)
    os._exit(_SIGNALLED + os.WTERMSIG(how) if os.WIFSIGNALED(how) else os.WEXITSTATUS(how))


def _limit(order: dict[str, Any]) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, order["memory"]),
        (resource.RLIMIT_CPU, order["cpu"]),
        (resource.RLIMIT_FSIZE, order["scratch_bytes"]),
        (resource.RLIMIT_NOFILE, order["files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))


def _for_this_process(program: bytes) -> bytes:
    """The filter lets a process signal itself, and only here is known which one that is."""
    return program.replace(b"\xfe\xca\xfe\xca", os.getpid().to_bytes(4, sys.byteorder))


def _run(code: str) -> int:
    """Run it as a script; an error is printed as Python prints it, without the frames of this program."""
    module = ModuleType("__main__")
    module.__dict__["__file__"] = _NAME
    sys.modules["__main__"] = module
    sys.argv = [_NAME]
    linecache.cache[_NAME] = (len(code), None, code.splitlines(keepends=True), _NAME)
    try:
        exec(compile(code, _NAME, "exec"), module.__dict__)  # noqa: S102 - this is what a sandbox is for
    except SystemExit as left:
        return _status(left.code)
    except BaseException as wrong:  # noqa: BLE001 - whatever the code raises is its own
        inner = wrong.__traceback__.tb_next if wrong.__traceback__ is not None else None
        traceback.print_exception(type(wrong), wrong, inner)
        return 1
    return 0


def _status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1
