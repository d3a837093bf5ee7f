"""Asks every advisory source that pip-audit knows about the packages of a lock, and tells three things apart:
checked and clean, checked and found, not checked. A source that cannot be reached, or that does not know a
package, is never read as good news.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SOURCES = ("pypi", "osv")  # the names by which pip-audit knows them
PATIENCE = 180.0


@dataclass(slots=True)
class Answer:
    """What the sources said together: package by package, an answer of any of them counts."""

    checked: set[str] = field(default_factory=set[str])
    unknown: set[str] = field(default_factory=set[str])
    findings: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, report: dict[str, Any]) -> None:
        for package in report["dependencies"]:
            if "vulns" not in package:
                self.unknown.add(package["name"])
                continue
            self.checked.add(package["name"])
            for advisory in package["vulns"]:
                mended = ", ".join(advisory["fix_versions"]) or "no version yet"
                self.findings[advisory["id"]] = f"{package['name']} {package['version']}, mended in {mended}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Known advisories against a hash-pinned lock.")
    parser.add_argument("lock", type=Path)
    parser.add_argument("--pip-audit", type=Path, default=Path(sys.executable).with_name("pip-audit"))
    arguments = parser.parse_args()
    command = [str(arguments.pip_audit), "-r", str(arguments.lock)]
    command += ["--require-hashes", "--disable-pip", "--progress-spinner", "off"]

    readable = subprocess.run([*command, "--dry-run"], check=False, capture_output=True, text=True)
    if readable.returncode:
        print(
            f"error: {arguments.lock} cannot be read as a lock:\n{readable.stderr.strip()}", file=sys.stderr
        )
        return 2
    answer = Answer()
    for source in SOURCES:
        answer.add(ask(command, source))
    return tell(answer, arguments.lock)


def ask(command: list[str], source: str) -> dict[str, Any]:
    """The report of one source; no report (the lock itself is known to be readable) means that it was not
    reached.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        try:
            subprocess.run(
                [*command, "-s", source, "-f", "json", "-o", str(report)],
                check=False,
                capture_output=True,
                timeout=PATIENCE,
            )
            return json.loads(report.read_text(encoding="utf-8"))
        except (subprocess.TimeoutExpired, FileNotFoundError, json.JSONDecodeError):
            return {"dependencies": []}


def tell(answer: Answer, lock: Path) -> int:
    for identifier, where in sorted(answer.findings.items()):
        print(f"{identifier}: {where}")
    if answer.findings:
        print(
            f"{lock}: {len(answer.findings)} known advisories. Raise them in pyproject.toml; run make lock."
        )
        return 1
    if not answer.checked:
        print(f"{lock}: no advisory source was reachable, so nothing was checked against known advisories.")
        return 0
    print(f"{lock}: {len(answer.checked)} packages checked, no known advisory.")
    unanswered = sorted(answer.unknown - answer.checked)
    if unanswered:
        print(f"Not checked, because no source that was reached knows them: {', '.join(unanswered)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
