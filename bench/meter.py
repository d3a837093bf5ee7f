"""What a slice cost the machine: disk flushes, CPU of the contender and of Postgres, and what others were
using.

It owns the counters of the kernel (/proc). It must not know what was being run; a counter this machine does
not offer is None, never zero.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SECTOR_BYTES = 512
# Columns of /proc/diskstats, the device numbers included.
SECTORS_WRITTEN, FLUSHES = 9, 18


@dataclass(frozen=True, slots=True)
class Cost:
    """The difference between two readings of the machine's counters."""

    seconds: float
    flushes: int | None
    bytes_written: int | None
    postgres_cpu: float | None
    other_cpu: float | None


@dataclass(frozen=True, slots=True)
class _Reading:
    at: float
    busy: float
    contender: float
    postgres: float | None
    flushes: int | None
    sectors: int | None


class Meter:
    """Reads the counters around one slice. Flushes are of the whole machine: on a busy one they include
    strangers'.
    """

    def __init__(self, contender: int, postgres: int | None = None) -> None:
        self._contender = contender
        self._postgres = postgres
        self._began = self._read()

    def stop(self) -> Cost:
        began, ended = self._began, self._read()
        seconds = ended.at - began.at
        postgres = _difference(ended.postgres, began.postgres)
        measured = (ended.contender - began.contender) + (postgres or 0.0)
        return Cost(
            seconds=seconds,
            flushes=_whole(_difference(ended.flushes, began.flushes)),
            bytes_written=_whole(_difference(ended.sectors, began.sectors), SECTOR_BYTES),
            postgres_cpu=postgres,
            other_cpu=max(0.0, (ended.busy - began.busy) - measured) / seconds,
        )

    def _read(self) -> _Reading:
        flushes, sectors = disk_counters()
        postgres = None if self._postgres is None else postgres_cpu(self._postgres)
        return _Reading(
            time.perf_counter(), busy_cpu(), process_cpu(self._contender), postgres, flushes, sectors
        )


def disk_counters() -> tuple[int | None, int | None]:
    """Flushes and sectors written, summed over whole disks: partitions would count twice, loop devices are
    not disks.
    """
    try:
        rows = [line.split() for line in (PROC / "diskstats").read_text().splitlines()]
    except OSError:
        return None, None
    disks = [row for row in rows if len(row) > FLUSHES and _is_disk(row[2])]
    if not disks:
        return None, None
    return sum(int(row[FLUSHES]) for row in disks), sum(int(row[SECTORS_WRITTEN]) for row in disks)


def process_cpu(pid: int) -> float:
    """User and system seconds of a process with all its threads."""
    fields = _stat(pid)
    return 0.0 if fields is None else (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def postgres_cpu(postmaster: int) -> float:
    """Seconds spent by the server: its own children that have ended, and the backends that live."""
    own = _stat(postmaster)
    ended = 0.0 if own is None else sum(int(field) for field in own[11:15]) / TICKS_PER_SECOND
    return ended + sum(_scheduled(child) for child in _children(postmaster))


def resident_bytes(pid: int) -> int:
    """Memory of a process that is really in RAM."""
    pages = int((PROC / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def tree(pid: int) -> list[int]:
    """A process and all its descendants, itself first."""
    found = [pid]
    for each in found:
        found.extend(_children(each))
    return found


def busy_cpu() -> float:
    """Seconds all cores together have been busy since boot, without the time stolen by the host."""
    user, nice, system, _idle, _wait, irq, softirq = _cpu_ticks()[:7]
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND


def _cpu_ticks() -> list[int]:
    return [int(field) for field in (PROC / "stat").read_text().splitlines()[0].split()[1:]]


def _is_disk(name: str) -> bool:
    return not name.startswith(("loop", "ram", "zram")) and Path("/sys/block", name).exists()


def _stat(pid: int) -> list[str] | None:
    """The fields after the command name, which may itself hold spaces and brackets."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _children(parent: int) -> list[int]:
    try:
        return [
            int(child)
            for child in (PROC / str(parent) / "task" / str(parent) / "children").read_text().split()
        ]
    except OSError:
        return []


def _scheduled(pid: int) -> float:
    """Nanoseconds on a CPU, from the scheduler: ticks are too coarse for a slice of 0.4 s. One thread per
    backend.
    """
    try:
        return int((PROC / str(pid) / "schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError, ValueError):
        return process_cpu(pid)


def _difference(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _whole(value: float | None, factor: int = 1) -> int | None:
    return None if value is None else int(value) * factor
