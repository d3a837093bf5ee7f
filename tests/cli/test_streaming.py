"""`remit run --stream`: answers are seen while they come, marked as provisional, and what is void is taken back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from remit.cli import streaming
from remit.cli.streaming import Pieces
from tests.cli.conftest import Terminal

AGENT = """
from remit import Agent

clerk = Agent("clerk", prompt="You answer in one sentence.")
"""
SCRIPT = "agent: clerk\nlines:\n  - says: The refund is on its way.\n"


@dataclass(frozen=True)
class Piece:
    kind: str
    text: str = ""
    attempt: int = 1
    path: str = "clerk/model"
    run: str = "r-1"
    offset: int = 0


@pytest.fixture
def clerk(remit: Terminal) -> Terminal:
    for file, text in (("agents/clerk.py", AGENT), ("simulations/clerk.yaml", SCRIPT)):
        (remit.place / file).parent.mkdir()
        (remit.place / file).write_text(text)
    return remit


def test_in_a_pipe_pieces_are_marked_and_the_result_follows(clerk: Terminal) -> None:
    said = clerk("run", "clerk", "--ask", "Where is my refund?", "--stream", code=0).out
    assert "clerk/model provisional: The refund is on its way." in " ".join(said.split())
    assert said.index("provisional") < said.index("done") < said.index('result  "The refund is on its way."')


def test_as_json_every_line_is_an_object_and_the_last_one_the_end(clerk: Terminal) -> None:
    said = clerk("run", "clerk", "--ask", "Where?", "--stream", "--json", code=0).out
    lines = [json.loads(line) for line in said.splitlines()]
    frames = [line["frame"] for line in lines if "frame" in line]
    assert (
        "".join(frame["text"] for frame in frames if frame["kind"] == "text") == "The refund is on its way."
    )
    assert all(line["provisional"] for line in lines if "frame" in line)
    assert lines[-1]["view"]["result"] == "The refund is on its way."


def test_a_name_that_is_nearly_right_is_told(clerk: Terminal) -> None:
    refused = clerk("run", "clerc", "--ask", "Where?", code=2).err
    assert refused.splitlines()[1].strip() == 'Did you mean "clerk"?'


def test_a_reset_takes_back_what_was_shown_of_its_step_and_of_no_other() -> None:
    pieces = Pieces()
    for piece in (
        Piece("text", "We will"),
        Piece("text", "Dear", path="writer/model"),
        Piece("reset", attempt=2),
    ):
        pieces.add(piece)
    assert [line.plain for line in pieces.lines()] == ["┊ writer/model  provisional", "┊ Dear"]
    pieces.add(Piece("text", "We did", attempt=2))
    assert "┊ We did" in [line.plain for line in pieces.lines()]
    assert "We will" not in str(pieces.lines())


def test_what_a_model_says_cannot_command_the_terminal() -> None:
    assert streaming.shown("a\x1b[2Jb\x9bc\nd\x07") == "a�[2Jb�c\nd�"


def test_the_code_of_the_workspace_is_where_the_agent_is(clerk: Terminal) -> None:
    assert (Path(clerk.place) / "agents" / "clerk.py").exists()
    assert clerk("run", "clerk", "--ask", "Where?", "--json", code=0).json["spent"]["simulated"] is True
