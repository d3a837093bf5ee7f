"""Every event, error, setting and command has its place in the reference: what exists and is not written down
there fails here, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from remit.cli import main as terminal
from remit.control.settings import all_settings
from remit.domain.errors import all_errors
from remit.domain.kinds import every_kind
from tests.architecture.tree import ROOT

REFERENCE = ROOT / "docs" / "reference"


def test_every_event_is_documented() -> None:
    assert missing("events.md", list(every_kind())) == []


def test_every_error_is_documented() -> None:
    assert missing("errors.md", [error.code for error in all_errors()]) == []


def test_every_setting_is_documented() -> None:
    assert missing("settings.md", [setting.name for setting in all_settings()]) == []


def test_every_command_is_documented() -> None:
    commands = list(command_names(root_command(), "remit"))
    assert "remit run" in commands
    assert missing("cli.md", commands) == []


def test_every_exit_code_is_documented_and_stands_in_the_help() -> None:
    documented = re.findall(r"^\| (\d) \| \w", (REFERENCE / "cli.md").read_text(), re.MULTILINE)
    assert {str(error.exit_code) for error in all_errors()} < set(documented)
    assert re.findall(r"(\d) \w", root_command().epilog or "") == documented


def missing(page: str, names: list[str]) -> list[str]:
    """The names that do not stand on the page as whole words; a longer name does not document a shorter."""
    assert names, f"nothing to look for in {page}: this test looks in the wrong place"
    text = (REFERENCE / page).read_text()
    return [name for name in names if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text)]


def root_command() -> click.Group:
    groups = [value for value in vars(terminal).values() if isinstance(value, click.Group)]
    assert len(groups) == 1, "remit.cli.main holds exactly one group: the table of commands"
    return groups[0]


def command_names(group: click.Group, prefix: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield f"{prefix} {name}"
        if isinstance(command, click.Group):
            yield from command_names(command, f"{prefix} {name}")
