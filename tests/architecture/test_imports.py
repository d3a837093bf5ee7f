"""The layers hold: the contracts in pyproject.toml are kept, they report what they are there to report, and
no package below the top knows a third party that it was not given.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest

from tests.architecture.tree import ROOT

FRONT_DOORS = frozenset({"remit.cli", "remit.server"})
THIRD_PARTIES = {
    "remit.domain": frozenset[str](),
    "remit.wire": frozenset({"google", "msgspec", "opentelemetry"}),
}

FAULTS = {
    "layers: an upward import": ({"remit/store/planted.py": "import remit.control\n"}, "One way down"),
    "layers: an upward import inside a function": (
        {"remit/domain/planted.py": "def f() -> None:\n    import remit.engine\n"},
        "One way down",
    ),
    "layers: an upward import for types only": (
        {"remit/domain/planted.py": "import typing\nif typing.TYPE_CHECKING:\n    import remit.store\n"},
        "One way down",
    ),
    "layers: a package that nobody placed": ({"remit/planted/__init__.py": ""}, "One way down"),
    "layers: an import between siblings": (
        {"remit/policy/__init__.py": "import remit.engine\n"},
        "One way down",
    ),
    "acyclic: two modules that import each other": (
        {
            "remit/domain/planted_a.py": "import remit.domain.planted_b\n",
            "remit/domain/planted_b.py": "import remit.domain.planted_a\n",
        },
        "No cycle inside any package",
    ),
    "front doors: the terminal reaches past control": (
        {"remit/cli/planted.py": "import remit.store\n"},
        "Front doors import only control, wire and domain",
    ),
    "settings: read below the top": (
        {"remit/control/planted.py": "import remit.control.settings\n"},
        "Settings are read once, at the top",
    ),
    "drivers: SQL outside store": (
        {"remit/engine/planted.py": "import apsw\n"},
        "Only store speaks to a database",
    ),
    "terminal: colours outside cli": (
        {"remit/control/planted.py": "import rich\n"},
        "Only cli knows a terminal",
    ),
    "testing: imported by the product": (
        {"remit/cli/planted.py": "import remit.testing\n"},
        "Nobody imports testing",
    ),
    "domain: a third party": (
        {"remit/domain/planted.py": "import msgspec\n"},
        "domain imports no third party",
    ),
    "wire: a third party": (
        {"remit/wire/planted.py": "import apsw\n"},
        "wire imports no third party but msgspec",
    ),
}


def test_the_contracts_are_kept() -> None:
    code, report = lint(ROOT)
    assert code == 0, report


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_reported(fault: str, tmp_path: Path) -> None:
    planted, contract = FAULTS[fault]
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, text in planted.items():
        place = tmp_path / "src" / path
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    code, report = lint(tmp_path)
    assert code == 1
    assert f"{contract} BROKEN" in report


def test_every_front_door_stands_under_the_contract_of_front_doors() -> None:
    built = {door for door in FRONT_DOORS if (ROOT / "src" / door.replace(".", "/")).is_dir()}
    assert built == set(contract("front-doors")["source_modules"])


@pytest.mark.parametrize("package", THIRD_PARTIES)
def test_low_packages_know_no_other_third_party(package: str) -> None:
    graph = grimp.build_graph("remit", include_external_packages=True, cache_dir=None)
    imported = {
        target.split(".")[0]
        for module in {package, *graph.find_descendants(package)}
        for target in graph.find_modules_directly_imported_by(module)
    }
    assert imported - {"remit"} - sys.stdlib_module_names <= THIRD_PARTIES[package]


def lint(tree: Path) -> tuple[int, str]:
    """Run the linter as `make check` does, on the sources of `tree` rather than on what is installed."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        check=False,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def contract(identifier: str) -> dict[str, Any]:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return next(each for each in configured if each["id"] == identifier)
