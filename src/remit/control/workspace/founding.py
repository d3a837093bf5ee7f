"""A new workspace: the files it starts with, from templates. It knows nothing of databases, runs or settings."""

from __future__ import annotations

from pathlib import Path

from remit.domain.errors import BadWorkspace, InvalidName
from remit.domain.ids import is_code_name

_FOLDER = Path(__file__).parent / "templates"
_TEMPLATES = {
    "remit.toml": "remit.toml",
    ".gitignore": "gitignore",
    "README.md": "README.md",
    "conftest.py": "conftest.py",
    "flows/hello.py": "hello.py",
    "agents/librarian.py": "librarian.py",
    "prompts/librarian.md": "librarian.md",
    "simulations/librarian.yaml": "librarian.yaml",
    "suites/librarian.yaml": "suite.yaml",
    "design.toml": "design.toml",
    "tests/test_hello.py": "test_hello.py.txt",
    "tests/test_librarian.py": "test_librarian.py.txt",
    "policies/default.cedar": "default.cedar",
    "policies/examples.yaml": "examples.yaml",
}
"""The files of a new workspace, and the template of each."""


FORGES = {
    "github": (".github/workflows/remit.yml", "ci-github.yml"),
    "gitlab": (".gitlab-ci.yml", "ci-gitlab.yml"),
}
"""Where a workflow stands that checks a workspace before a change is merged, and the template of each."""


def create(path: Path, name: str = "", forge: str = "") -> list[Path]:
    """Make a workspace at `path` with a small flow, a small agent and their tests; the files it wrote.

    With a `forge`, the workflow that checks it there as well; a workspace that is there already gets that alone.
    """
    if forge and (path / "remit.toml").is_file():
        return [write_workflow(path, forge)]
    name = name or path.resolve().name
    if not is_code_name(name):
        raise InvalidName(
            f'a workspace cannot be called "{name}".', "Use letters, digits, dots, dashes and _."
        )
    try:
        if path.exists() and any(path.iterdir()):
            raise BadWorkspace(f"{path} is not empty.", "Choose a new folder: remit new NAME.")
        written = [_write(path / target, template, name) for target, template in _TEMPLATES.items()]
        return [*written, write_workflow(path, forge)] if forge else written
    except OSError as wrong:
        raise _unwritable(path, wrong) from None


def write_workflow(root: Path, forge: str) -> Path:
    """The workflow for one forge; what somebody has written there already stays."""
    place, template = FORGES[forge]
    if (root / place).exists():
        raise BadWorkspace(f"{root / place} is there already.", "Remove it first, or put the steps into it.")
    try:
        return _write(root / place, template, root.resolve().name)
    except OSError as wrong:
        raise _unwritable(root / place, wrong) from None


def write_default_policy(root: Path) -> Path | None:
    """The rules that a new workspace starts with, and where they are now; one that has rules keeps them."""
    if (root / "policies").exists():
        return None
    try:
        return _write(root / "policies" / "default.cedar", "default.cedar", root.name)
    except OSError as wrong:
        raise _unwritable(root / "policies", wrong) from None


def write_people_policy(root: Path) -> Path | None:
    """What people may decide and administer, once there are any; None if somebody has written that already."""
    file = root / "policies" / "people.cedar"
    if file.exists():
        return None
    try:
        return _write(file, "people.cedar", root.name)
    except OSError as wrong:
        raise _unwritable(file, wrong) from None


def _unwritable(place: Path, wrong: OSError) -> BadWorkspace:
    reason = (wrong.strerror or str(wrong)).lower()
    return BadWorkspace(f"{place} cannot be written: {reason}.", "Choose another place.")


def _write(target: Path, template: str, name: str) -> Path:
    text = (_FOLDER / template).read_text("utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace("{{name}}", name), "utf-8")
    return target
