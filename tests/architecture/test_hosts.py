"""The repository names no package registry and no folder of one particular machine: it installs from wherever
its user installs from, and runs wherever it was unpacked.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.tree import files, name

# In parts, so that this page does not name what it forbids.
REGISTRIES = ["py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(com|org)", "yarn" + r"pkg\.com"]
FOLDERS = ["work", "farm", "root", "tmp/" + "brief", "opt/" + "pypi", "opt/" + "wheels"]
FORBIDDEN = re.compile(
    "|".join([*REGISTRIES, rf"(?<![\w.~-])/(?:{'|'.join(FOLDERS)})/[\w.-]+"]), re.IGNORECASE
)


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = [place for path in files() for place in places(path)]
    assert found == []


@pytest.mark.parametrize(
    "text", ["https://" + "py" + "pi.org/simple", "see /" + "work/main", "'/" + "root/.venv'"]
)
def test_such_a_name_would_be_found(text: str, tmp_path: Path) -> None:
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize("folder", ["work", "root"])
@pytest.mark.parametrize("text", ["of a network/{}/flow", "docs/{}/index.md", "~/{}/desk"])
def test_an_ordinary_sentence_is_not(text: str, folder: str) -> None:
    assert not FORBIDDEN.search(text.format(folder))


def places(path: Path) -> list[str]:
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        return []
    return [
        f"{name(path)}:{number}: {line.strip()}"
        for number, line in enumerate(lines, 1)
        if FORBIDDEN.search(line)
    ]
