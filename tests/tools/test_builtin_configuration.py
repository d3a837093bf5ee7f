"""`[builtin.*]` of tools.toml: every key is known, or is refused with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import InvalidTool, NotInARun
from remit.domain.errors import InvalidSetting
from remit.tools.builtin.configuration import builtin_tools
from remit.tools.builtin.human import asks_a_person
from tests.tools.calling import perform


def test_every_section_gives_its_tools(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    table = {"files": {"root": "files"}, "http": {"allow": ["api.example.com"]}, "human": {"group": "leads"}}
    names = [tool.name for tool in builtin_tools(table, tmp_path)]
    assert names == ["files_list", "files_read", "files_write", "files_delete", "http_fetch", "ask_human"]
    assert builtin_tools({}, tmp_path) == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"file": {}}, '[builtin.file] is no built-in tool (nearest: "files")'),
    ({"files": "here"}, "write [builtin.files], and its keys below"),
    ({"files": {}}, "needs root"),
    ({"files": {"root": "nowhere"}}, "is no folder"),
    (
        {"files": {"root": ".", "readonly": True}},
        'has "readonly", which means nothing (nearest: "read_only")',
    ),
    ({"files": {"root": 5}}, "it takes text in quotes"),
    ({"files": {"root": ".", "largest": -1}}, "it takes a whole number of bytes"),
    ({"files": {"root": ".", "largest": True}}, "it takes a whole number of bytes"),
    ({"http": {}}, "allows no host"),
    ({"http": {"allow": "api.example.com"}}, "it takes a list of texts"),
    ({"http": {"allow": [5]}}, "it takes a list of texts"),
    ({"http": {"allow": ["a.b"], "credentials": {"a.b": 5}}}, "it takes a table"),
    ({"human": {"grop": "x"}}, 'nearest: "group"'),
]


@pytest.mark.parametrize(("table", "says"), WRONG)
def test_what_cannot_be_is_refused(table: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting) as refused:
        builtin_tools(table, tmp_path)
    assert says in str(refused.value)


def test_a_host_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTool, match="names no host"):
        builtin_tools({"http": {"allow": ["*"]}}, tmp_path)


async def test_a_person_is_asked_by_the_run_and_by_nothing_else(tmp_path: Path) -> None:
    (ask,) = builtin_tools({"human": {"group": "leads", "within": "4h"}}, tmp_path)
    options = asks_a_person(ask)
    assert options is not None
    assert (options.group, options.within, options.otherwise) == ("leads", "4h", "reject")
    with pytest.raises(NotInARun):
        await perform(ask, question="May I?")
    (tmp_path / "files").mkdir()
    assert asks_a_person(builtin_tools({"files": {"root": "files"}}, tmp_path)[0]) is None
