"""Starting a sandbox's process and following it to its end: nothing is inherited, nothing outlives the time it has."""

from __future__ import annotations

import asyncio
import json
import math
import os
import platform
import signal
import sys
import sysconfig
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from remit.domain.action_errors import IsolationMissing
from remit.domain.tools import SandboxTier
from remit.tools.sandbox import Ending, Outcome
from remit.tools.sandboxes.call_filter import call_filter

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Sequence

    from remit.tools.sandbox import SandboxLimits

_SOURCES = Path(__file__).resolve().parents[3]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from remit.tools.sandboxes.inside.program import main; "
    "sys.path.pop(0); main(int(sys.argv[2]), int(sys.argv[3]))"
)
_FILES = 64
_CHUNK = 1 << 16
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo")
_SIGNALLED = 128


async def run_isolated(
    tier: SandboxTier, code: str, data: str, limits: SandboxLimits, shown: Sequence[str] = ()
) -> Outcome:
    """Run code in a process of its own behind the walls of a tier."""
    with tempfile.TemporaryDirectory(prefix="remit-sandbox-", ignore_cleanup_errors=True) as scratch:
        order = _order(tier, code, limits, scratch, shown)
        order_fd, input_fd = _in_memory(json.dumps(order)), _in_memory(data)
        status, status_fd = os.pipe()
        os.set_blocking(status, False)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-B", "-u", "-X", "utf8", "-c", _START, str(_SOURCES), str(order_fd),
                str(status_fd), stdin=input_fd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                pass_fds=(order_fd, status_fd), env={}, cwd=scratch, start_new_session=True,
            )  # fmt: skip
        except BaseException:
            os.close(status)
            raise
        finally:
            for each in (order_fd, input_fd, status_fd):
                os.close(each)
        try:
            return await _follow(process, status, tier, limits)
        finally:
            await _end(process)
            os.close(status)


def _order(
    tier: SandboxTier, code: str, limits: SandboxLimits, scratch: str, shown: Sequence[str]
) -> dict[str, object]:
    place = str(Path(scratch).resolve())
    return {
        "tier": tier.value, "code": code, "root": place, "scratch": place, "readable": _needed(shown),
        "memory": limits.memory, "scratch_bytes": limits.scratch, "files": _FILES,
        "cpu": math.ceil(limits.seconds) + 1, "filter": call_filter(platform.machine()).hex(),
    }  # fmt: skip


def _needed(shown: Sequence[str]) -> list[str]:
    """What the interpreter reads: its own library, the ones it is linked to, and what is shown to the code."""
    own = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), f"{sys.base_prefix}/lib"]
    found = dict.fromkeys((*_LIBRARIES, *own, *shown))
    return sorted((path for path in found if Path(path).exists()), key=len)


async def _follow(process: Process, status: int, tier: SandboxTier, limits: SandboxLimits) -> Outcome:
    assert process.stdout is not None  # noqa: S101 - asked for
    assert process.stderr is not None  # noqa: S101 - asked for
    texts = [asyncio.create_task(_read(stream, limits.output)) for stream in (process.stdout, process.stderr)]
    in_time = True
    try:
        async with asyncio.timeout(limits.seconds):
            await process.wait()
    except TimeoutError:
        in_time = False
        await _end(process)
    (output, more), (errors, more_errors) = await asyncio.gather(*texts)
    said = _said(status)
    if said != b"ready":
        raise IsolationMissing(
            f"the walls of a sandbox of tier {tier} could not be built: {_reason(said, errors)}.",
            "Look at remit doctor; nothing was run.",
        )
    code = process.returncode or 0
    code = _SIGNALLED - code if code > _SIGNALLED else code
    late = not in_time or code == -signal.SIGXCPU
    ending = Ending.TIMED_OUT if late else Ending.FAILED if code else Ending.DONE
    return Outcome(ending, code, output, errors, more or more_errors)


def _said(status: int) -> bytes:
    """What it said of its walls; its end of the pipe is closed by now, or it is being killed."""
    try:
        return os.read(status, _CHUNK)
    except BlockingIOError:
        return b""


def _reason(said: bytes, errors: str) -> str:
    return said.decode(errors="replace") or errors.strip()[-300:] or "it ended without a word"


async def _read(stream: asyncio.StreamReader, most: int) -> tuple[str, bool]:
    """What is kept of a stream; the rest is read and thrown away, so that the writer does not wait for us."""
    kept = bytearray()
    more = False
    while chunk := await stream.read(_CHUNK):
        room = most - len(kept)
        more = more or len(chunk) > room
        kept += chunk[:room]
    return kept.decode(errors="replace"), more


async def _end(process: Process) -> None:
    """Kill the whole group: whatever was started in there is in it, for it can leave neither group nor namespace."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())


def _in_memory(text: str) -> int:
    """A file that has no name, to be inherited by exactly one process."""
    fd = os.memfd_create("remit")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(text.encode(errors="surrogatepass"))
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
