"""Changes the code of the gate and of the policy in small ways, one at a time, and looks whether a test notices: what
no test notices is either argued in `tests/mutants.toml` or a fault. It works on a copy; mutmut makes the changes.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPY = ROOT / ".cache" / "mutate"
ARGUED = ROOT / "tests" / "mutants.toml"
PARTS = ("pyproject.toml", "README.md", "Makefile", "changelog.d", "docs", "scripts", "src", "tests")
SUITES = {
    "policy": ["tests/policy"],
    "gate": ["tests/gate", "tests/people", "tests/agents", "tests/containment"],
}
LEAST = 0.95
_RESULT = re.compile(
    r"^\s*(\S+): (survived|killed|timeout|suspicious|segfault|no tests|skipped)\s*$", re.MULTILINE
)
_KILLED = frozenset({"killed", "timeout", "segfault", "suspicious"})


@dataclass(slots=True)
class Verdict:
    """What became of the mutants that were tried."""

    killed: list[str] = field(default_factory=list[str])
    argued: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])
    """Noticed by nobody, and argued by nobody."""

    @property
    def share(self) -> float:
        """The killed among those that mean something."""
        counted = len(self.killed) + len(self.left)
        return len(self.killed) / counted if counted else 0.0

    @property
    def passed(self) -> bool:
        """Whether enough were killed."""
        return self.share >= LEAST


def judge(report: str, argued: dict[str, str]) -> Verdict:
    """Sort mutmut's list of results."""
    verdict = Verdict()
    for name, result in _RESULT.findall(report):
        if result in _KILLED:
            verdict.killed.append(name)
        elif name in argued:
            verdict.argued.append(name)
        else:
            verdict.left.append(name)
    return verdict


def arguments_of(text: str) -> dict[str, str]:
    """The survivors that are argued, and why."""
    rows = tomllib.loads(text).get("survivor", [])
    return {row["name"]: row["why"] for row in rows}


def configuration(package: str) -> str:
    """What mutmut is told: which code, and which tests look at it."""
    return (
        f'\n[tool.mutmut]\nsource_paths = ["src/"]\nonly_mutate = ["src/remit/{package}/**/*.py"]\n'
        'also_copy = ["scripts", "docs", "changelog.d", "README.md", "Makefile"]\n'
        f"pytest_add_cli_args_test_selection = {SUITES[package]}\n"
        'pytest_add_cli_args = ["-p", "no:cacheprovider", "-q", "-x"]\n'
    )


def main() -> int:
    """Make the copy, run what was asked for, and judge it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", choices=sorted(SUITES), help="which package is changed")
    parser.add_argument(
        "names", nargs="*", help="only these mutants: 'remit.policy.memo*'; else all, for hours"
    )
    given = parser.parse_args()
    _copy(given.package)
    wanted = given.names or [f"remit.{given.package}.*"]
    environment = os.environ | {"PYTHONUTF8": "1"}
    mutmut = [sys.executable, "-m", "mutmut"]
    done = subprocess.run(
        [*mutmut, "run", "--max-children", "1", *wanted], cwd=COPY, env=environment, check=False
    )
    if done.returncode:
        return done.returncode
    listed = subprocess.run(
        [*mutmut, "results", "--all", "true"], cwd=COPY, env=environment, check=True, text=True, capture_output=True
    )  # fmt: skip
    lines = [line for line in listed.stdout.splitlines() if _is_wanted(line, wanted)]
    return _say(judge("\n".join(lines), arguments_of(ARGUED.read_text("utf-8"))))


def _copy(package: str) -> None:
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(
                source, COPY / part, ignore=shutil.ignore_patterns("__pycache__", "node_modules", ".remit")
            )
        else:
            shutil.copy2(source, COPY / part)
    with (COPY / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(configuration(package))
    subprocess.run(["git", "init", "-q", str(COPY)], check=True)  # noqa: S607 - whichever git there is


def _is_wanted(line: str, wanted: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(line.strip().partition(":")[0], pattern) for pattern in wanted)


def _say(verdict: Verdict) -> int:
    for name in verdict.left:
        sys.stdout.write(f"survived: {name}\n")
    sys.stdout.write(
        f"{len(verdict.killed)} killed, {len(verdict.argued)} argued, {len(verdict.left)} left: {verdict.share:.1%}\n"
    )
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())
