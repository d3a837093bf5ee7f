"""`remit key`: the keys by which people and services act."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.commands.root_key import rotate
from remit.cli.commands.user import key_lines
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Group, Terminal, now

if TYPE_CHECKING:
    from remit.control.people.views import KeyView


@click.group(cls=Group)
def key() -> None:
    """Make, renew and revoke keys."""


key.add_command(rotate)


@key.command(cls=Command)
@click.option("--for", "person", default="", metavar="NAME", help="Somebody else, if you may; else yourself.")
@click.option(
    "--role", "roles", multiple=True, help="Limit it to this role or group; may be given several times."
)
@click.option("--expires", default="", metavar="TIME", help="How long it lives: 12h, 90d (the default).")
@click.option("--label", default="", help="What it is for.")
@click.pass_obj
def new(terminal: Terminal, person: str, roles: tuple[str, ...], expires: str, label: str) -> None:
    """Make a key. It is shown once."""
    made = terminal.ask_office(
        lambda office: office.new_key(person, roles=roles, expires=expires, label=label)
    )
    terminal.answer(made, lambda: key_lines(made))


@key.command(name="list", cls=Command)
@click.option("--for", "person", default="", metavar="NAME", help="Only those of NAME.")
@click.pass_obj
def list_keys(terminal: Terminal, person: str) -> None:
    """List keys, without their secrets."""
    found = terminal.ask_office(lambda office: office.keys(person))
    terminal.answer(found, lambda: _table(found))


@key.command(cls=Command)
@click.argument("name", metavar="KEY")
@click.option("--overlap", default="1h", show_default=True, help="How long the old one goes on.")
@click.option("--expires", default="", metavar="TIME", help="How long the new one lives; 90d if not said.")
@click.pass_obj
def renew(terminal: Terminal, name: str, overlap: str, expires: str) -> None:
    """Make a new key in place of KEY, which goes on for a while."""
    made = terminal.ask_office(lambda office: office.renew_key(name, overlap=overlap, expires=expires))
    terminal.answer(made, lambda: key_lines(made))


@key.command(cls=Command)
@click.argument("name", metavar="KEY")
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def revoke(terminal: Terminal, name: str, reason: str) -> None:
    """Let KEY open nothing any more."""
    view = terminal.ask_office(lambda office: office.revoke_key(name, reason))
    terminal.answer(view, lambda: [f"key {view.id} of {view.person} opens nothing any more"])


def _table(found: list[KeyView]) -> list[str]:
    if not found:
        return ["no keys"]
    rows = [
        (
            view.id, view.person, ", ".join(view.roles) or "all of theirs", view.label,
            "never" if view.expires_at is None else wording.when(view.expires_at, now()),
            Span(view.state, "" if view.state == "living" else "bad"),
        )
        for view in found
    ]  # fmt: skip
    return table(("key", "of", "roles", "label", "ends", "state"), rows, flexible=3)
