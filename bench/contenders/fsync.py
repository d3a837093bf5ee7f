"""The floor under every durable step: append 4 KB to a file and wait until the disk has it.

It owns one file and its timings. It must not buffer, batch or preallocate: it stands for the least a log can
do.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from bench.protocol import Case, Tally, options, serve

BLOCK = b"x" * 4096


def main() -> None:
    path = Path(options()["directory"]) / "fsync.bin"
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        serve(lambda case: append_until(file, case))
    finally:
        os.close(file)


def append_until(file: int, case: Case) -> Tally:
    """Appends one after another until the slice is over; the median wait is what a 1-run figure is read
    against.
    """
    waits: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    while (now := time.perf_counter()) < began + case.seconds:
        os.write(file, BLOCK)
        os.fdatasync(file)
        waits.append(time.perf_counter() - now)
    seconds = time.perf_counter() - began
    return Tally(len(waits), seconds, time.process_time() - cpu, statistics.median(waits) * 1e6)


if __name__ == "__main__":
    main()
