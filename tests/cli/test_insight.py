"""`remit search`: what was said in runs is found from the terminal, and nothing in it steers the terminal."""

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
