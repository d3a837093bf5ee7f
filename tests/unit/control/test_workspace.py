"""A workspace is found from inside, made whole, and its code is loaded or told where it is wrong."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from remit.control.workspace.code import load_code
from remit.control.workspace.founding import create
from remit.control.workspace.place import at, find
from remit.domain.errors import BadWorkspace, InvalidName

FLOW = "from remit import Run, flow\n\n\n@flow\nasync def {name}(run: Run) -> int:\n    return {result}\n"


@pytest.fixture(autouse=True)
def _path() -> Iterator[None]:
    """Loading puts the workspace on the path and into the modules: a test leaves both as they were."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.split(".")[0] in {"flows", "lib", "more"}:
            del sys.modules[name]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write(tmp_path, "remit.toml", "")
    return tmp_path


def write(place: Path, name: str, text: str) -> Path:
    file = place / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def load(place: Path, *code: str) -> list[str]:
    return [flow.name for flow in load_code(place, code or ("flows",)).flows]


def test_it_is_found_from_any_folder_inside(place: Path) -> None:
    inside = place / "flows" / "deep"
    inside.mkdir(parents=True)
    assert find(inside) == place.resolve()


def test_a_named_folder_is_never_searched_upwards(place: Path) -> None:
    with pytest.raises(BadWorkspace, match=r"it has no remit\.toml"):
        at(place / "flows")


def test_a_new_one_has_a_flow_that_loads(tmp_path: Path) -> None:
    made = create(tmp_path / "desk")
    assert {str(path.relative_to(tmp_path / "desk")) for path in made} >= {
        "remit.toml",
        "flows/hello.py",
        ".gitignore",
    }
    assert 'name = "desk"' in (tmp_path / "desk" / "remit.toml").read_text()
    assert load(tmp_path / "desk") == ["hello"]


def test_a_new_one_never_writes_into_a_folder_in_use(tmp_path: Path) -> None:
    write(tmp_path, "precious.txt", "mine")
    with pytest.raises(BadWorkspace, match="is not empty"):
        create(tmp_path, "desk")


@pytest.mark.parametrize("name", ["my desk", "ümlaut", "-"])
def test_its_name_is_a_code_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidName):
        create(tmp_path / "new", name)


def test_a_file_where_a_folder_is_needed_is_one_sentence(tmp_path: Path) -> None:
    write(tmp_path, "file", "")
    with pytest.raises(BadWorkspace, match="cannot be written: not a directory"):
        create(tmp_path / "file" / "desk")


def test_modules_import_each_other_by_their_workspace_names(place: Path) -> None:
    write(place, "lib/numbers.py", "SEVEN = 7\n")
    write(place, "flows/one.py", "from lib.numbers import SEVEN\n" + FLOW.format(name="one", result="SEVEN"))
    write(place, "flows/deep/two.py", "from flows.one import one\n" + FLOW.format(name="two", result=2))
    write(place, "flows/_draft.py", "raise RuntimeError\n")
    write(place, "flows/test_one.py", "raise RuntimeError\n")
    assert load(place) == ["one", "two"]


@pytest.mark.parametrize("entry", ["more", "more.py", "more/inner", "more.inner"])
def test_code_may_be_a_folder_or_a_module(entry: str, place: Path) -> None:
    write(place, "more.py" if entry == "more.py" else "more/inner/one.py", FLOW.format(name="one", result=1))
    assert load(place, entry) == ["one"]


@pytest.mark.parametrize("entry", ["flws", "/", "..", "../elsewhere"])
def test_code_that_is_not_there_is_one_sentence(entry: str, place: Path) -> None:
    with pytest.raises(BadWorkspace, match="no such folder or module"):
        load(place, entry)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "import math\n\nx = math.nought\n",
            "flows/bad.py:3 cannot be imported: AttributeError: module 'math'",
        ),
        ("def f(:\n    pass\n", "flows/bad.py:1 cannot be imported: invalid syntax (SyntaxError)."),
        (
            "import nowhere_at_all\n",
            "flows/bad.py:1 cannot be imported: ModuleNotFoundError: No module named",
        ),
        ("raise SystemExit(3)\n", "flows/bad.py:1 cannot be imported: SystemExit: 3."),
        (
            "from remit import step\n\nstep(effect='rd')(print)\n",
            "flows/bad.py:3 cannot be imported: InvalidSetting",
        ),
    ],
)
def test_code_that_does_not_import_is_named_by_file_and_line(text: str, sentence: str, place: Path) -> None:
    write(place, "flows/bad.py", text)
    with pytest.raises(BadWorkspace) as refused:
        load(place)
    assert refused.value.message.startswith(sentence)


def test_two_flows_of_one_name_are_both_named(place: Path) -> None:
    write(place, "flows/a.py", FLOW.format(name="one", result=1))
    write(place, "flows/b.py", FLOW.format(name="one", result=2))
    with pytest.raises(BadWorkspace, match=r'two flows are called "one": flows/a\.py:4 and flows/b\.py:4'):
        load(place)


def test_edited_code_is_loaded_anew_and_untouched_code_is_not(place: Path) -> None:
    file = write(place, "flows/one.py", FLOW.format(name="one", result=1))
    first = load_code(place, ["flows"]).flows
    assert load_code(place, ["flows"]).flows == first
    file.write_text(FLOW.format(name="another", result=22))
    assert load(place) == ["another"]


def test_a_second_workspace_does_not_get_the_code_of_the_first(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    write(place, "flows/one.py", FLOW.format(name="one", result=1))
    write(other, "flows/one.py", FLOW.format(name="other", result=1))
    assert (load(place), load(other), load(place)) == (["one"], ["other"], ["one"])


def test_an_edit_of_the_same_size_within_a_second_is_what_is_executed(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written down as tried is what was tried: Python's compiled files are known by second and size alone."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for result in (1, 2):
        file = write(place, "flows/a.py", FLOW.format(name="a", result=result))
        os.utime(file, (1, 1))
        (flow,) = load_code(place, ["flows"]).flows
        assert asyncio.run(flow.fn(None)) == result
    assert sys.dont_write_bytecode is False
