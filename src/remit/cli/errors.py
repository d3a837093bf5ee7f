"""Errors at the terminal: one sentence of what and why, one of what to do, and the exit code that scripts
read. A traceback appears only where it was asked for. Nowhere else does an exception become an answer.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from remit.cli.saying import say_document
from remit.domain.visible import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DONE = 0
REFUSED = 1
BAD_USAGE = 2
INCONCLUSIVE = 3
PARKED = 4
INFRASTRUCTURE = 5
INTERRUPTED = 130
_INDENT = " " * len("error: ")


class Explanation(NamedTuple):
    """An error as a person or a program reads it."""

    code: str
    message: str
    hint: str
    exit_code: int


def guarded(command: Callable[[], object], words: Sequence[str]) -> int:
    """Run a command and give its exit code, whatever happens."""
    try:
        outcome = command()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return DONE
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else REFUSED
    except Exception as wrong:  # noqa: BLE001 - the last line of defence: everything becomes a sentence
        return report(wrong, as_json="--json" in words, debug="--debug" in words)
    return outcome if isinstance(outcome, int) else DONE


def report(wrong: Exception, *, as_json: bool, debug: bool) -> int:
    """Say on standard error what went wrong; the exit code."""
    if debug:
        traceback.print_exception(wrong)
    said = explain(wrong)
    said = said._replace(message=shortened(said.message), hint=shortened(said.hint))
    if as_json:
        say_document(json.dumps({"error": said._asdict()}, ensure_ascii=False), err=True)
    else:
        say_document("\n".join(lines_of(said)), err=True)
    return said.exit_code


def lines_of(said: Explanation) -> list[str]:
    """`error: …` with the hint below, aligned."""
    message = said.message.replace("\n", f"\n{_INDENT}")
    hint = [f"{_INDENT}{line}" for line in said.hint.splitlines()]
    return [f"error: {message}", *hint]


def explain(wrong: BaseException) -> Explanation:
    """The sentence for any exception."""
    from remit.domain.errors import RemitError

    if isinstance(wrong, RemitError):
        return Explanation(wrong.code, wrong.message, wrong.hint, wrong.exit_code)
    if isinstance(wrong, click.UsageError):
        path = wrong.ctx.command_path if wrong.ctx else "remit"
        return Explanation("usage", _sentence(wrong.format_message()), f"See: {path} --help", BAD_USAGE)
    if isinstance(wrong, click.ClickException):
        return Explanation("usage", _sentence(wrong.format_message()), "", BAD_USAGE)
    return Explanation(
        "unexpected",
        f"something failed that should not: {type(wrong).__name__}: {wrong} ({_origin(wrong)}).",
        "What was acknowledged is safe. Look at remit doctor; the same command with --debug shows where.",
        INFRASTRUCTURE,
    )


def _sentence(text: str) -> str:
    text = text.strip()
    text = text if text.endswith((".", "?", "!")) else f"{text}."
    return text[:1].lower() + text[1:]


def _origin(wrong: BaseException) -> str:
    frames = traceback.extract_tb(wrong.__traceback__)
    if not frames:
        return "no place known"
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"


def _let_go_of_stdout() -> None:
    """The reader left (`remit runs | head`): nothing more can be said, and the interpreter must not try."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
