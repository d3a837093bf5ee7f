"""Changes the code of the gate and of the policy in small ways, one at a time, and looks whether a test notices: what
no test notices is either argued in `tests/mutants.toml` or a fault. It works on a copy, which it keeps, so that it goes
on where it was stopped; mutmut makes the changes, and `mutants_first` says how the tests are run.
"""

from __future__ import annotations

import argparse
import filecmp
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIES = ROOT / ".cache" / "mutate"
ARGUED = ROOT / "tests" / "mutants.toml"
PARTS = ("pyproject.toml", "README.md", "Makefile", "changelog.d", "docs", "scripts", "src", "tests")
SUITES = {
    "policy": ["tests/policy", "tests/containment/test_breakers.py", "tests/containment/test_recall.py"],
    "gate": ["tests/gate", "tests/people", "tests/containment", "tests/agents/test_capabilities.py"],
}
"""The tests of each package. Those of a changed function are the ones among them that reach it."""
NEVER = ("tests/gate/budgets/test_s25_processes.py",)
"""Tests that start processes of their own: those would not find the changed code."""
LEAST = 0.95
_RESULT = re.compile(
    r"^\s*(\S+): (survived|killed|timeout|suspicious|segfault|no tests|skipped|not checked)\s*$", re.MULTILINE
)
_KILLED = frozenset({"killed", "timeout", "segfault", "suspicious"})
_LEFT_OUT = ("__pycache__", "node_modules", ".remit")


@dataclass(slots=True)
class Verdict:
    """What became of the mutants that were tried."""

    killed: list[str] = field(default_factory=list[str])
    argued: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])
    """Noticed by nobody, and argued by nobody."""
    untried: list[str] = field(default_factory=list[str])

    @property
    def share(self) -> float:
        """The killed among those that mean something."""
        counted = len(self.killed) + len(self.left)
        return len(self.killed) / counted if counted else 0.0

    @property
    def passed(self) -> bool:
        """Whether enough were killed, and none was left out."""
        return self.share >= LEAST and not self.untried

    @property
    def line(self) -> str:
        """The figures in a row."""
        more = f", {len(self.untried)} not tried" if self.untried else ""
        share = f"{self.share:6.1%}" if self.killed or self.left else "     -"
        return f"{share}  {len(self.killed)} killed, {len(self.left)} left, {len(self.argued)} argued{more}"


def judge(report: str, argued: Mapping[str, str]) -> Verdict:
    """Sort mutmut's list of results."""
    verdict = Verdict()
    for name, result in _RESULT.findall(report):
        if result in _KILLED:
            verdict.killed.append(name)
        elif result == "not checked":
            verdict.untried.append(name)
        elif name in argued:
            verdict.argued.append(name)
        else:
            verdict.left.append(name)
    return verdict


def by_module(report: str, argued: Mapping[str, str]) -> dict[str, Verdict]:
    """The same, for each module."""
    lines: dict[str, list[str]] = {}
    for line in report.splitlines():
        lines.setdefault(line.strip().partition(":")[0].rpartition(".")[0], []).append(line)
    return {module: judge("\n".join(some), argued) for module, some in sorted(lines.items()) if module}


def arguments_of(text: str) -> dict[str, str]:
    """The survivors that are argued, and why."""
    rows = tomllib.loads(text).get("survivor", [])
    return {row["name"]: row["why"] for row in rows}


def configuration(package: str, suites: Sequence[str] = ()) -> str:
    """What mutmut is told: which code, which tests look at it, and how they are run.

    A changed function may take twice what its tests took before and ten seconds more: then it hangs.
    """
    told = ["-p", "no:cacheprovider", "-p", "scripts.mutants_first", "-q", "-x"]
    told += [f"--ignore={path}" for path in NEVER]
    return (
        f'\n[tool.mutmut]\nsource_paths = ["src/"]\nonly_mutate = ["src/remit/{package}/*.py"]\n'
        'also_copy = ["scripts", "docs", "changelog.d", "README.md", "Makefile"]\n'
        f"pytest_add_cli_args_test_selection = {list(suites or SUITES[package])}\n"
        f"pytest_add_cli_args = {told}\n"
        "timeout_multiplier = 2.0\ntimeout_constant = 5.0\n"
        'track_dependencies = false\non_dependency_change = "ignore"\n'
    )


