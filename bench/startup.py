"""How long a person waits before anything happens: `import remit` and `remit --help`, in fresh processes.

It owns the limits. Bytecode is compiled first, into a folder of the benchmark: that is what an installed
package has.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time

from bench.environments import own_python
from bench.stage import SOURCE, Stage
from bench.table import Check, Report

TIMES = 10
HELP = "import sys; from remit.cli.main import main; sys.exit(main())"
# What is run, with which arguments, and the ms that were promised.
COMMANDS: tuple[tuple[str, str, tuple[str, ...], float | None], ...] = (
    ("python, nothing else", "pass", (), None),
    ("import remit", "import remit", (), 150.0),
    ("remit --help", HELP, ("--help",), 250.0),
)


def measure(stage: Stage) -> list[Report]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(stage.directory / "bytecode"), "PYTHONPATH": str(SOURCE)}
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    data: dict[str, object] = {}
    for label, code, arguments, limit in COMMANDS:
        waits = _wall_ms(code, arguments, environment)
        best, median = min(waits), statistics.median(waits)
        rows.append((label, f"{best:.0f}", f"{median:.0f}"))
        data[label] = waits
        if limit is not None:
            checks.append(Check(f"{label}, median", f"< {limit:g} ms", f"{median:.0f} ms", median < limit))
    return [
        Report(f"Start-up, {TIMES} fresh processes", ("", "best ms", "median ms"), rows, checks, data=data)
    ]


def _wall_ms(code: str, arguments: tuple[str, ...], environment: dict[str, str]) -> list[float]:
    """The first process compiles and warms the file cache, and is not counted."""
    command = [str(own_python()), "-c", code, *arguments]
    waits: list[float] = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        waits.append((time.perf_counter() - began) * 1e3)
    return waits[1:]
