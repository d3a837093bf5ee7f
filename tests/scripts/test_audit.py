"""The audit tells clean from not checked, and stops on a finding."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.architecture.tree import ROOT

CLEAN: dict[str, Any] = {"name": "one", "version": "1.0", "vulns": []}
SKIPPED = {"name": "two", "skip_reason": "unknown to this source"}
FOUND = {"name": "two", "version": "2.0", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"]}]}

# Stands in for pip-audit: answers as told for each source, and like it writes no report when it reached
# nobody.
STAND_IN = """#!{python}
import json, sys
answers = json.loads({answers!r})
if "--dry-run" in sys.argv:
    sys.exit({broken})
packages = answers.get(sys.argv[sys.argv.index("-s") + 1])
if packages is None:
    sys.exit(1)
with open(sys.argv[sys.argv.index("-o") + 1], "w") as report:
    json.dump({{"dependencies": packages, "fixes": []}}, report)
sys.exit(any(package.get("vulns") for package in packages))
"""


def test_a_finding_of_any_source_fails(tmp_path: Path) -> None:
    done = audit(tmp_path, {"pypi": [CLEAN, SKIPPED], "osv": [FOUND]})
    assert done.returncode == 1
    assert "CVE-1: two 2.0, mended in 2.1" in done.stdout


def test_all_checked_and_clean(tmp_path: Path) -> None:
    done = audit(tmp_path, {"pypi": [CLEAN]})
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 packages checked, no known advisory." in done.stdout
    assert "Not checked" not in done.stdout


def test_a_package_that_no_source_knows_is_named(tmp_path: Path) -> None:
    assert (
        "Not checked, because no source that was reached knows them: two."
        in audit(tmp_path, {"pypi": [CLEAN, SKIPPED]}).stdout
    )


def test_an_unreachable_source_is_no_good_news(tmp_path: Path) -> None:
    for answers in ({}, {"pypi": [SKIPPED]}):
        done = audit(tmp_path, answers)
        assert done.returncode == 0
        assert "no advisory source was reachable, so nothing was checked" in done.stdout


def test_a_broken_lock_is_not_taken_for_an_unreachable_source(tmp_path: Path) -> None:
    assert audit(tmp_path, {}, broken=1).returncode == 2


def audit(tmp_path: Path, answers: dict[str, Any], *, broken: int = 0) -> subprocess.CompletedProcess[str]:
    stand_in = tmp_path / "pip-audit"
    stand_in.write_text(STAND_IN.format(python=sys.executable, answers=json.dumps(answers), broken=broken))
    stand_in.chmod(0o755)
    command = [sys.executable, ROOT / "scripts" / "audit.py", tmp_path / "some.lock", "--pip-audit", stand_in]
    return subprocess.run(command, check=False, capture_output=True, text=True)