def main() -> int:
    """Make or renew the copy, run what was asked for, and judge it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", choices=sorted(SUITES), help="which package is changed")
    parser.add_argument(
        "names", nargs="*", help="only these mutants, again: 'remit.policy.memo*'; else all that were not tried yet"
    )  # fmt: skip
    parser.add_argument(
        "--tests", nargs="+", default=[], help="only these tests look, in a copy of its own: quicker"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what was found out before")
    parser.add_argument("--report", action="store_true", help="try nothing; say what is known")
    given = parser.parse_args()
    place = COPIES / "-".join([given.package, *(Path(each).stem for each in given.tests)])
    environment = {"SAMPLES": "4"} | os.environ | {"PYTHONUTF8": "1"}
    mutmut = [sys.executable, "-m", "mutmut"]
    if not given.report:
        _renew(place, configuration(given.package, given.tests), fresh=given.fresh)
        done = subprocess.run(
            [*mutmut, "run", "--max-children", "1", *given.names], cwd=place, env=environment, check=False
        )
        if done.returncode:
            return done.returncode
    listed = subprocess.run(
        [*mutmut, "results", "--all", "true"], cwd=place, env=environment, check=True, text=True, capture_output=True
    )  # fmt: skip
    wanted = given.names or [f"remit.{given.package}.*"]
    lines = [line for line in listed.stdout.splitlines() if _is_wanted(line, wanted)]
    return _say("\n".join(lines), arguments_of(ARGUED.read_text("utf-8")))


def _renew(place: Path, told: str, *, fresh: bool) -> None:
    """Bring the copy up to date. What was found out about functions that are the same stays known.

    Where a test is another one, mutmut looks again which functions each of them reaches.
    """
    settings = place / "pyproject.toml"
    if fresh or not settings.exists() or not settings.read_text("utf-8").endswith(told):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(place)], check=True)  # noqa: S607 - whichever git there is
    changed = [path for part in PARTS[1:] for path in renew_part(ROOT / part, place / part)]
    settings.write_text((ROOT / "pyproject.toml").read_text("utf-8") + told, "utf-8")
    for path in changed:
        inside = path.relative_to(place)
        if inside.parts[0] == "tests":
            (place / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
        if path.suffix != ".py" or not path.exists():
            (place / "mutants" / inside).unlink(missing_ok=True)


def renew_part(source: Path, target: Path) -> list[Path]:
    """Copy what differs and remove what is gone; answers which files these were."""
    if source.is_file():
        files = {Path(): source}
    else:
        files = {
            path.relative_to(source): path
            for path in source.rglob("*")
            if path.is_file() and not any(name in path.parts for name in _LEFT_OUT)
        }
    there = (
        {path.relative_to(target) for path in target.rglob("*") if path.is_file()}
        if target.is_dir()
        else set[Path]()
    )
    gone = [target / name for name in there - files.keys()]
    for path in gone:
        path.unlink()
    new = [name for name, path in files.items() if not _is_same(path, target / name)]
    for name in new:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files[name], target / name)
    return gone + [target / name for name in new]


def _is_same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _is_wanted(line: str, wanted: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(line.strip().partition(":")[0], pattern) for pattern in wanted)


def _say(report: str, argued: Mapping[str, str]) -> int:
    verdict = judge(report, argued)
    for name in verdict.left:
        sys.stdout.write(f"survived: {name}\n")
    modules = by_module(report, argued)
    widest = max(map(len, modules), default=0)
    for module, each in modules.items():
        sys.stdout.write(f"{module:<{widest}}  {each.line}\n")
    sys.stdout.write(f"{'all':<{widest}}  {verdict.line}\n")
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())
