"""The one door to the terminal: every line passes it, and none of them steers the terminal, hides, or looks like a line
of ours. Texts of models, tools and people stand in almost everything that is printed; so this is not left to whoever
prints.
"""

from __future__ import annotations

import sys

import click

from remit.domain.visible import seen


class Painted(str):
    """A line that was made of texts already looked at; what colours it is ours."""

    __slots__ = ()


def say(line: str, *, err: bool = False, nl: bool = True) -> None:
    """Print one line."""
    click.echo(line if isinstance(line, Painted) else seen(line), err=err, nl=nl)


def say_document(text: str, *, err: bool = False) -> None:
    """Print several lines, such as JSON: there what is not to be seen stands as an escape that says the same."""
    click.echo("\n".join(seen(line) for line in text.split("\n")), err=err)


def agreed(question: str, *, default: bool = False, err: bool = False) -> bool:
    """Ask the person at the terminal for a yes."""
    return click.confirm(seen(question), default=default, err=err)


def insist(question: str, *, err: bool = False) -> None:
    """Go on only with a yes."""
    click.confirm(seen(question), abort=True, err=err)


def asked(what: str) -> str:
    """Ask for something that nobody is to see."""
    return click.prompt(seen(what), hide_input=True, err=True)


def interactive() -> bool:
    """Whether somebody sits there who could be asked something by the way."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def rated(question: str) -> int | None:
    """Ask for a number from 1 to 5; None where somebody would rather not, or says something else."""
    said = click.prompt(seen(question), default="", show_default=False, err=True).strip()
    return int(said) if said in {"1", "2", "3", "4", "5"} else None
