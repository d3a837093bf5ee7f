"""`remit migrate | backup`: looking after the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.errors import DONE, REFUSED
from remit.cli.terminal import Command, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=Command)
@click.option("--check", is_flag=True, help="Only say what is missing; exits with 1 if anything is.")
@click.pass_obj
def migrate(terminal: Terminal, *, check: bool) -> int:
    """Bring the database to the schema of this version. Forward only; make a backup first."""
    from remit.control import settings
    from remit.control.upkeep import databases as upkeep

    place = terminal.place()
    url = settings.load(place).database
    work = upkeep.missing_migrations(place, url) if check else upkeep.bring_forward(place, url)
    names = terminal.execute(work)
    word = "missing" if check else "applied"
    terminal.answer(
        {word: names}, lambda: [f"{word}: {', '.join(names)}" if names else "the schema is current"]
    )
    return REFUSED if check and names else DONE


@click.command(cls=Command)
@click.argument("file", type=_FILE, required=False)
@click.option(
    "--keys", type=_FILE, default=None, help="The key backup, to write or to read; keep it elsewhere."
)
@click.option("--restore", type=_FILE, default=None, help="Bring this backup back instead.")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="The folder to restore into.")
@click.pass_obj
def backup(
    terminal: Terminal, file: Path | None, keys: Path | None, restore: Path | None, folder: Path | None
) -> None:
    """Copy the data into FILE while everything runs. It holds no key: without --keys nobody can read it."""
    if keys is not None and keys.resolve() in {
        path.resolve() for path in (file, restore) if path is not None
    }:
        raise click.UsageError("the data and the keys go into two files; --keys names the same one.")
    if restore is not None and folder is not None and file is None:
        _restore(terminal, restore, keys, folder)
    elif restore is None and folder is None and file is not None:
        _back_up(terminal, file, keys)
    else:
        raise click.UsageError(
            "either name the FILE to write, or --restore FILE and the folder to restore --to."
        )


def _back_up(terminal: Terminal, file: Path, keys: Path | None) -> None:
    summary = terminal.ask_office(lambda office: office.backup(file, keys))

    def lines() -> Iterator[str]:
        yield f"wrote {file}: {_content(summary.events, summary.runs)}"
        if keys is not None:
            count = wording.many(summary.keys, "key")
            yield f"wrote {keys}: {count}, locked by the root key; keep it elsewhere"
        else:
            yield "it holds no keys; --keys FILE writes them to a file of their own"

    terminal.answer(summary, lines)


def _restore(terminal: Terminal, archive: Path, keys: Path | None, folder: Path) -> None:
    from remit.control import settings
    from remit.control.upkeep import databases as upkeep

    url = settings.load(folder).database
    summary, made = terminal.execute(upkeep.restore(archive, keys, folder, url))

    def lines() -> Iterator[str]:
        yield f"restored {_content(summary.events, summary.runs)} into {folder}"
        yield f"  {wording.many(summary.keys, 'key')} can be used; what has lost its key stays sealed"
        for path in made:
            yield f"  wrote {path}, which was not there; your own belongs in its place"
        yield f"  before its first start, put the files of .remit/keys back into {folder / '.remit' / 'keys'}"

    terminal.answer(summary, lines)


def _content(events: int, runs: int) -> str:
    return f"{wording.many(events, 'event')} of {wording.many(runs, 'run')}"
