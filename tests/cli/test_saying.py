"""What models, tools and people wrote steers no terminal: control characters, colours, and letters that turn a text
around or hide in it stand there as their escapes, in lines, tables, errors, JSON and pieces of answers.
"""

from __future__ import annotations

import json
import logging
from io import StringIO
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from remit.cli import errors, logs, output, saying, streaming
from remit.cli.output import Line, Span, table
from remit.cli.terminal import Terminal
from remit.domain.errors import InvalidInput

EVIL = "\x1b[2J\x1b]0;owned\x07\u202eetavorp\u202c\u200b\x9b31m\rapproved\u2028\U000e0041"
TEXTS = st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Cn", "Co", "L", "Zs"]), max_size=40)


def printed(act: Any) -> str:
    """What a terminal gets, colours of ours included."""

    @click.command()
    def command() -> None:
        act()

    return CliRunner().invoke(command, color=True).output


def harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


@given(TEXTS)
def test_whatever_is_said_steers_nothing_and_stays_on_its_line(text: str) -> None:
    terminal = Terminal()
    lines: list[Any] = [text, Line.of("a ", text).plain, *table(("x", text), [(text, "1")])]
    shown = printed(lambda: terminal.answer(None, lambda: lines))
    assert harmless(shown)
    assert len(shown.split("\n")) == len(lines) + 1
    terminal.as_json = True
    shown = printed(lambda: terminal.answer({"text": text}, list))
    assert harmless(shown)
    assert json.loads(shown) == {"text": text}, "a program reads what was there"


def test_colours_are_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "colourful", lambda: True)
    painted = Line.of(Span(EVIL, "bad")).painted
    assert painted.startswith("\x1b[31m")
    assert painted.count("\x1b") == 2
    (_, row) = table(("what",), [(Span(EVIL, "good"),)])
    assert row.count("\x1b") == 2
    assert printed(lambda: saying.say(painted)).count("\x1b") == 2
    assert "\x1b" not in printed(lambda: saying.say(str(painted) + ""))


def test_errors_logs_questions_and_pieces_of_answers_steer_nothing_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for as_json in (False, True):
        errors.report(InvalidInput(f"it said {EVIL}", EVIL), as_json=as_json, debug=False)
        assert harmless(capsys.readouterr().err)
    asked = printed(lambda: saying.agreed(f"undo {EVIL}?"))
    assert harmless(asked)
    screen = streaming._Transcript()  # pyright: ignore[reportPrivateUsage]
    frame: Any = SimpleNamespace(path=EVIL, attempt=1, kind="text", text=f"one\n{EVIL}")
    assert harmless(printed(lambda: screen.hear(frame)))
    written = StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logs.show_logs(debug=False)
    logging.getLogger("remit.test").warning("it said %s", EVIL)
    assert "owned" in written.getvalue()
    assert harmless(written.getvalue())


def test_a_name_of_five_thousand_letters_is_cut_in_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("q" * 5_000, "to be " * 1_000):
        for as_json in (False, True):
            errors.report(
                InvalidInput(f'there is no run "{name}".', f"See {name}"), as_json=as_json, debug=False
            )
            said = capsys.readouterr().err
            assert "letters) …" in said
            assert len(said) < 8_000
            assert "there is no run" in said
    errors.report(InvalidInput("short.", "a hint"), as_json=False, debug=False)
    assert capsys.readouterr().err == "error: short.\n       a hint\n"
