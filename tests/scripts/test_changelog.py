"""Fragments become the notes of a release, completely or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

PAGE = "# Changelog\n\nNewest first.\n\n<!-- releases -->\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "CHANGELOG.md").write_text(PAGE)
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d" / "README.md").write_text("how to")
    return tmp_path


def test_a_release_is_written_above_the_earlier_ones_and_takes_its_fragments(project: Path) -> None:
    fragment(project, "second-thing.fixed", "It no longer\nforgets.\n")
    fragment(project, "first-thing.added", "It flies.")
    assert changelog(project, "0.1.0", "--date", "2026-01-02").returncode == 0
    fragment(project, "third-thing.changed", "It lands softly.")
    assert changelog(project, "0.2.0", "--date", "2026-02-03").returncode == 0
    assert (project / "CHANGELOG.md").read_text() == PAGE + (
        "\n## 0.2.0 (2026-02-03)\n\n### Changed\n\n- It lands softly.\n"
        "\n## 0.1.0 (2026-01-02)\n\n### Added\n\n- It flies.\n\n### Fixed\n\n- It no longer forgets.\n"
    )
    assert [path.name for path in (project / "changelog.d").iterdir()] == ["README.md"]


def test_without_a_version_it_only_shows(project: Path) -> None:
    fragment(project, "first-thing.added", "It flies.")
    shown = changelog(project)
    assert shown.stdout == "## Unreleased\n\n### Added\n\n- It flies.\n"
    assert (project / "CHANGELOG.md").read_text() == PAGE
    assert (project / "changelog.d" / "first-thing.added.md").exists()


@pytest.mark.parametrize(
    ("name", "text", "version", "sentence"),
    [
        ("thing.improved", "It flies.", "0.1.0", "is not a fragment"),
        ("thing.added", " \n", "0.1.0", "is empty"),
        ("thing.added", "It flies.", "one", "is not a version"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_written(
    project: Path, name: str, text: str, version: str, sentence: str
) -> None:
    fragment(project, name, text)
    refused = changelog(project, version)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert sentence in refused.stderr
    assert (project / "CHANGELOG.md").read_text() == PAGE
    assert (project / "changelog.d" / f"{name}.md").exists()


def test_the_fragments_of_this_project_are_well_formed() -> None:
    assert changelog(ROOT).returncode == 0


def fragment(project: Path, name: str, text: str) -> None:
    (project / "changelog.d" / f"{name}.md").write_text(text)


def changelog(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "scripts" / "changelog.py", *arguments, "--root", project]
    return subprocess.run(command, check=False, capture_output=True, text=True)
