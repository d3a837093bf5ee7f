"""What a page shows is what happens. Every marked block of README and docs is executed, in the order of its page,
in a folder that belongs to that page alone and starts empty: nothing is there that the page did not make.

`python run` is a whole program; an `output` block right below it is what it prints. `python file=PATH` is saved
under that name, and executed by pytest if it is a test. `console run` is typed into one shell for the page, as
`tests.docs.console` says.
"""

from __future__ import annotations

import ast
import os
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, name
from tests.docs.console import Shell, commands_in
from tests.docs.pages import Block, blocks, pages
from tests.warm import Warm

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("REMIT_", "PYTEST_"))
} | {
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "PYTHONPATH": str(ROOT / "src"),
    "PYTHONWARNINGS": "error",
    "NO_COLOR": "1",
}
PATIENCE = 60
PYTHON = [block for page in pages() for block in blocks(page) if block.language == "python"]


def is_executed(block: Block) -> bool:
    return (block.language, block.note) in {("python", "run"), ("console", "run")} or bool(saved_as(block))


def saved_as(block: Block) -> str:
    return block.note.removeprefix("file=") if block.note.startswith("file=") else ""


@pytest.mark.parametrize("page", [p for p in pages() if any(map(is_executed, blocks(p)))], ids=name)
def test_what_a_page_shows_happens(page: Path, tmp_path: Path, warm: Warm) -> None:
    with Shell(tmp_path, {}, warm) as shell:
        for block, after in pairwise([*blocks(page), None]):
            assert block is not None
            if saved_as(block):
                save(block, tmp_path, warm)
            elif (block.language, block.note) == ("python", "run"):
                printed = execute(block, tmp_path, warm)
                if after is not None and after.language == "output":
                    assert printed == after.text, f"{after.place}: it printed\n{printed}"
            elif (block.language, block.note) == ("console", "run"):
                for command in commands_in(block.text):
                    shell.run(command)


def test_most_python_is_executed() -> None:
    assert sum(map(is_executed, PYTHON)) > 0.7 * len(PYTHON)


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.place)
def test_all_python_is_python(block: Block) -> None:
    compile(block.text, block.place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def save(block: Block, folder: Path, warm: Warm) -> None:
    file = folder / saved_as(block)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.text, "utf-8")
    if file.name.startswith("test_"):
        run(block, ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)], folder, warm)


def execute(block: Block, folder: Path, warm: Warm) -> str:
    """Run the block as a file, with its lines where they stand on the page, so that a traceback names them."""
    file = folder / f"{block.page.stem.replace('-', '_')}_{block.line}.py"
    file.write_text("\n" * block.line + block.text, "utf-8")
    return run(block, [str(file)], folder, warm)


def run(block: Block, words: list[str], folder: Path, warm: Warm) -> str:
    done = warm.run(["python", *words], folder, ENVIRONMENT, PATIENCE)
    assert done.returncode == 0, f"{block.place}: {words[-1]}\n{done.stdout}{done.stderr}"
    return done.stdout
