"""Figures that nobody here made, made again: `python -m bench.published`.

It owns the command line. Files of others are not part of this repository: paths to a checkout of tau-bench and to an
unpacked PyRIT package are given, and what is not given is said to be left out. AgentDojo has an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from bench.environments import peer_python
from bench.protocol import ROOT, ContenderFailed
from bench.published import pyrit, tau
from bench.security.section import LOCK, PEER
from bench.stage import SOURCE
from bench.table import Check, Report, show, show_checks


def main() -> int:
    wanted = _arguments()
    reports: list[Report] = []
    if wanted.tau:
        reports.append(tau.measure(wanted.tau))
    if wanted.pyrit:
        reports += pyrit.measure(wanted.pyrit)
    reports.append(_dojo())
    for report in reports:
        show(report)
    for name in ("tau", "pyrit"):
        if getattr(wanted, name) is None:
            print(f"\nleft out: --{name} was not given, so nothing is said about it")
    show_checks(reports)
    return 0 if all(check.met for report in reports for check in report.checks) else 1


def _dojo() -> Report:
    """Run it there: no model and no network."""
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    }
    environment |= {"PYTHONWARNINGS": "ignore", "PYTHONPATH": os.pathsep.join((str(ROOT), str(SOURCE)))}
    command = [str(peer_python(PEER, beside=LOCK)), "-m", "bench.published.dojo"]
    done = subprocess.run(command, check=False, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise ContenderFailed(
            f"scoring AgentDojo's solutions ended with {done.returncode}; its words stand above."
        )
    found = json.loads(done.stdout.splitlines()[-1])
    counts = found["counts"]
    tasks, writing = counts["tasks"], counts["that write"]
    rows = [
        ("as it is", tasks, counts["gold"], tasks), ("with further reads", tasks, counts["with a further read"], tasks),
        ("numbers as floats", tasks, counts["as floats"], tasks),
        ("without one of its writes", writing, counts["without a write"], 0),
        ("with a write too many", tasks, counts["with a write too many"], 0),
    ]  # fmt: skip
    checks = [
        Check(
            f"AgentDojo, solutions that score, {what}",
            f"{promised} of {of}",
            f"{scored} of {of}",
            scored == promised,
        )
        for what, of, scored, promised in rows
    ]
    title = f"AgentDojo {found['version']}, the solutions of its tasks through our scorers, no model"
    return Report(
        title, ("solution", "tasks", "score"), [(what, str(of), str(n)) for what, of, n, _ in rows], checks
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.published", description=__doc__)
    parser.add_argument("--tau", type=Path, metavar="FOLDER", help="a checkout of sierra-research/tau-bench")
    parser.add_argument(
        "--pyrit", type=Path, metavar="FOLDER", help="where the package pyrit 1.1.0 is unpacked"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
