"""`remit user`: people and services of the team, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.output import Span, table
from remit.cli.terminal import Command, Group, Terminal, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.people.views import NewKeyView, PersonView


@click.group(cls=Group)
def user() -> None:
    """Add people and services, and give them roles: admin, operator, developer, reviewer, auditor, or any group."""


@user.command(cls=Command)
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="A role or a group; may be given several times.")
@click.option(
    "--service", is_flag=True, help="A service: it acts by its key, and decides nothing a person has to."
)
@click.option("--no-key", is_flag=True, help="Without a first key.")
@click.pass_obj
def add(terminal: Terminal, name: str, roles: tuple[str, ...], *, service: bool, no_key: bool) -> None:
    """Add NAME. From the first user on, decisions in this workspace need a key."""
    view, key = terminal.ask_office(
        lambda office: office.add_person(name, roles, service=service, key=not no_key)
    )
    terminal.answer({"user": view, "key": key}, lambda: _added(view, key))


@user.command(name="list", cls=Command)
@click.pass_obj
def list_users(terminal: Terminal) -> None:
    """List users and services."""
    found = terminal.ask_office(lambda office: office.people())
    terminal.answer(found, lambda: _table(found))


@user.command(cls=Command)
@click.argument("name")
@click.pass_obj
def show(terminal: Terminal, name: str) -> None:
    """Show one of them."""
    view = terminal.ask_office(lambda office: office.person(name))
    terminal.answer(view, lambda: _lines(view))


@user.command(cls=Command)
@click.argument("name")
@click.option("--add", "give", multiple=True, metavar="ROLE", help="Give this role or group.")
@click.option("--remove", "take", multiple=True, metavar="ROLE", help="Take it.")
@click.pass_obj
def role(terminal: Terminal, name: str, give: tuple[str, ...], take: tuple[str, ...]) -> None:
    """Change the roles and groups of NAME."""
    if not give and not take:
        raise click.UsageError("say what to change: --add ROLE, --remove ROLE.")
    view = terminal.ask_office(lambda office: office.change_roles(name, give, take))
    terminal.answer(view, lambda: _lines(view))


@user.command(cls=Command)
@click.argument("name")
@click.pass_obj
def disable(terminal: Terminal, name: str) -> None:
    """Let NAME act no more: no key opens anything, and nothing more is done on their behalf."""
    view = terminal.ask_office(lambda office: office.switch_person(name, active=False))
    terminal.answer(view, lambda: _lines(view))


@user.command(cls=Command)
@click.argument("name")
@click.pass_obj
def enable(terminal: Terminal, name: str) -> None:
    """Let NAME act again."""
    view = terminal.ask_office(lambda office: office.switch_person(name, active=True))
    terminal.answer(view, lambda: _lines(view))


@user.command(name="break-glass", cls=Command)
@click.argument("name")
@click.option("--reason", required=True, help="Why; it stands in the log.")
@click.pass_obj
def break_glass(terminal: Terminal, name: str, reason: str) -> None:
    """Make NAME an admin with a key for one hour, as whoever holds the database and its keys, when no admin is left."""
    key = terminal.ask_office(lambda office: office.break_glass(name, reason))
    terminal.answer(
        key, lambda: [f"{name} is an admin; the log says that the glass was broken", *key_lines(key)]
    )


def key_lines(key: NewKeyView) -> Iterator[str]:
    """A new key, as it is shown once."""
    ends = f" until {wording.clock_time(key.expires_at, now())}" if key.expires_at is not None else ""
    limited = f", as {', '.join(key.roles)} only" if key.roles else ""
    yield f"key {key.id} of {key.person}{ends}{limited}; it is shown this once:"
    yield ""
    yield f"  {key.key}"
    yield ""
    yield "  export REMIT_KEY=…, or keep it in a file that only you can read: ~/.config/remit/key"


def _added(view: PersonView, key: NewKeyView | None) -> Iterator[str]:
    yield f"{view.id} is a {view.kind}: {', '.join(view.roles) or 'no role'}"
    if key is not None:
        yield from key_lines(key)


def _table(found: list[PersonView]) -> list[str]:
    if not found:
        return ["no users: whoever can read this database and its keys is its owner"]
    rows = [
        (
            view.id, view.kind, ", ".join(view.roles), str(view.keys),
            Span("active" if view.active else "disabled", "" if view.active else "bad"), f"by {view.created_by}",
        )
        for view in found
    ]  # fmt: skip
    return table(("name", "kind", "roles and groups", "keys", "state", "added"), rows, flexible=2)


def _lines(view: PersonView) -> list[str]:
    return [
        f"{view.id}  {view.kind}  {'active' if view.active else 'disabled'}",
        f"  roles  {', '.join(view.roles) or 'none'}",
        f"  keys   {view.keys}",
        f"  added  by {view.created_by}, {wording.ago(view.created_at, now())}",
    ]
