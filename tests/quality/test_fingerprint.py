"""A fingerprint names everything that shapes behaviour, and nothing that says what is allowed here and now."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit import Agent, tool
from remit.quality.fingerprint import Change, Fingerprint, differences, fingerprint

BEHAVIOUR = {
    "code": "flows/desk.py", "prompts": "prompts/desk.md", "policies": "policies/all.cedar", "routes": "models.toml",
    "guards": "guards.toml", "suites": "suites/desk.yaml", "settings": "tools.toml", "files": "data/prices.csv",
    "lock": "uv.lock",
}  # fmt: skip
NO_BEHAVIOUR = (
    "remit.toml", "secrets.toml", "budgets.toml", ".env", ".remit/remit.db", "flows/__pycache__/desk.pyc",
    "tests/test_desk.py", "flows/test_desk.py", ".venv/pyvenv.cfg", "env/pyvenv.cfg", "env/lib/code.py", "run.log",
)  # fmt: skip


@tool(effect="read")
async def look(what: str) -> str:
    """Look at something."""
    return what


def of(root: Path, prompt: str = "prompts/desk.md", route: str = "fast") -> Fingerprint:
    desk = Agent("desk", prompt=prompt, route=route, tools=[look])
    return fingerprint(root, [desk], [look.manifest], {"code": ["flows"]}, ["scratch"])


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in (*BEHAVIOUR.values(), *NO_BEHAVIOUR, "scratch/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    (tmp_path / "link.md").symlink_to("/etc/hostname")
    return tmp_path


def test_every_part_counts_under_its_kind_and_nothing_else_does(workspace: Path) -> None:
    before = of(workspace)
    assert {
        kind: next(iter(before.parts[kind])) for kind in BEHAVIOUR if kind not in {"lock", "settings"}
    } == {kind: name for kind, name in BEHAVIOUR.items() if kind not in {"lock", "settings"}}
    for kind, name in BEHAVIOUR.items():
        (workspace / name).write_text("something else\n")
        after = of(workspace)
        expected = {Change(kind, name, "changed")}
        if kind == "prompts":
            expected.add(Change("agents", "desk", "changed"))
        assert set(differences(before, after)) == expected
        assert after.digest != before.digest
        before = after
    for name in (*NO_BEHAVIOUR, "scratch/notes.txt"):
        (workspace / name).write_text("something else\n")
    assert of(workspace) == before


def test_an_agent_is_told_apart_by_what_it_is(workspace: Path) -> None:
    before = of(workspace)
    assert differences(before, of(workspace, route="strong")) == (Change("agents", "desk", "changed"),)
    (workspace / "prompts" / "other.md").write_text("other\n")
    assert set(differences(before, of(workspace, "prompts/other.md"))) == {
        Change("prompts", "prompts/other.md", "added"), Change("agents", "desk", "changed"),
    }  # fmt: skip


def test_without_a_lock_file_what_is_installed_counts(workspace: Path) -> None:
    assert "installed" not in of(workspace).parts["lock"]
    (workspace / "uv.lock").unlink()
    assert set(of(workspace).parts["lock"]) == {"installed", "python"}
