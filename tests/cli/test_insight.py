"""`remit search`, `remit runs --failures` and `remit show --why`: what was said in runs, how they fail, and why,
from the terminal; nothing in it steers the terminal.
"""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal

FLOW = '''
from remit import Run, flow


@flow
async def note(run: Run, text: str) -> str:
    """Says what it is told."""
    if "fails" in text:
        raise ValueError(text)
    return text
'''


@pytest.fixture
def noted(remit: Terminal) -> Terminal:
    """A workspace in which something was said."""
    (remit.place / "flows" / "notes.py").write_text(FLOW)
    remit(
        "run",
        "note",
        "--input",
        '{"text": "refund of order 4812 \\u202e\\u001b[2J was issued twice"}',
        code=0,
    )
    remit("run", "note", "--input", '{"text": "this fails for parcel 17"}', code=1)
    return remit


def test_what_was_said_is_found_and_steers_no_terminal(noted: Terminal) -> None:
    found = noted("search", "Refunded", "order", "4812", "--since", "1h", "--json", code=0).json
    assert [hit["flow"] for hit in found["hits"]] == ["note"]
    shown = noted("search", '"order" AND (', "--flow", "note", code=0).out
    assert "refund of order 4812" in shown
    assert "\\u202e\\u001b[2J" in shown
    assert "\u202e" not in shown
    assert "nothing that fits" in noted("search", "refund", "--status", "failed", code=0).out
    assert noted("search", "x", "--since", "soon", "--json", code=2).error["code"] == "invalid_setting"
    assert noted("search", "x", "--team", "others", "--json", code=1).error["code"] == "not_allowed"


def test_a_sentence_model_compares_and_a_broken_workspace_is_still_searched(noted: Terminal) -> None:
    settings = noted.place / "remit.toml"
    settings.write_text(f'{settings.read_text()}\n[search]\nroute = "fast"\n')
    shown = noted("search", "refund", code=0).out
    assert "refund of order 4812" in shown
    assert "(compared by sim-fast)" in shown
    (noted.place / "flows" / "notes.py").write_text("from remit import nothing_like_that\n")
    shown = noted("search", "refund", code=0).out
    assert "refund of order 4812" in shown
    assert "(the sentence model was not asked: " in shown


def test_failures_are_grouped_and_explained(noted: Terminal) -> None:
    found = noted("runs", "--failures", "--since", "1h", "--json", code=0).json
    group = found["groups"][0]
    assert (group["flow"], group["runs"], group["trend"]) == ("note", 1, "new")
    assert [each["text"] for each in group["texts"]] == ["this fails for parcel <n>"]
    shown = noted("runs", "--failures", code=0).out
    assert group["name"] in shown
    assert "this fails for parcel <n>" in shown
    why = noted("show", "--why", group["latest"][0], "--json", code=0).json
    assert (why["cause"], why["group"]) == ("code", group["name"])
    lines = noted("show", "--why", group["latest"][0], code=0).out.splitlines()
    assert len(lines) <= 10
    assert lines[-1].startswith("next")
