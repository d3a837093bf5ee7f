"""`remit knowledge memory`: what is remembered is listed, shown and forgotten, and what was forgotten comes back."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal

FLOW = '''
from remit import Run, flow


@flow
async def note(run: Run, key: str, value: str, scope: str = "user") -> None:
    """Remember something."""
    await run.remember(key, value, scope=scope)
'''


@pytest.fixture
def noted(remit: Terminal) -> Terminal:
    """A workspace in which something is remembered."""
    (remit.place / "flows" / "notes.py").write_text(FLOW)
    remit("run", "note", "--input", '{"key": "address", "value": "12 Elm Street"}', code=0)
    remit("run", "note", "--input", '{"key": "motto", "value": "be kind", "scope": "team"}', code=0)
    return remit


def test_what_is_remembered_is_listed_and_shown(noted: Terminal) -> None:
    listed = noted("knowledge", "memory", "list", "--json", code=0).json
    assert [(each["scope"], each["key"], each["value"]) for each in listed] == [
        ("team:default", "motto", "be kind"), ("user:owner", "address", "12 Elm Street"),
    ]  # fmt: skip
    assert [each["key"] for each in noted("knowledge", "memory", "list", "elm", "--json").json] == ["address"]
    assert [
        each["key"] for each in noted("knowledge", "memory", "list", "--scope", "team", "--json").json
    ] == ["motto"]
    assert "12 Elm Street" in noted("knowledge", "memory", "list", "--scope", "user:owner", code=0).out
    shown = noted("knowledge", "memory", "show", "user", "address", code=0).out
    assert "integrity: untrusted" in shown
    assert f"sources: flow:note@{listed[1]['run']}" in shown
    assert (
        noted("knowledge", "memory", "show", "user", "nothing", "--json", code=2).error["code"]
        == "unknown_memory"
    )
    assert (
        noted("knowledge", "memory", "list", "--scope", "tam", "--json", code=2).error["code"]
        == "unknown_memory"
    )


def test_what_is_forgotten_is_a_run_that_undo_takes_back(noted: Terminal) -> None:
    forget = ("knowledge", "memory", "forget")
    assert "say --yes" in noted(*forget, "user", "address", "--json", code=2).err
    assert "name either" in noted(*forget, "user", code=2).err
    assert "nothing of that" in noted(*forget, "user", "other", "--yes", code=1).out
    view = noted(*forget, "user", "--matching", "ELM street", "--yes", "--json", code=0).json
    assert view["result"] == ["address"]
    assert len(noted("knowledge", "memory", "list", "--json").json) == 1
    tree = noted("show", view["run"]["id"], code=0).out
    assert 'forgets user:owner "ELM street"' in tree
    noted("undo", view["run"]["id"], "--yes", code=0)
    assert len(noted("knowledge", "memory", "list", "--json").json) == 2


def test_a_rule_decides_about_forgetting_by_command(noted: Terminal) -> None:
    refused = noted("knowledge", "memory", "forget", "user:bob", "address", "--yes", code=1)
    assert "may not" in refused.out
    assert "user:bob" in refused.out


def test_looking_works_while_the_code_is_broken(noted: Terminal) -> None:
    (noted.place / "flows" / "notes.py").write_text("import nothing_of_that_name\n")
    assert len(noted("knowledge", "memory", "list", "--json", code=0).json) == 2
