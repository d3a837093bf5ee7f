"""`remit secret`: which secrets there are and whether they can be had; never what they are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from remit.cli.errors import DONE, REFUSED
from remit.cli.output import Span, table
from remit.cli.saying import asked, say
from remit.cli.terminal import Command, Group, Terminal
from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.protecting.secrets import SecretView

_STYLES = {"there": "good", "missing": "bad", "per user": "dim", "": "dim"}


@click.group(cls=Group)
def secret() -> None:
    """Secrets by name. Their values are where `secrets.toml` says, and are never shown."""


@secret.command(name="list", cls=Command)
@click.pass_obj
def list_secrets(terminal: Terminal) -> None:
    """List secrets, where they are kept and who names them. No back end is asked."""
    found = terminal.execute(_secrets(terminal, resolve=False))
    terminal.answer(found, lambda: _lines(found))


@secret.command(cls=Command)
@click.pass_obj
def check(terminal: Terminal) -> int:
    """Ask every back end for every secret. Exits with 1 if one cannot be had."""
    found = terminal.execute(_secrets(terminal, resolve=True))
    terminal.answer(found, lambda: _lines(found))
    return REFUSED if any(each.state == "missing" for each in found) else DONE


@secret.command(name="set", cls=Command)
@click.argument("name")
@click.pass_obj
def set_secret(terminal: Terminal, name: str) -> None:
    """Read a value from standard input and keep it under NAME, where a folder keeps that secret."""
    from remit.control.protecting import secrets

    value = asked(f"The value of {name}") if sys.stdin.isatty() else sys.stdin.read().removesuffix("\n")
    kept = terminal.ask_office(lambda office: secrets.set_secret(office.ground, name, value))
    terminal.answer(kept, lambda: [f"{name} is kept in {kept.backend}, as {kept.place}"])


async def _secrets(terminal: Terminal, *, resolve: bool) -> list[SecretView]:
    """Also those that only code names, where the code can be read."""
    from remit.control import settings
    from remit.control.protecting import secrets

    users: dict[str, list[str]] = {}
    try:
        async with terminal.platform() as platform:
            users = platform.secret_users()
    except RemitError as wrong:
        say(f"note: who names a secret is not known: {wrong.message}", err=True)
    place = terminal.place()
    environment = settings.load(place).workspace.environment
    return await secrets.secrets(place, environment, users, resolve=resolve)


def _lines(found: list[SecretView]) -> Iterator[str]:
    if not found:
        yield "no secret is described or named; see docs/how-to/keep-secrets.md"
        return
    tried = any(each.state for each in found)
    heads = ["secret", *(["state"] if tried else []), "kept by", "as", "named by"]
    rows: list[list[str | Span]] = []
    for each in found:
        state: list[str | Span] = [Span(each.state, _STYLES[each.state])] if tried else []
        kept = each.backend or each.kind
        users = ", ".join(each.used_by)
        rows.append([each.name, *state, kept, each.place, users or Span("nobody", "dim")])
    yield from table(heads, rows)
    for each in found:
        if each.why and each.state == "missing":
            yield f"  {each.name}: {each.why}"
