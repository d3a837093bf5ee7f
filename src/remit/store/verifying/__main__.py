"""`python -m verifying DIR`: the verifier by itself."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from .reading import NotAnExport, verify
from .verdicts import EXIT_CODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .verdicts import Report

BAD_USAGE = 2
_SIGNS = {"pass": "\u2713", "fail": "\u2717", "inconclusive": "?"}


def main(words: list[str] | None = None) -> int:
    """Verify a folder; the exit code is the outcome."""
    parser = argparse.ArgumentParser(prog="verifying", description="Verify an exported log, offline.")
    parser.add_argument("folder", type=Path, help="what remit audit export wrote")
    parser.add_argument("--anchor", type=Path, help="checkpoints that you hold")
    parser.add_argument("--key", default="", help="the public key that you trust, or a file with it")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    given = parser.parse_args(words)
    try:
        report = verify(given.folder, given.anchor, given.key)
    except (NotAnExport, OSError) as wrong:
        print(f"error: {wrong}", file=sys.stderr)  # noqa: T201 - it is a program of its own
        return BAD_USAGE
    if given.json:
        print(json.dumps(asdict(report) | {"outcome": report.outcome}, indent=2))  # noqa: T201 - same
    else:
        print("\n".join(lines_of(report)))  # noqa: T201 - same
    return EXIT_CODES[report.outcome]


def lines_of(report: Report) -> Iterator[str]:
    """The report as a person reads it."""
    yield f"{report.origin}: {report.events:,} events of {report.streams:,} streams, scope {report.scope}"
    for verdict in report.verdicts:
        yield f"  {_SIGNS[verdict.outcome]} {verdict.question:<13} {verdict.outcome:<13} {verdict.sentence}"
    for finding in report.findings:
        yield f"    {finding.kind}: {finding.message}"
    if report.left_out:
        yield f"    and {report.left_out} more findings"
    if report.checkpoint:
        yield f"  checkpoint {report.checkpoint} over {report.covered:,} events"


if __name__ == "__main__":
    sys.exit(main())
