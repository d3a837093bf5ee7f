"""`remit migrate | backup | shred`: looking after the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.errors import DONE, REFUSED
from remit.cli.terminal import Command, Terminal, until_terminated

if TYPE_CHECKING:
    from remit.control.platform import Platform

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=Command)
@click.option("--check", is_flag=True, help="Only say what is missing; exits with 1 if anything is.")
@click.pass_obj
def migrate(terminal: Terminal, *, check: bool) -> int:
    """Bring the database to the schema of this version. Forward only; make a backup first."""
    from remit.control.upkeep import migrate as bring_forward
    from remit.control.upkeep import missing_migrations

    place = terminal.place()
    names = until_terminated(missing_migrations(place) if check else bring_forward(place))
    word = "missing" if check else "applied"
    terminal.answer(
        {word: names}, lambda: [f"{word}: {', '.join(names)}"] if names else ["the schema is current"]
    )
    return REFUSED if check and names else DONE


@click.command(cls=Command)
@click.argument("file", type=_FILE, required=False)
@click.option(
    "--keys", type=_FILE, default=None, help="The key backup, to write or to read; keep it elsewhere."
)
@click.option("--restore", type=_FILE, default=None, help="Restore this backup instead.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path, file_okay=False), help="The folder to restore into."
)
@click.pass_obj
def backup(
    terminal: Terminal, file: Path | None, keys: Path | None, restore: Path | None, folder: Path | None
) -> None:
    """Copy the data into FILE while everything runs. It holds no key: without --keys nobody can read it."""
    if restore is not None:
        if folder is None or file is not None:
            raise click.UsageError("--restore takes the backup, and --to the folder to restore into.")
        _restore(terminal, restore, keys, folder)
        return
    if file is None:
        raise click.UsageError("name the FILE to write, or --restore one.")
    target = file
    report = terminal.ask(lambda platform: platform.backup(target, keys))
    terminal.answer(
        report, lambda: [f"wrote {target}" + (f" and its keys to {keys}" if keys else "; keys: --keys FILE")]
    )


@click.command(cls=Command)
@click.argument("subject")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def shred(terminal: Terminal, subject: str, *, yes: bool) -> None:
    """Destroy the keys of everything about SUBJECT. The log stays provable; the content is gone for good."""
    if not yes:
        click.confirm(f"Nothing about {subject} can be read again afterwards. Go on?", abort=True, err=True)

    async def destroy(platform: Platform) -> int:
        return await platform.shred(subject)

    count = terminal.ask(destroy)
    terminal.answer(
        {"subject": subject, "keys": count}, lambda: [f"destroyed {wording.many(count, 'key')} of {subject}"]
    )
