"""The workflows that `remit new --ci` writes: they are YAML, each command in them exists as it is written, and none is
written over.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any, cast

import click
import pytest
import yaml

from remit.cli import main as terminal
from remit.control.workspace.founding import FORGES, create
from remit.domain.errors import BadWorkspace
from remit.quality.fingerprint import sources

_WRITTEN = re.compile(r"(?:--junit|--markdown|--junitxml|>) +\"?([\w.][^\s\"]*)")
_COMMAND = re.compile(r"(?<![\w./-])remit ((?:check|eval)[^|;>&\n]*)")


def root_command() -> click.Group:
    return next(value for value in vars(terminal).values() if isinstance(value, click.Group))


def texts_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in cast("dict[str, Any]", value).values() for text in texts_of(each)]
    if isinstance(value, list):
        return [text for each in cast("list[Any]", value) for text in texts_of(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("forge", FORGES)
def test_every_command_of_a_workflow_exists_as_it_is_written(forge: str, tmp_path: Path) -> None:
    written = create(tmp_path / "new", "mine", forge)
    assert [each.name for each in written].count(Path(FORGES[forge][0]).name) == 1
    said = yaml.safe_load((tmp_path / "new" / FORGES[forge][0]).read_text("utf-8"))
    commands = [found for text in texts_of(said) for found in _COMMAND.findall(text)]
    assert {"check", "check --design --markdown"} <= {each.strip() for each in commands}
    assert sum("--gate" in each for each in commands) == 1
    for each in commands:
        words = shlex.split(each)
        name, command, rest = root_command().resolve_command(click.Context(root_command()), words)
        while isinstance(command, click.Group):
            name, command, rest = command.resolve_command(click.Context(command), rest)
        assert command is not None
        command.make_context(name or "", list(rest))  # raises for an option that is none


def test_a_workspace_that_is_there_gets_the_workflow_alone_and_keeps_its_own(tmp_path: Path) -> None:
    create(tmp_path / "new", "mine")
    assert create(tmp_path / "new", "", "gitlab") == [tmp_path / "new" / ".gitlab-ci.yml"]
    (tmp_path / "new" / ".gitlab-ci.yml").write_text("mine: {}\n")
    with pytest.raises(BadWorkspace, match="is there already"):
        create(tmp_path / "new", "", "gitlab")
    assert (tmp_path / "new" / ".gitlab-ci.yml").read_text() == "mine: {}\n"


@pytest.mark.parametrize("forge", FORGES)
def test_what_a_workflow_and_the_examples_write_is_no_other_code(forge: str, tmp_path: Path) -> None:
    """Else each report would make the goes before it, and a waiver, those of something else."""
    root = tmp_path / "new"
    create(root, "mine", forge)
    leave_out = tomllib.loads((root / "remit.toml").read_text("utf-8"))["releases"]["leave_out"]
    before = sources(root, leave_out)
    said = yaml.safe_load((root / FORGES[forge][0]).read_text("utf-8"))
    places = {found for text in texts_of(said) for found in _WRITTEN.findall(text)}
    assert len(places) >= 4
    for each in (*places, "letters/key", "shelf.json"):
        (root / each).parent.mkdir(parents=True, exist_ok=True)
        (root / each).write_text("written")
    assert sources(root, leave_out) == before
